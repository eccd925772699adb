package tokamak.sample;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import tokamak.api.TokenLogprob;
import tokamak.api.TokenLogprobs;

/** Log-probabilities of the model's unmodified logits, and the best of them. Belongs to one thread. */
public final class LogprobReader {
    private final int vocabSize;
    private final Distribution distribution;
    private final TopSelector top = new TopSelector();

    public LogprobReader(int vocabSize) {
        this.vocabSize = vocabSize;
        this.distribution = new Distribution(vocabSize);
    }

    /**
     * @param rows float32 {@code [_, vocabSize]}
     * @param row which of them
     * @param tokenId the token that stands, or will stand, at the row's next position
     * @param numTop how many of the best tokens to report besides
     */
    public TokenLogprobs read(MemorySegment rows, int row, int tokenId, int numTop) {
        distribution.read(rows, row);
        float[] logits = distribution.logits();
        int rank = 0;
        for (float logit : logits) {
            if (logit >= logits[tokenId]) {
                rank++;
            }
        }
        top.select(logits, vocabSize, numTop);
        List<TokenLogprob> best = new ArrayList<>(top.size());
        for (int i = 0; i < top.size(); i++) {
            best.add(logprob(top.get(i)));
        }
        return new TokenLogprobs(logprob(tokenId), rank, best);
    }

    private TokenLogprob logprob(int tokenId) {
        return new TokenLogprob(
                tokenId, distribution.logprob(tokenId), distribution.logits()[tokenId]);
    }
}
