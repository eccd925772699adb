package tokamak.server.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufHolder;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.util.ReferenceCountUtil;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One connection: reads a request, hands it over, writes its answer, and reads on. Everything happens on the connection's
 * event loop unless said otherwise. It goes on reading while a request is answered, because that is how a client that
 * goes away is noticed.
 */
final class HttpConnection extends ChannelInboundHandlerAdapter {
    /** Of further requests that a client sends before it has its answer. */
    private static final int MAX_HELD_BYTES = 64 << 10;

    private static final Duration LINGER = Duration.ofSeconds(1);

    private final HttpServer server;
    private final ArrayDeque<HttpObject> held = new ArrayDeque<>();
    private int heldBytes;
    private @Nullable ChannelHandlerContext context;
    private @Nullable LoopOutbox outbox;
    private @Nullable RequestHead head;
    private ByteArrayOutputStream body = new ByteArrayOutputStream(0);
    private @Nullable Exchange exchange;
    private boolean discarding;
    private @Nullable Future<?> timer;

    HttpConnection(HttpServer server) {
        this.server = server;
    }

    HttpServer server() {
        return server;
    }

    /** Any thread may call this. */
    LoopOutbox outbox() {
        return require(outbox);
    }

    private static <T> T require(@Nullable T value) {
        if (value == null) {
            throw new IllegalStateException("the connection is not open yet");
        }
        return value;
    }

    private ChannelHandlerContext context() {
        return require(context);
    }

    /** Any thread may call this. */
    Future<?> schedulePeriodically(Runnable task, Duration period) {
        long nanos = period.toNanos();
        return context().executor().scheduleAtFixedRate(task, nanos, nanos, TimeUnit.NANOSECONDS);
    }

    // ---- opening and closing

    @Override
    public void channelActive(ChannelHandlerContext newContext) {
        context = newContext;
        outbox = server.outbox(newContext.channel().eventLoop());
        if (server.opened(this)) {
            startTimer(server.config().limits().headTimeout());
        } else {
            refuse(RequestHead.unreadable(), 503, "too many connections; try again later");
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ignored) {
        stopTimer();
        server.closed(this);
        if (exchange != null) {
            exchange.markGone();
        } else {
            giveBackBody();
        }
        held.forEach(ReferenceCountUtil::release);
        held.clear();
    }

    /** Resets and broken TLS are the client's affair. */
    @Override
    public void exceptionCaught(ChannelHandlerContext ignored, Throwable cause) {
        if (!(cause instanceof IOException) && !(cause instanceof io.netty.handler.codec.DecoderException)) {
            HttpServer.LOG.log(System.Logger.Level.DEBUG, "connection failed", cause);
        }
        close();
    }

    /** Any thread may call this. */
    void close() {
        context().close();
    }

    /** Closes unless a request is being received or answered. */
    void closeIfIdle() {
        context().executor().execute(() -> {
            if (exchange == null && head == null) {
                close();
            }
        });
    }

    private void startTimer(Duration timeout) {
        stopTimer();
        timer = context().executor().schedule(this::timedOut, timeout.toNanos(), TimeUnit.NANOSECONDS);
    }

    private void stopTimer() {
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
    }

    private void timedOut() {
        if (exchange != null) {
            return;
        }
        RequestHead slow = head;
        if (slow == null) {
            close();
        } else {
            giveBackBody();
            refuse(slow, 408, "the request's body did not come in time");
        }
    }

    // ---- reading

    @Override
    public void channelRead(ChannelHandlerContext ignored, Object message) {
        HttpObject object = (HttpObject) message;
        if (discarding) {
            ReferenceCountUtil.release(object);
        } else if (exchange != null) {
            hold(object);
        } else {
            read(object);
        }
    }

    private void hold(HttpObject object) {
        held.add(object);
        heldBytes += 64
                + (object instanceof ByteBufHolder content ? content.content().readableBytes() : 256);
        if (heldBytes > MAX_HELD_BYTES) {
            context().channel().config().setAutoRead(false);
        }
    }

    private void read(HttpObject object) {
        try {
            if (object.decoderResult().isFailure()) {
                refuseUnreadable(object);
                return;
            }
            if (object instanceof HttpRequest request) {
                readHead(request);
            }
            if (object instanceof HttpContent content && head != null && exchange == null) {
                readBody(content.content());
                if (object instanceof LastHttpContent && head != null && exchange == null) {
                    dispatch(head);
                }
            }
        } finally {
            ReferenceCountUtil.release(object);
        }
    }

    private void refuseUnreadable(HttpObject object) {
        Throwable cause = object.decoderResult().cause();
        RequestHead known = head == null ? RequestHead.unreadable() : head;
        switch (cause) {
            case TooLongHttpLineException _ -> refuse(known, 414, "the request's first line is too long");
            case TooLongHttpHeaderException _ ->
                refuse(
                        known,
                        431,
                        "the request's headers are larger than "
                                + server.config().limits().maxHeaderBytes() + " bytes");
            default -> refuse(known, 400, "this is not an HTTP request");
        }
    }

    private void readHead(HttpRequest message) {
        try {
            head = RequestHead.of(message);
        } catch (IllegalArgumentException e) {
            refuse(RequestHead.unreadable(), 400, "the path is not percent-encoded properly");
            return;
        }
        RequestHead current = head;
        body = new ByteArrayOutputStream(0);
        startTimer(server.config().limits().bodyTimeout());
        String encoding = current.headers().getOrDefault("content-encoding", "identity");
        if (!encoding.equalsIgnoreCase("identity")) {
            refuse(current, 415, "content-encoding " + encoding + " is not supported; send the body as it is");
        } else if (HttpUtil.getContentLength(message, 0L)
                > server.config().limits().maxBodyBytes()) {
            refuseLarge(current);
        } else if (HttpUtil.is100ContinueExpected(message)) {
            context().writeAndFlush(new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE));
        }
    }

