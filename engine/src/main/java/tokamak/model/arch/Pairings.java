package tokamak.model.arch;

import tokamak.backend.Rope;
import tokamak.model.Architecture;

/** Which numbers of a head rotate together, where that is not halves everywhere. */
final class Pairings {
    /** The converters to GGUF permute query and key rows of these families so that adjacent numbers belong together. */
    static final Architecture.Differences ADJACENT_IN_GGUF = draft -> {
        if (draft.isGguf()) {
            draft.pairing = Rope.Pairing.ADJACENT;
        }
    };

    /** Adjacent in the original, too. */
    static final Architecture.Differences ADJACENT = draft -> draft.pairing = Rope.Pairing.ADJACENT;

    private Pairings() {}
}
