package tokamak.server.http;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * Server-sent events (the HTML standard's format). Threads may share it; events of one thread keep their order. Events to a
 * client that has gone away are dropped.
 */
public final class EventStream {
    private static final byte[] DATA = "data: ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] END = "\n\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] HEARTBEAT = ": still here\n\n".getBytes(StandardCharsets.US_ASCII);

    private final Exchange exchange;
    private final Supplier<Map<String, String>> headers;
    private final ReentrantLock lock = new ReentrantLock();
    private final Future<?> heartbeat;
    private boolean open;
    private boolean closed;
    private volatile boolean quiet = true;

    EventStream(Exchange exchange, Supplier<Map<String, String>> headers) {
        this.exchange = exchange;
        this.headers = headers;
        this.heartbeat = exchange.scheduleHeartbeat(this::beat);
    }

    /** Sends an event; waits while the client is far behind. @param json without line breaks */
    public void send(byte[] json) {
        offer(joined(DATA, json, END));
        exchange.awaitReader();
    }

    /** Sends an event with a name. */
    public void send(String name, byte[] json) {
        byte[] head = ("event: " + name + "\n").getBytes(StandardCharsets.UTF_8);
        offer(joined(head, DATA, json, END));
        exchange.awaitReader();
    }

    /** One array: every further piece would cost the socket's write more than the copy does. */
    private static byte[] joined(byte[]... parts) {
        int length = 0;
        for (byte[] part : parts) {
            length += part.length;
        }
        byte[] whole = new byte[length];
        int at = 0;
        for (byte[] part : parts) {
            System.arraycopy(part, 0, whole, at, part.length);
            at += part.length;
        }
        return whole;
    }

    /**
     * Gives a plain answer instead, if no event has been sent yet.
     *
     * @return whether it was given; if not, the error has to be an event
     */
    public boolean respondInstead(Response response) {
        lock.lock();
        try {
            if (open) {
                return false;
            }
            closed = true;
            heartbeat.cancel(false);
            exchange.respond(response);
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Ends the answer. */
    public void end() {
        lock.lock();
        try {
            if (!closed) {
                open();
                closed = true;
                heartbeat.cancel(false);
                exchange.offer(200, new Part.End());
            }
        } finally {
            lock.unlock();
        }
    }

    private void offer(byte[] event) {
        lock.lock();
        try {
            if (!closed && !exchange.isGone()) {
                open();
                quiet = false;
                exchange.offer(200, new Part.Data(event));
            }
        } finally {
            lock.unlock();
        }
    }

    private void open() {
        if (!open) {
            open = true;
            exchange.start();
            exchange.startStream(headers.get());
        }
    }

    /** Proxies cut connections on which nothing moves, as while a request waits in the queue. */
    private void beat() {
        if (exchange.isGone()) {
            heartbeat.cancel(false);
        } else if (quiet) {
            offer(HEARTBEAT);
        }
        quiet = true;
    }
}
