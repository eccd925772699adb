package tokamak.sample;

import java.util.Arrays;

/**
 * Top-p without sorting: weights are summed in bins of their size, which shows in which bin the nucleus ends, and only
 * that bin is sorted. Keeps its buffers; belongs to one thread.
 */
final class Nucleus {
    private static final int NUM_BINS = 2048;
    // Weights are at most 1: bins are 1/32 of a power of two wide and reach down to 2^-64, far below what sampling
    // keeps.
    private static final int BINS_PER_OCTAVE = 32;
    private static final int FRACTION_SHIFT = 52 - Integer.numberOfTrailingZeros(BINS_PER_OCTAVE);
    private static final long ONE = Double.doubleToRawLongBits(1.0) >>> FRACTION_SHIFT;

    private final double[] binWeights = new double[NUM_BINS];
    private final TopSelector top = new TopSelector();
    private int[] members = new int[256]; // tokens of the last bin, ascending
    private float[] memberLogits = new float[256];
    private int numMembers;

    /**
     * Sets the weights of all tokens to 0 but those of the most likely ones that together reach {@code wanted}; of equally
     * likely ones the lowest ids stay.
     *
     * @param weights from 0 to 1, ordered as the logits are
     * @return the sum of the weights that stay, added up by id
     */
    double cut(float[] logits, double[] weights, double wanted) {
        Arrays.fill(binWeights, 0);
        for (double weight : weights) {
            if (weight > 0) {
                binWeights[binOf(weight)] += weight;
            }
        }
        int last = 0;
        double better = 0;
        while (last < NUM_BINS - 1 && better + binWeights[last] < wanted) {
            better += binWeights[last++];
        }
        collectMembers(logits, weights, last);
        top.select(memberLogits, numMembers, numMembers);
        int kept = 0;
        double sum = better;
        while (kept < numMembers && (kept == 0 || sum < wanted)) {
            sum += weights[members[top.get(kept++)]];
        }
        if (numMembers == 0) {
            return sum; // rounding: all bins together are less than wanted, everything stays
        }
        int lastKept = members[top.get(kept - 1)];
        return dropBehind(logits, weights, logits[lastKept], lastKept);
    }

    /** Monotone: a weight that is not less is not in a later bin. */
    private static int binOf(double weight) {
        long steps = ONE - (Double.doubleToRawLongBits(weight) >>> FRACTION_SHIFT);
        return Math.clamp(steps, 0, NUM_BINS - 1);
    }

    private void collectMembers(float[] logits, double[] weights, int bin) {
        numMembers = 0;
        for (int i = 0; i < weights.length; i++) {
            if (weights[i] > 0 && binOf(weights[i]) == bin) {
                if (numMembers == members.length) {
                    members = Arrays.copyOf(members, 2 * numMembers);
                    memberLogits = Arrays.copyOf(memberLogits, 2 * numMembers);
                }
                members[numMembers] = i;
                memberLogits[numMembers++] = logits[i];
            }
        }
    }

    private static double dropBehind(float[] logits, double[] weights, float lastLogit, int lastToken) {
        double sum = 0;
        for (int i = 0; i < weights.length; i++) {
            boolean stays = logits[i] > lastLogit || logits[i] == lastLogit && i <= lastToken;
            weights[i] = stays ? weights[i] : 0;
            sum += weights[i];
        }
        return sum;
    }
}
