package tokamak;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import tokamak.api.FinishReason;
import tokamak.api.TokamakException;
import tokamak.api.TokenLogprobs;
import tokamak.schedule.SequenceSink;

/** Hears from the engine thread when a text has been computed. */
final class EmbeddingSink implements SequenceSink {
    private final SequenceLife life;
    private final CompletableFuture<FinishReason> end = new CompletableFuture<>();

    EmbeddingSink(SequenceLife life) {
        this.life = life;
    }

    @Override
    public void admitted() {
        life.admitted();
    }

    @Override
    public void preempted(int lostTokens) {
        life.preempted(lostTokens);
    }

    @Override
    public void promptDone(int cached, List<TokenLogprobs> promptLogprobs) {
        life.promptDone(cached);
    }

    @Override
    public void token(int tokenId, @Nullable TokenLogprobs logprobs) {
        // Texts that are pooled are not continued.
    }

    @Override
    public void finished(FinishReason reason) {
        life.ended(reason);
        end.complete(reason);
    }

    @Override
    public void failed(TokamakException why) {
        life.ended(FinishReason.ERROR);
        end.completeExceptionally(why);
    }

    /**
     * Waits for the end.
     *
     * @throws TokamakException if the text could not be computed
     * @throws CancellationException if it was cancelled, or the thread is interrupted
     */
    void await() {
        try {
            if (end.get() == FinishReason.ABORT) {
                throw new CancellationException("the request was cancelled");
            }
        } catch (ExecutionException e) {
            throw e.getCause() instanceof TokamakException typed ? typed : new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted while waiting for an embedding");
        }
    }

    int promptTokens() {
        return life.promptTokens();
    }

    int cachedTokens() {
        return life.cachedTokens();
    }

    Duration queueTime() {
        return life.queueTime();
    }
}
