package tokamak;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.ReentrantLock;
import tokamak.api.OverloadedException;
import tokamak.api.TextEmbedding;
import tokamak.schedule.StatePool;

/**
 * Embeddings in the making. One thread waits for them; any thread may {@link #cancel}. Of a long list only so many texts are
 * with the scheduler at a time, so that it does not fill the queue.
 */
public final class EmbeddingCall implements AutoCloseable {
    private static final int MAX_STARTED = 128;

    /** A text that is with the scheduler. */
    record Running(EmbeddingSink sink, StatePool states, Runnable canceller) {}

    /** Hands a text to the scheduler. */
    @FunctionalInterface
    interface Starter {
        /** @throws tokamak.api.TokamakException if it is not taken */
        Running start(EmbeddingPlan plan, int index);
    }

    private final EmbeddingPlan plan;
    private final Starter starter;
    private final ReentrantLock lock = new ReentrantLock();
    private final List<Running> running = new ArrayList<>();
    private boolean cancelled;

    /** Starts the first texts. */
    EmbeddingCall(EmbeddingPlan plan, Starter starter) {
        this.plan = plan;
        this.starter = starter;
        try {
            startUpTo(MAX_STARTED);
        } catch (RuntimeException e) {
            cancel();
            throw e;
        }
    }

    private void startUpTo(int count) {
        lock.lock();
        try {
            while (!cancelled && running.size() < Math.min(count, numTexts())) {
                running.add(starter.start(plan, running.size()));
            }
        } finally {
            lock.unlock();
        }
    }

    private int numTexts() {
        return plan.promptIds().size();
    }

    /**
     * Waits for all vectors.
     *
     * @return in the order of the texts
     * @throws tokamak.api.TokamakException if one can't be computed; the others are cancelled
     * @throws CancellationException if this is cancelled or the thread interrupted
     */
    public List<TextEmbedding> await() {
        List<TextEmbedding> embeddings = new ArrayList<>();
        try {
            for (int i = 0; i < numTexts(); i++) {
                startMore(i);
                Running text = started(i);
                text.sink().await();
                embeddings.add(new TextEmbedding(
                        plan.vector(text.states().result()),
                        text.sink().promptTokens(),
                        text.sink().cachedTokens()));
            }
            return embeddings;
        } catch (RuntimeException e) {
            cancel();
            throw e;
        }
    }

    /** Others may have filled the queue meanwhile: that matters only when nothing of this call is under way. */
    private void startMore(int numDone) {
        try {
            startUpTo(numDone + MAX_STARTED);
        } catch (OverloadedException e) {
            if (numDone == numStarted()) {
                throw e;
            }
        }
    }

    private int numStarted() {
        lock.lock();
        try {
            return running.size();
        } finally {
            lock.unlock();
        }
    }

    private Running started(int index) {
        lock.lock();
        try {
            if (index >= running.size()) {
                throw new CancellationException("the request was cancelled");
            }
            return running.get(index);
        } finally {
            lock.unlock();
        }
    }

    /** How long the first text waited for its turn; zero before it had it. */
    public Duration queueTime() {
        return started(0).sink().queueTime();
    }

    /** Tokens of all texts. */
    public int numPromptTokens() {
        return plan.promptIds().stream().mapToInt(ids -> ids.length).sum();
    }

    /** Ends what still runs at the next step. */
    public void cancel() {
        lock.lock();
        try {
            cancelled = true;
            running.forEach(text -> text.canceller().run());
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        cancel();
    }
}