    private void readBody(ByteBuf content) {
        RequestHead current = head;
        int length = content.readableBytes();
        if (current == null || length == 0) {
            return;
        }
        if (body.size() + length > server.config().limits().maxBodyBytes()) {
            giveBackBody();
            refuseLarge(current);
        } else if (!server.bodies().take(length)) {
            giveBackBody();
            refuse(current, 503, "the server has too many large requests at once; try again later");
        } else {
            try {
                content.readBytes(body, length);
            } catch (IOException e) {
                throw new IllegalStateException("writing to memory failed", e);
            }
        }
    }

    private void giveBackBody() {
        server.bodies().giveBack(body.size());
        body = new ByteArrayOutputStream(0);
    }

    private void refuseLarge(RequestHead current) {
        refuse(
                current,
                413,
                "the body is larger than " + server.config().limits().maxBodyBytes() + " bytes");
    }

    // ---- answering

    private void dispatch(RequestHead current) {
        stopTimer();
        Request request = current.request(body.toByteArray(), remote());
        body = new ByteArrayOutputStream(0);
        Exchange started = new Exchange(this, request, current.isHttp10(), current.keepsAlive());
        exchange = started;
        head = null;
        server.handle(started);
    }

    /** Answers without asking a handler, and closes: what the client still sends can't be made sense of. */
    private void refuse(RequestHead current, int status, String message) {
        stopTimer();
        discarding = true;
        head = null;
        Exchange refused = new Exchange(this, current.request(new byte[0], remote()), current.isHttp10(), false);
        exchange = refused;
        server.begin();
        refused.respond(server.errors().error(status, message));
    }

    private String remote() {
        return String.valueOf(context().channel().remoteAddress());
    }

    void write(LoopOutbox.Item item) {
        Exchange current = exchange;
        if (item.exchange() != current || !context().channel().isActive()) {
            ReferenceCountUtil.release(item.message());
            item.exchange().sent(item.numBytes());
            return;
        }
        ChannelFuture future = context().write(item.message());
        if (item.numBytes() > 0) {
            future.addListener(done -> current.sent(item.numBytes()));
        }
        if (item.isLast()) {
            answered(current, future);
        }
    }

    void flush() {
        context().flush();
    }

    private void answered(Exchange current, ChannelFuture future) {
        future.addListener(done -> current.end());
        if (discarding) {
            // Closing with unread input would reset the connection, and the client would lose the answer.
            future.addListener(
                    done -> context().executor().schedule(this::close, LINGER.toNanos(), TimeUnit.NANOSECONDS));
        } else if (!current.keepsAlive()) {
            future.addListener(ChannelFutureListener.CLOSE);
        } else {
            exchange = null;
            startTimer(server.config().limits().headTimeout());
            readHeld();
        }
    }

    private void readHeld() {
        while (exchange == null && !held.isEmpty()) {
            read(held.remove());
        }
        if (held.isEmpty()) {
            heldBytes = 0;
            context().channel().config().setAutoRead(true);
        }
    }
}
