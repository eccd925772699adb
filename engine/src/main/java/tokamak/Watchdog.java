package tokamak;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/** Reports a step that takes too long, while it takes too long: the only one who can when the engine thread is stuck. */
final class Watchdog implements Runnable {
    private static final System.Logger LOG = System.getLogger("tokamak.engine");

    private final StatsBoard board;
    private final LongSupplier nanoClock;
    private final long limitNanos;
    private volatile boolean closed;
    private long reportedStep;

    Watchdog(StatsBoard board, LongSupplier nanoClock, Duration limit) {
        this.board = board;
        this.nanoClock = nanoClock;
        this.limitNanos = limit.toNanos();
    }

    @Override
    public void run() {
        while (!closed) {
            check();
            LockSupport.parkNanos(this, Math.clamp(limitNanos / 4, 1_000_000, 1_000_000_000));
        }
    }

    private void check() {
        long started = board.stepStartNanos();
        if (started != 0 && started != reportedStep && nanoClock.getAsLong() - started > limitNanos) {
            reportedStep = started;
            board.numSlowSteps.incrementAndGet();
            LOG.log(
                    System.Logger.Level.WARNING,
                    "a step has been running for more than {0} ms; lower maxNumBatchedTokens if steps are meant to be shorter",
                    Duration.ofNanos(limitNanos).toMillis());
        }
    }

    void close(Thread thread) {
        closed = true;
        LockSupport.unpark(thread);
    }
}
