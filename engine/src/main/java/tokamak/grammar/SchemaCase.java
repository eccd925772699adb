package tokamak.grammar;

import java.util.ArrayList;
import java.util.List;

/**
 * Values for which all of some leaves hold.
 *
 * @param types the kinds that are left, of {@link JsonTypes}; never 0
 */
record SchemaCase(int types, List<SchemaTerm> leaves) {
    /** The leaves that say something about a kind of values, besides which kinds there are. */
    List<SchemaTerm> leavesAbout(int type) {
        List<SchemaTerm> kept = new ArrayList<>();
        for (SchemaTerm leaf : leaves) {
            if ((leaf.types() & type) != 0 && !(leaf instanceof SchemaTerm.Types)) {
                kept.add(leaf);
            }
        }
        return kept;
    }
}
