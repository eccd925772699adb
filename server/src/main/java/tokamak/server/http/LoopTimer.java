package tokamak.server.http;

import io.netty.util.concurrent.EventExecutor;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One thing that happens on an event loop when nothing else has happened in time. Used on that loop. */
final class LoopTimer {
    private final EventExecutor loop;
    private final Runnable action;
    private @Nullable Future<?> pending;

    LoopTimer(EventExecutor loop, Runnable action) {
        this.loop = loop;
        this.action = action;
    }

    /** Begins to wait, anew if it did already. */
    void start(Duration timeout) {
        stop();
        pending = loop.schedule(action, timeout.toNanos(), TimeUnit.NANOSECONDS);
    }

    void stop() {
        if (pending != null) {
            pending.cancel(false);
            pending = null;
        }
    }
}
