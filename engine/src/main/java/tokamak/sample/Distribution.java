package tokamak.sample;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The model's unmodified probabilities of the next token, from one row of logits: the exponential of a logit over the sum of
 * all exponentials, in double precision. Holds one row at a time; belongs to one thread.
 */
public final class Distribution {
    private final int vocabSize;
    private final float[] logits; // [vocabSize]
    private final double[] weights; // [vocabSize]: exponentials, the largest being 1
    private float max;
    private double sum;
    private double logSum;

    public Distribution(int vocabSize) {
        this.vocabSize = vocabSize;
        this.logits = new float[vocabSize];
        this.weights = new double[vocabSize];
    }

    /**
     * @param rows float32 {@code [_, vocabSize]}
     * @throws InvalidLogitsException if a logit is NaN or plus infinity
     */
    public void read(MemorySegment rows, int row) {
        MemorySegment.copy(rows, ValueLayout.JAVA_FLOAT, (long) row * vocabSize * Float.BYTES, logits, 0, vocabSize);
        max = Rows.max(logits, vocabSize);
        Exp.weights(logits, vocabSize, max, 1, weights);
        sum = Exp.sum(weights, 0, vocabSize);
        logSum = max + StrictMath.log(sum);
    }

    float[] logits() {
        return logits;
    }

    /** Natural logarithm of the token's probability. */
    public double logprob(int tokenId) {
        return logits[tokenId] - logSum;
    }

    /** The most likely token; of equals the first. */
    public int best() {
        return Rows.indexOf(logits, max);
    }

    /** The Kullback-Leibler divergence of {@code other} from this one, in nats: what is lost by using the other. */
    public double divergenceOf(Distribution other) {
        double difference = 0;
        for (int i = 0; i < vocabSize; i++) {
            if (weights[i] > 0) {
                difference += weights[i] * (logits[i] - other.logits[i]);
            }
        }
        return difference / sum - logSum + other.logSum;
    }
}
