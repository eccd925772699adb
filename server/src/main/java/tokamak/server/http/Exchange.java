package tokamak.server.http;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One request and its answer. The handler's threads answer; {@link #onGone} tells them when nobody waits for the answer any
 * more.
 */
public final class Exchange {
    private static final int STATUS_CLIENT_GONE = 499;
    private static final Duration HEARTBEAT = Duration.ofSeconds(15);

    private final Transport transport;
    private final Request request;
    private final long startNanos = System.nanoTime();
    private final AtomicBoolean started = new AtomicBoolean();
    private final AtomicBoolean ended = new AtomicBoolean();
    private final AtomicLong unsentBytes = new AtomicLong();
    private final ReentrantLock lock = new ReentrantLock();
    private final List<Runnable> onGone = new ArrayList<>();
    private volatile boolean gone;
    private volatile int status = STATUS_CLIENT_GONE;
    private volatile @Nullable Thread waitingWriter;

    Exchange(Transport transport, Request request) {
        this.transport = transport;
        this.request = request;
    }

    public Request request() {
        return request;
    }

    // ---- answering

    /** Whether an answer has begun, so that it is too late for another. */
    public boolean isStarted() {
        return started.get();
    }

    /**
     * Gives the whole answer.
     *
     * @throws IllegalStateException if an answer has begun already
     */
    public void respond(Response response) {
        start();
        offer(
                response.status(),
                new Part.Whole(
                        response.status(), headers(response.contentType(), response.headers()), response.body()));
    }

    /**
     * Answers with server-sent events.
     *
     * @param headers asked for when the answer begins, which is with the first event (or heartbeat)
     */
    public EventStream events(Supplier<Map<String, String>> headers) {
        return new EventStream(this, headers);
    }

    Future<?> scheduleHeartbeat(Runnable beat) {
        return transport.outbox().schedulePeriodically(beat, HEARTBEAT);
    }

    void start() {
        if (!started.compareAndSet(false, true)) {
            throw new IllegalStateException("the answer to " + request.id() + " has begun already");
        }
    }

    void startStream(Map<String, String> headers) {
        Map<String, String> all = headers("text/event-stream; charset=utf-8", headers);
        all.put("cache-control", "no-cache");
        // Asks nginx not to collect events before it passes them on.
        all.put("x-accel-buffering", "no");
        offer(200, new Part.Head(200, all));
    }

    void offer(int newStatus, Part part) {
        status = newStatus;
        unsentBytes.addAndGet(part.numBytes());
        transport.outbox().offer(transport, this, part);
    }

    private Map<String, String> headers(String contentType, Map<String, String> more) {
        Map<String, String> headers = new LinkedHashMap<>();
        if (!contentType.isEmpty()) {
            headers.put("content-type", contentType);
        }
        headers.put("x-request-id", request.id());
        headers.putAll(more);
        headers.putAll(transport.server().config().cors().headers(request));
        return headers;
    }

    // ---- back-pressure

    void sent(int numBytes) {
        unsentBytes.addAndGet(-numBytes);
        Thread writer = waitingWriter;
        if (writer != null) {
            LockSupport.unpark(writer);
        }
    }

    /** Waits while the client is far behind; cuts it off if it does not catch up. */
    void awaitReader() {
        HttpLimits limits = transport.server().config().limits();
        if (unsentBytes.get() <= limits.maxUnsentBytes()) {
            return;
        }
        long deadline = System.nanoTime() + limits.slowReaderTimeout().toNanos();
        waitingWriter = Thread.currentThread();
        try {
            while (!gone && unsentBytes.get() > limits.maxUnsentBytes() / 2) {
                long left = deadline - System.nanoTime();
                if (left <= 0) {
                    abort();
                    return;
                }
                LockSupport.parkNanos(this, left);
            }
        } finally {
            waitingWriter = null;
        }
    }

    // ---- the end

    public boolean isGone() {
        return gone;
    }

    /** Runs something once when the client goes away before the answer is complete; at once if it has gone. Must not block. */
    public void onGone(Runnable action) {
        lock.lock();
        try {
            if (!gone) {
                onGone.add(action);
                return;
            }
        } finally {
            lock.unlock();
        }
        action.run();
    }

    /** Cuts the connection: the way to say that an answer which has begun can't be completed. */
    public void abort() {
        markGone();
        transport.close();
    }

    /** The client has gone away. */
    void markGone() {
        List<Runnable> actions;
        lock.lock();
        try {
            if (gone || ended.get()) {
                return;
            }
            gone = true;
            actions = List.copyOf(onGone);
        } finally {
            lock.unlock();
        }
        actions.forEach(Runnable::run);
        sent(0);
        end();
    }

    /** The answer is written. */
    void end() {
        if (ended.compareAndSet(false, true)) {
            int finalStatus = gone ? STATUS_CLIENT_GONE : status;
            transport.server().ended(this, finalStatus, Duration.ofNanos(System.nanoTime() - startNanos));
        }
    }
}
