package tokamak.schedule;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import tokamak.api.Pooling;

/**
 * Makes one vector of the final states of a prompt's tokens, which come in pieces. The engine thread fills it; it may be
 * read once the sequence's sink has been told that it is finished.
 */
public final class StatePool {
    private final Pooling pooling;
    private final int promptLength;
    private final double[] sum; // [stateSize]
    /** Tokens that are in the sum, from the first. What is computed again after a preemption is not added again. */
    private int numAdded;

    public StatePool(Pooling pooling, int promptLength, int stateSize) {
        this.pooling = pooling;
        this.promptLength = promptLength;
        this.sum = new double[stateSize];
    }

    boolean isDue(int position) {
        return switch (pooling) {
            case LAST -> position == promptLength - 1 && numAdded == 0;
            case FIRST -> position == 0 && numAdded == 0;
            case MEAN -> position >= numAdded;
        };
    }

    /** Whether a token that is found in the cache instead of being computed would be missing. */
    boolean needsEveryToken() {
        return switch (pooling) {
            case LAST -> false;
            case FIRST -> numAdded == 0;
            case MEAN -> numAdded < promptLength;
        };
    }

    /**
     * Takes the states of those of the positions {@code [from, to)} that are due.
     *
     * @param states float32 {@code [rows, stateSize]}
     * @param row where the first of them is
     * @return the row after the last of them
     */
    int addRows(MemorySegment states, int row, int from, int to) {
        int next = row;
        for (int position = from; position < to; position++) {
            if (isDue(position)) {
                long at = (long) next++ * sum.length;
                for (int i = 0; i < sum.length; i++) {
                    sum[i] += states.getAtIndex(ValueLayout.JAVA_FLOAT, at + i);
                }
            }
        }
        // Only now: what is due depends on it.
        numAdded += next - row;
        return next;
    }

    /** The pooled state, not normalised. */
    public float[] result() {
        float[] mean = new float[sum.length];
        for (int i = 0; i < mean.length; i++) {
            mean[i] = (float) (sum[i] / Math.max(1, numAdded));
        }
        return mean;
    }
}
