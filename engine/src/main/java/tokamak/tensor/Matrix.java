package tokamak.tensor;

import java.lang.foreign.Arena;
import org.jspecify.annotations.Nullable;

/**
 * A matrix {@code [rows, columns]} of one number format: a {@link Tensor}, or one whose rows are brought into the format when
 * they are asked for, because the file has them in another layout. Rows may be asked for by several threads at once.
 */
public interface Matrix {
    /** What messages quote. */
    String name();

    DType dtype();

    long rows();

    long columns();

    /**
     * Rows {@code [from, to)}.
     *
     * @param arena for the bytes, if they have to be made
     */
    Tensor rows(long from, long to, Arena arena);

    /** The number of the input that each column is multiplied with; null where column k takes input k. */
    default int @Nullable [] inputOrder() {
        return null;
    }

    /** What the input of each column is multiplied by first; null for nothing. */
    default float @Nullable [] inputFactors() {
        return null;
    }

    /** Says that the rows will hardly be asked for again: pages of mapped files are given back. */
    void unload();
}
