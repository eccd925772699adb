package tokamak.sample;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import tokamak.api.TokenLogprob;
import tokamak.api.TokenLogprobs;

/**
 * Log-probabilities of the model's unmodified logits: the logit minus the logarithm of the sum of all exponentials, in double precision. Belongs to one thread.
 */
public final class LogprobReader {
    private final int vocabSize;
    private final float[] logits; // [vocabSize]
    private final double[] weights; // [vocabSize]
    private final TopSelector top = new TopSelector();

    public LogprobReader(int vocabSize) {
        this.vocabSize = vocabSize;
        this.logits = new float[vocabSize];
        this.weights = new double[vocabSize];
    }

    /**
     * @param rows float32 {@code [_, vocabSize]}
     * @param row which of them
     * @param tokenId the token that stands, or will stand, at the row's next position
     * @param numTop how many of the best tokens to report besides
     */
    public TokenLogprobs read(MemorySegment rows, int row, int tokenId, int numTop) {
        MemorySegment.copy(rows, ValueLayout.JAVA_FLOAT, (long) row * vocabSize * Float.BYTES, logits, 0, vocabSize);
        double logSum = logSumExp();
        int rank = 0;
        for (float logit : logits) {
            if (logit >= logits[tokenId]) {
                rank++;
            }
        }
        top.select(logits, vocabSize, numTop);
        List<TokenLogprob> best = new ArrayList<>(top.size());
        for (int i = 0; i < top.size(); i++) {
            best.add(logprob(top.get(i), logSum));
        }
        return new TokenLogprobs(logprob(tokenId, logSum), rank, best);
    }

    private double logSumExp() {
        float max = Rows.max(logits, vocabSize);
        Exp.weights(logits, vocabSize, max, 1, weights);
        return max + StrictMath.log(Exp.sum(weights, 0, vocabSize));
    }

    private TokenLogprob logprob(int tokenId, double logSum) {
        return new TokenLogprob(tokenId, logits[tokenId] - logSum, logits[tokenId]);
    }
}
