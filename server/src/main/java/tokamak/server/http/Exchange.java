package tokamak.server.http;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import java.time.Duration;
import java.util.ArrayList;
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

    private final HttpConnection connection;
    private final Request request;
    private final boolean isHttp10;
    private final boolean keepsAlive;
    private final long startNanos = System.nanoTime();
    private final AtomicBoolean started = new AtomicBoolean();
    private final AtomicBoolean ended = new AtomicBoolean();
    private final AtomicLong unsentBytes = new AtomicLong();
    private final ReentrantLock lock = new ReentrantLock();
    private final List<Runnable> onGone = new ArrayList<>();
    private volatile boolean gone;
    private volatile int status = STATUS_CLIENT_GONE;
    private volatile @Nullable Thread waitingWriter;

    Exchange(HttpConnection connection, Request request, boolean isHttp10, boolean keepsAlive) {
        this.connection = connection;
        this.request = request;
        this.isHttp10 = isHttp10;
        this.keepsAlive = keepsAlive;
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
        HttpResponse message = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1,
                HttpResponseStatus.valueOf(response.status()),
                Unpooled.wrappedBuffer(response.body()));
        putHeaders(message, response.contentType(), response.headers());
        if (response.status() != 204 && response.status() != 304) {
            HttpUtil.setContentLength(message, response.body().length);
        }
        offer(response.status(), message, response.body().length, true);
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
        return connection.schedulePeriodically(beat, HEARTBEAT);
    }

    void start() {
        if (!started.compareAndSet(false, true)) {
            throw new IllegalStateException("the answer to " + request.id() + " has begun already");
        }
    }

    void startStream(Map<String, String> headers) {
        HttpResponse message = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
        putHeaders(message, "text/event-stream; charset=utf-8", headers);
        message.headers().set(HttpHeaderNames.CACHE_CONTROL, "no-cache");
        // Asks nginx not to collect events before it passes them on.
        message.headers().set("x-accel-buffering", "no");
        if (!isHttp10) {
            HttpUtil.setTransferEncodingChunked(message, true);
        }
        offer(200, message, 0, false);
    }

    void offer(int newStatus, Object message, int numBytes, boolean isLast) {
        status = newStatus;
        unsentBytes.addAndGet(numBytes);
        connection.outbox().offer(new LoopOutbox.Item(connection, this, message, numBytes, isLast));
    }

    private void putHeaders(HttpResponse message, String contentType, Map<String, String> more) {
        HttpHeaders headers = message.headers();
        if (!contentType.isEmpty()) {
            headers.set(HttpHeaderNames.CONTENT_TYPE, contentType);
        }
        headers.set("x-request-id", request.id());
        more.forEach(headers::set);
        connection.server().config().cors().headers(request).forEach(headers::set);
        HttpUtil.setKeepAlive(message, keepsAlive() && !(isHttp10 && !HttpUtil.isContentLengthSet(message)));
    }

    /** Whether the connection lives on after this answer. */
    boolean keepsAlive() {
        return keepsAlive && !connection.server().isStopping();
    }

    boolean isHttp10() {
        return isHttp10;
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
        HttpLimits limits = connection.server().config().limits();
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
        connection.close();
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
            connection.server().ended(this, finalStatus, Duration.ofNanos(System.nanoTime() - startNanos));
        }
    }
}
