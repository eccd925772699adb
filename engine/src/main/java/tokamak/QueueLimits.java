package tokamak;

import java.time.Duration;
import java.util.concurrent.locks.ReentrantLock;
import tokamak.api.OverloadedException;

/** How much may wait. A request that finds no room is refused at once, with a hint when to come back. */
final class QueueLimits {
    private final int maxSequences;
    private final long maxTokens;
    private final StatsBoard board;
    private final ReentrantLock lock = new ReentrantLock();
    private int numSequences;
    private long numTokens;

    QueueLimits(int maxSequences, long maxTokens, StatsBoard board) {
        this.maxSequences = maxSequences;
        this.maxTokens = maxTokens;
        this.board = board;
    }

    /**
     * A first look, before a prompt is turned into tokens.
     *
     * @throws OverloadedException if not even one more sequence fits
     */
    void requireRoom() {
        lock.lock();
        try {
            if (numSequences >= maxSequences) {
                throw overloaded("max_num_queued_reqs", numSequences + " of " + maxSequences + " requests");
            }
        } finally {
            lock.unlock();
        }
    }

    /** @throws OverloadedException if these do not fit */
    void enter(int sequences, long tokens) {
        lock.lock();
        try {
            if (numSequences + sequences > maxSequences) {
                throw overloaded("max_num_queued_reqs", numSequences + " of " + maxSequences + " requests");
            }
            // A prompt longer than the limit must be able to come in when nobody else waits.
            if (numTokens > 0 && numTokens + tokens > maxTokens) {
                throw overloaded("max_num_queued_tokens", numTokens + " of " + maxTokens + " tokens");
            }
            numSequences += sequences;
            numTokens += tokens;
        } finally {
            lock.unlock();
        }
    }

    void leave(long tokens) {
        lock.lock();
        try {
            numSequences--;
            numTokens -= tokens;
        } finally {
            lock.unlock();
        }
    }

    private OverloadedException overloaded(String limit, String what) {
        board.numRejected.incrementAndGet();
        double speed = board.tokensPerSecond();
        long seconds = speed <= 0 ? 1 : Math.clamp((long) Math.ceil(numTokens / speed), 1, 60);
        return new OverloadedException(
                limit,
                "the queue is full (" + what + " wait); try again in " + seconds + " s",
                Duration.ofSeconds(seconds));
    }
}
