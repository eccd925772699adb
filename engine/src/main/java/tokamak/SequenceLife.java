package tokamak;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import tokamak.api.FinishReason;

/**
 * What happens to a sequence and when, whatever it is for: keeps its place in the queue and the count of open answers, and
 * tells JDK Flight Recorder. Made by the caller's thread, then written by the engine thread.
 */
final class SequenceLife {
    private final String requestId;
    private final QueueLimits queue;
    private final StatsBoard board;
    private final int promptTokens;
    /** Null if nobody recorded when the sequence began. */
    private final @Nullable SequenceEvent event;

    private final long submittedNanos;
    private boolean queued = true;
    private long queuedNanos;
    private long promptNanos;
    private int cachedTokens;
    private int numTokens;
    private volatile int numPreemptions;

    SequenceLife(String requestId, QueueLimits queue, StatsBoard board, int promptTokens) {
        this.requestId = requestId;
        this.queue = queue;
        this.board = board;
        this.promptTokens = promptTokens;
        this.submittedNanos = board.nanoTime();
        this.event = FlightRecords.areWanted() ? new SequenceEvent() : null;
        if (event != null) {
            event.begin();
        }
    }

    void admitted() {
        leaveQueue();
    }

    void promptDone(int cached) {
        cachedTokens = cached;
        promptNanos = sinceSubmission();
    }

    void token() {
        numTokens++;
    }

    void preempted(int lostTokens) {
        int count = numPreemptions + 1;
        numPreemptions = count;
        if (event == null) {
            return;
        }
        PreemptionEvent preemption = new PreemptionEvent();
        preemption.requestId = requestId;
        preemption.lostTokens = lostTokens;
        preemption.preemptions = count;
        preemption.commit();
    }

    void ended(FinishReason reason) {
        leaveQueue();
        board.numOpenAnswers.decrementAndGet();
        if (event == null || !event.shouldCommit()) {
            return;
        }
        boolean prompted = promptNanos > 0;
        long lived = sinceSubmission();
        event.requestId = requestId;
        event.queueTime = queuedNanos;
        event.prefillTime = (prompted ? promptNanos : lived) - queuedNanos;
        event.decodeTime = prompted ? lived - promptNanos : 0;
        event.promptTokens = promptTokens;
        event.cachedTokens = cachedTokens;
        event.generatedTokens = numTokens;
        event.preemptions = numPreemptions;
        event.finishReason = reason.wireName();
        event.commit();
    }

    private void leaveQueue() {
        if (queued) {
            queued = false;
            queuedNanos = sinceSubmission();
            queue.leave(promptTokens);
        }
    }

    private long sinceSubmission() {
        return board.nanoTime() - submittedNanos;
    }

    int cachedTokens() {
        return cachedTokens;
    }

    int promptTokens() {
        return promptTokens;
    }

    Duration queueTime() {
        return Duration.ofNanos(queuedNanos);
    }

    /** Any thread may ask. */
    int numPreemptions() {
        return numPreemptions;
    }
}
