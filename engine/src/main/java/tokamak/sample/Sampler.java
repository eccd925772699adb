package tokamak.sample;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Chooses the next token from a row of logits. The choice depends on the row, the sequence's own {@link TokenSampling} and
 * the position, never on other rows. Keeps its buffers: nothing is allocated from call to call. Belongs to one thread.
 */
public final class Sampler {
    private static final int BLOCK = 512;

    private final int vocabSize;
    private final int numTokens;
    private final float[] logits; // [numTokens]
    private final double[] weights; // [numTokens] by token id
    private final double[] blockSums; // [ceil(numTokens / BLOCK)]
    private double[] rankWeights = new double[64]; // by rank in top
    private final TopSelector top = new TopSelector();
    private final Nucleus nucleus = new Nucleus();

    /**
     * @param vocabSize logits per row
     * @param numTokens ids below this exist; logits beyond are padding and never chosen
     */
    public Sampler(int vocabSize, int numTokens) {
        this.vocabSize = vocabSize;
        this.numTokens = Math.min(vocabSize, numTokens);
        this.logits = new float[this.numTokens];
        this.weights = new double[this.numTokens];
        this.blockSums = new double[(this.numTokens + BLOCK - 1) / BLOCK];
    }

    /**
     * @param rows float32 {@code [_, vocabSize]}
     * @param row which of them
     * @param position of the token to choose in its sequence, prompt included
     * @return a token id
     * @throws InvalidLogitsException if a logit is NaN or plus infinity, or no token is allowed
     */
    public int sample(MemorySegment rows, int row, TokenSampling sampling, int position) {
        MemorySegment.copy(rows, ValueLayout.JAVA_FLOAT, (long) row * vocabSize * Float.BYTES, logits, 0, numTokens);
        float max = Rows.max(logits, numTokens);
        if (sampling.processes()) {
            sampling.process(logits);
            max = Rows.max(logits, numTokens);
        }
        if (max == Float.NEGATIVE_INFINITY) {
            throw new InvalidLogitsException("no token is allowed at position " + position
                    + ": the guide, allowed_token_ids, bad_words, min_tokens and the model together forbid all");
        }
        if (sampling.isGreedy) {
            return Rows.indexOf(logits, max);
        }
        double u = RandomStream.uniform(sampling.seed, position);
        return sampling.topK < numTokens ? drawFromTopK(sampling, max, u) : drawFromAll(sampling, max, u);
    }

    private int drawFromTopK(TokenSampling sampling, float max, double u) {
        top.select(logits, numTokens, sampling.topK);
        ensureRankWeights(top.size());
        double total = 0;
        int count = 0;
        for (; count < top.size(); count++) {
            double logWeight = ((double) logits[top.get(count)] - max) * sampling.inverseTemperature;
            if (logWeight < sampling.logMinP || logWeight < Exp.LOWEST) {
                break;
            }
            rankWeights[count] = Exp.exp(logWeight);
            total += rankWeights[count];
        }
        return drawByRank(sampling.topP * total, count, u);
    }

    private int drawFromAll(TokenSampling sampling, float max, double u) {
        Exp.weights(logits, numTokens, max, sampling.inverseTemperature, weights);
        if (sampling.minP > 0) {
            for (int i = 0; i < numTokens; i++) {
                weights[i] = weights[i] < sampling.minP ? 0 : weights[i];
            }
        }
        if (sampling.topP < 1) {
            nucleus.cut(logits, weights, sampling.topP * Exp.sum(weights, 0, numTokens));
        }
        double total = 0;
        for (int block = 0; block < blockSums.length; block++) {
            blockSums[block] = Exp.sum(weights, block * BLOCK, Math.min(numTokens, (block + 1) * BLOCK));
            total += blockSums[block];
        }
        return drawById(u * total, max);
    }

    /** The token at which the weights, added up by id, pass {@code target}; the block is found first. */
    private int drawById(double target, float max) {
        double sum = 0;
        for (int block = 0; block < blockSums.length; block++) {
            if (sum + blockSums[block] > target) {
                for (int i = block * BLOCK; i < Math.min(numTokens, (block + 1) * BLOCK); i++) {
                    sum += weights[i];
                    if (sum > target && weights[i] > 0) {
                        return i;
                    }
                }
                break; // rounding: one by one they add up to a little less
            }
            sum += blockSums[block];
        }
        return Rows.indexOf(logits, max);
    }

    /** Draws from the shortest run of the {@code count} best tokens whose weights reach {@code wanted}. */
    private int drawByRank(double wanted, int count, double u) {
        double nucleusWeight = rankWeights[0];
        int kept = 1;
        while (kept < count && nucleusWeight < wanted) {
            nucleusWeight += rankWeights[kept++];
        }
        double target = u * nucleusWeight;
        double sum = 0;
        for (int rank = 0; rank < kept; rank++) {
            sum += rankWeights[rank];
            if (sum > target) {
                return top.get(rank);
            }
        }
        return top.get(0); // rounding: target can reach the sum
    }

    private void ensureRankWeights(int count) {
        if (rankWeights.length < count) {
            rankWeights = new double[Math.min(numTokens, Math.max(count, rankWeights.length * 2))];
        }
    }
}
