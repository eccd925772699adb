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

/** Hears from the engine thread when a text has been computed, and keeps the queue's count. */
final class EmbeddingSink implements SequenceSink {
    private final QueueLimits queue;
    private final StatsBoard board;
    private final int promptTokens;
    private final long submittedNanos;
    private final CompletableFuture<FinishReason> end = new CompletableFuture<>();
    private boolean queued = true;
    private volatile int cachedTokens;
    private volatile long queuedNanos;

    EmbeddingSink(QueueLimits queue, StatsBoard board, int promptTokens) {
        this.queue = queue;
        this.board = board;
        this.promptTokens = promptTokens;
        this.submittedNanos = board.nanoTime();
    }

    @Override
    public void admitted() {
        leaveQueue();
    }

    @Override
    public void promptDone(int cached, List<TokenLogprobs> promptLogprobs) {
        cachedTokens = cached;
    }

    @Override
    public void token(int tokenId, @Nullable TokenLogprobs logprobs) {
        // Texts that are pooled are not continued.
    }

    @Override
    public void finished(FinishReason reason) {
        leave();
        end.complete(reason);
    }

    @Override
    public void failed(TokamakException why) {
        leave();
        end.completeExceptionally(why);
    }

    private void leave() {
        leaveQueue();
        board.numOpenAnswers.decrementAndGet();
    }

    private void leaveQueue() {
        if (queued) {
            queued = false;
            queuedNanos = board.nanoTime() - submittedNanos;
            queue.leave(promptTokens);
        }
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
        return promptTokens;
    }

    int cachedTokens() {
        return cachedTokens;
    }

    Duration queueTime() {
        return Duration.ofNanos(queuedNanos);
    }
}
