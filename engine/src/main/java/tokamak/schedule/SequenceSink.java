package tokamak.schedule;

import java.util.List;
import org.jspecify.annotations.Nullable;
import tokamak.api.FinishReason;
import tokamak.api.TokamakException;
import tokamak.api.TokenLogprobs;

/**
 * Where a sequence's results go. Called by the engine thread only; must not block and must not throw. The last call is
 * either {@link #finished} or {@link #failed}.
 */
public interface SequenceSink {
    /** The sequence has left the queue for the first time. */
    void admitted();

    /** The sequence has given up its blocks; so many tokens of it will be computed again. */
    void preempted(int lostTokens);

    /** The prompt has been computed. Called once, before the first token. */
    void promptDone(int cachedTokens, List<TokenLogprobs> promptLogprobs);

    /** A token has been chosen. */
    void token(int tokenId, @Nullable TokenLogprobs logprobs);

    /** The answer is complete. */
    void finished(FinishReason reason);

    /** There will be no more tokens because of this. */
    void failed(TokamakException why);
}
