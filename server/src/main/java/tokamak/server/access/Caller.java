package tokamak.server.access;

import java.time.Duration;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/** Whoever has a key, and what they have used of its limits. */
public final class Caller {
    private final String name;
    private final KeyLimits limits;
    private final boolean isAdmin;
    private final LongSupplier clock;
    private final ReentrantLock lock = new ReentrantLock();
    private final Bucket requests;
    private final Bucket tokens;
    private int numRunning;

    Caller(String name, KeyLimits limits, boolean isAdmin, LongSupplier clock) {
        this.name = name;
        this.isAdmin = isAdmin;
        this.limits = limits;
        this.clock = clock;
        this.requests = new Bucket(limits.requestsPerMinute(), clock.getAsLong());
        this.tokens = new Bucket(limits.tokensPerMinute(), clock.getAsLong());
    }

    /** The key's name; "" where no keys are set. */
    public String name() {
        return name;
    }

    /** Whether they may give orders to the server. */
    public boolean isAdmin() {
        return isAdmin;
    }

    public KeyLimits limits() {
        return limits;
    }

    /** A request that has been let in. */
    public final class Visit implements AutoCloseable {
        private Visit() {}

        /** Counts what it has used. */
        public void charge(long numTokens) {
            lock.lock();
            try {
                if (limits.tokensPerMinute() > 0) {
                    tokens.take(numTokens, clock.getAsLong());
                }
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void close() {
            lock.lock();
            try {
                numRunning--;
            } finally {
                lock.unlock();
            }
        }
    }

    /** @throws LimitReachedException if a limit is reached */
    public Visit enter() {
        lock.lock();
        try {
            long now = clock.getAsLong();
            if (limits.maxConcurrent() > 0 && numRunning >= limits.maxConcurrent()) {
                throw new LimitReachedException(
                        "this key may have " + limits.maxConcurrent() + " requests at once", Duration.ofSeconds(1));
            }
            if (limits.requestsPerMinute() > 0) {
                refuse(requests.waitFor(1, now), limits.requestsPerMinute() + " requests per minute");
            }
            if (limits.tokensPerMinute() > 0) {
                refuse(tokens.waitFor(1, now), limits.tokensPerMinute() + " tokens per minute");
            }
            if (limits.requestsPerMinute() > 0) {
                requests.take(1, now);
            }
            numRunning++;
            return new Visit();
        } finally {
            lock.unlock();
        }
    }

    private static void refuse(Duration wait, String limit) {
        if (wait.isPositive()) {
            Duration rounded =
                    Duration.ofSeconds(Math.max(1, wait.plusMillis(999).toSeconds()));
            throw new LimitReachedException(
                    "this key may use " + limit + "; try again in " + rounded.toSeconds() + " s", rounded);
        }
    }
}
