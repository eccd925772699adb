package tokamak.backend.cpu.x64;

/** What attention keeps of a query row from stretch to stretch of its context: where each float of it is, in bytes. */
final class RowState {
    static final int BYTES = 16;

    /** The running maximum of the scores. */
    static final int MAXIMUM = 0;

    /** The sum of the weights. */
    static final int SUM = 4;

    /** What brings earlier results to the new maximum. */
    static final int FACTOR = 8;

    /** What the weighted minima of a stretch of values add to each number. */
    static final int SHIFT = 12;

    private RowState() {}
}
