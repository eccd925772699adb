package tokamak.sample;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Chooses the next token from a row of logits. The choice depends on the row, the sequence's own {@link TokenSampling} and
 * the position, never on other rows. Keeps its buffers: nothing is allocated from call to call. Belongs to one thread.
 */
public final class Sampler {
    // exp(-37) is below 2^-53, the resolution of a draw.
    private static final double NEGLIGIBLE_LOG_WEIGHT = -37;

    private final int vocabSize;
    private final int numTokens;
    private final float[] logits; // [numTokens]
    private final double[] weights; // [numTokens] by token id
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
        checkNumbers();
        sampling.process(logits);
        int best = argmax();
        if (logits[best] == Float.NEGATIVE_INFINITY) {
            throw new InvalidLogitsException("no token is allowed at position " + position
                    + ": allowed_token_ids, bad_words, min_tokens and the model together forbid all");
        }
        if (sampling.isGreedy) {
            return best;
        }
        double u = RandomStream.uniform(sampling.seed, position);
        return sampling.topK < numTokens ? drawFromTopK(sampling, best, u) : drawFromAll(sampling, best, u);
    }

    private void checkNumbers() {
        for (int i = 0; i < numTokens; i++) {
            float v = logits[i];
            if (Float.isNaN(v) || v == Float.POSITIVE_INFINITY) {
                throw new InvalidLogitsException("the model's logit of token " + i + " is " + v);
            }
        }
    }

    private int argmax() {
        int best = 0;
        float max = logits[0];
        for (int i = 1; i < numTokens; i++) {
            if (logits[i] > max) {
                max = logits[i];
                best = i;
            }
        }
        return best;
    }

    /** The logarithm of the token's weight relative to the best one's. */
    private double logWeight(TokenSampling sampling, int token, int best) {
        return ((double) logits[token] - logits[best]) / sampling.temperature;
    }

    private int drawFromTopK(TokenSampling sampling, int best, double u) {
        top.select(logits, numTokens, sampling.topK);
        ensureRankWeights(top.size());
        double total = 0;
        int count = 0;
        for (; count < top.size(); count++) {
            double logWeight = logWeight(sampling, top.get(count), best);
            if (logWeight < sampling.logMinP || logWeight < NEGLIGIBLE_LOG_WEIGHT) {
                break;
            }
            rankWeights[count] = Math.exp(logWeight);
            total += rankWeights[count];
        }
        return drawByRank(sampling.topP * total, count, u);
    }

    private int drawFromAll(TokenSampling sampling, int best, double u) {
        double floor = Math.max(sampling.logMinP, NEGLIGIBLE_LOG_WEIGHT);
        double total = 0;
        for (int i = 0; i < numTokens; i++) {
            double logWeight = logWeight(sampling, i, best);
            double weight = logWeight < floor ? 0 : Math.exp(logWeight);
            weights[i] = weight;
            total += weight;
        }
        if (sampling.topP < 1) {
            total = nucleus.cut(logits, weights, sampling.topP * total);
        }
        double target = u * total;
        double sum = 0;
        for (int i = 0; i < numTokens; i++) {
            sum += weights[i];
            if (sum > target) {
                return i;
            }
        }
        return best; // rounding: target can reach the sum
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
