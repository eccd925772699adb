package tokamak.server.http;

import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * What request threads want written by one event loop. However many streams have something to say at once (after a step of
 * the engine, all of them do), the loop is woken by one task, writes everything and flushes every connection once.
 */
final class LoopOutbox {
    /** So that a flood of output does not keep the loop from reading. */
    private static final int MAX_ITEMS_PER_RUN = 4096;

    private record Item(Transport transport, Exchange exchange, Part part) {}

    private final EventLoop loop;
    private final ConcurrentLinkedQueue<Item> items = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean scheduled = new AtomicBoolean();
    private final Set<Transport> written = Collections.newSetFromMap(new IdentityHashMap<>());

    LoopOutbox(EventLoop loop) {
        this.loop = loop;
    }

    /** Parts of one thread are written in order. */
    void offer(Transport transport, Exchange exchange, Part part) {
        items.add(new Item(transport, exchange, part));
        schedule();
    }

    /** Runs something on the loop again and again. Any thread may call this. */
    Future<?> schedulePeriodically(Runnable task, Duration period) {
        long nanos = period.toNanos();
        return loop.scheduleAtFixedRate(task, nanos, nanos, TimeUnit.NANOSECONDS);
    }

    private void schedule() {
        if (scheduled.compareAndSet(false, true)) {
            try {
                loop.execute(this::run);
            } catch (RejectedExecutionException e) {
                // The server has been closed; nobody can read this any more.
                items.clear();
            }
        }
    }

    private void run() {
        // Reset before the queue is read: what comes after the last poll schedules a further run.
        scheduled.set(false);
        for (int i = 0; i < MAX_ITEMS_PER_RUN; i++) {
            Item item = items.poll();
            if (item == null) {
                break;
            }
            item.transport().write(item.exchange(), item.part());
            written.add(item.transport());
        }
        written.forEach(Transport::flush);
        written.clear();
        if (!items.isEmpty()) {
            schedule();
        }
    }
}
