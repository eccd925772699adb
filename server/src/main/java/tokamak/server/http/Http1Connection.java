package tokamak.server.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufHolder;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One connection of HTTP/1: reads a request, hands it over, writes its answer, and reads on. Everything happens on the
 * connection's event loop unless said otherwise. It goes on reading while a request is answered, because that is how a client
 * that goes away is noticed.
 */
final class Http1Connection extends ChannelInboundHandlerAdapter implements Transport {
    /** Of further requests that a client sends before it has its answer. */
    private static final int MAX_HELD_BYTES = 64 << 10;

    private static final Duration LINGER = Duration.ofSeconds(1);
    private static final int CRLF = '\r' << 8 | '\n';
    /** A chunk's length in hexadecimal digits and two line ends. */
    private static final int MAX_CHUNK_FRAME = 12;

    /** A request that is being answered. */
    private record Answering(Exchange exchange, RequestHead head) {}

    private final HttpServer server;
    private final Channel channel;
    private final ChannelHandlerContext codec;
    private final LoopOutbox outbox;
    private final RequestBody body;
    private final LoopTimer timer;
    private final ArrayDeque<HttpObject> held = new ArrayDeque<>();
    private int heldBytes;
    private @Nullable RequestHead head;
    private @Nullable Answering answering;
    private boolean discarding;

    /** @param codec the handler before this one, of an open channel */
    Http1Connection(HttpServer server, ChannelHandlerContext codec) {
        this.server = server;
        this.channel = codec.channel();
        this.codec = codec;
        this.outbox = server.outbox(channel.eventLoop());
        this.body = new RequestBody(server);
        this.timer = new LoopTimer(channel.eventLoop(), this::timedOut);
    }

    @Override
    public HttpServer server() {
        return server;
    }

    @Override
    public LoopOutbox outbox() {
        return outbox;
    }

    // ---- opening and closing

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        if (server.hasRoom()) {
            timer.start(server.config().limits().headTimeout());
        } else {
            refuse(RequestHead.unreadable(), new Refusal(503, "too many connections; try again later"));
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        timer.stop();
        if (answering != null) {
            answering.exchange().markGone();
        } else {
            body.drop();
        }
        held.forEach(ReferenceCountUtil::release);
        held.clear();
    }

    /** Resets and broken TLS are the client's affair. */
    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        HttpServer.logUnlessClientsFault(cause);
        close();
    }

    @Override
    public void close() {
        channel.close();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event == Notice.DRAIN && answering == null && head == null) {
            close();
        }
        context.fireUserEventTriggered(event);
    }

    private void timedOut() {
        if (answering != null) {
            return;
        }
        if (head == null) {
            close();
        } else {
            refuse(head, RequestBody.LATE);
        }
    }

    // ---- reading

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        HttpObject object = (HttpObject) message;
        if (discarding) {
            ReferenceCountUtil.release(object);
        } else if (answering != null) {
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
            channel.config().setAutoRead(false);
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
            if (object instanceof HttpContent content && head != null) {
                readBody(head, content);
            }
        } finally {
            ReferenceCountUtil.release(object);
        }
    }

    private void refuseUnreadable(HttpObject object) {
        RequestHead known = head == null ? RequestHead.unreadable() : head;
        int maxBytes = server.config().limits().maxHeaderBytes();
        refuse(
                known,
                switch (object.decoderResult().cause()) {
                    case TooLongHttpLineException _ -> new Refusal(414, "the request's first line is too long");
                    case TooLongHttpHeaderException _ ->
                        new Refusal(431, "the request's headers are larger than " + maxBytes + " bytes");
                    case null, default -> new Refusal(400, "this is not an HTTP request");
                });
    }

    private void readHead(HttpRequest message) {
        RequestHead current;
        try {
            current = RequestHead.of(message);
        } catch (IllegalArgumentException e) {
            refuse(RequestHead.unreadable(), RequestHead.UNREADABLE_PATH);
            return;
        }
        head = current;
        timer.start(server.config().limits().bodyTimeout());
        Optional<Refusal> refusal = body.announced(current, HttpUtil.getContentLength(message, 0L));
        if (refusal.isPresent()) {
            refuse(current, refusal.get());
        } else if (HttpUtil.is100ContinueExpected(message)) {
            channel.writeAndFlush(new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE));
        }
    }

    private void readBody(RequestHead current, HttpContent content) {
        Optional<Refusal> refusal = body.add(content.content());
        if (refusal.isPresent()) {
            refuse(current, refusal.get());
        } else if (content instanceof LastHttpContent) {
            timer.stop();
            server.handle(begin(current, body.take()));
        }
    }

    private Exchange begin(RequestHead current, byte[] bytes) {
        Exchange exchange = new Exchange(this, server.request(current, bytes, channel));
        answering = new Answering(exchange, current);
        head = null;
        return exchange;
    }

    /** Answers without asking a handler, and closes: what the client still sends can't be made sense of. */
    private void refuse(RequestHead current, Refusal refusal) {
        timer.stop();
        body.drop();
        discarding = true;
        server.refuse(begin(current, new byte[0]), refusal);
    }

    // ---- answering

    @Override
    public void write(Exchange exchange, Part part) {
        Answering current = answering;
        if (current == null || current.exchange() != exchange || !channel.isActive()) {
            exchange.sent(part.numBytes());
            return;
        }
        ChannelFuture future = write(current, part);
        if (part.numBytes() > 0) {
            future.addListener(done -> exchange.sent(part.numBytes()));
        }
        if (part.isLast()) {
            answered(current, future);
        }
    }

    private ChannelFuture write(Answering current, Part part) {
        return switch (part) {
            case Part.Whole whole -> channel.write(message(current, whole));
            case Part.Head start -> channel.write(message(current, start));
            case Part.Data _ when current.exchange().request().method().equals("HEAD") -> channel.newSucceededFuture();
            case Part.Data data when current.head().isHttp10() -> codec.write(Unpooled.wrappedBuffer(data.bytes()));
            case Part.Data data -> codec.write(chunk(data.bytes()));
            case Part.End _ -> channel.write(LastHttpContent.EMPTY_LAST_CONTENT);
        };
    }

    /** A chunk (RFC 9112, 7.1) in one piece, past the encoder, which would make three of it: most of what an event costs. */
    private ByteBuf chunk(byte[] bytes) {
        ByteBuf chunk = channel.alloc().directBuffer(bytes.length + MAX_CHUNK_FRAME);
        chunk.writeCharSequence(Integer.toHexString(bytes.length), StandardCharsets.US_ASCII);
        return chunk.writeShort(CRLF).writeBytes(bytes).writeShort(CRLF);
    }

    private HttpResponse message(Answering current, Part.Whole whole) {
        HttpResponse message = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(whole.status()), Unpooled.wrappedBuffer(whole.body()));
        put(message, whole.headers());
        if (whole.hasBody()) {
            HttpUtil.setContentLength(message, whole.body().length);
        }
        HttpUtil.setKeepAlive(message, keepsAlive(current) && (!current.head().isHttp10() || whole.hasBody()));
        return message;
    }

    /** Old clients know the end of an answer by the end of the connection. */
    private HttpResponse message(Answering current, Part.Head start) {
        HttpResponse message =
                new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(start.status()));
        put(message, start.headers());
        boolean isHttp10 = current.head().isHttp10();
        if (!isHttp10) {
            HttpUtil.setTransferEncodingChunked(message, true);
        }
        HttpUtil.setKeepAlive(message, keepsAlive(current) && !isHttp10);
        return message;
    }

    private static void put(HttpResponse message, Map<String, String> headers) {
        headers.forEach(message.headers()::set);
    }

    /** Whether the connection lives on after this answer. */
    private boolean keepsAlive(Answering current) {
        return !discarding && current.head().keepsAlive() && !server.isDraining();
    }

    @Override
    public void flush() {
        channel.flush();
    }

    private void answered(Answering current, ChannelFuture future) {
        future.addListener(done -> current.exchange().end());
        if (discarding) {
            // Closing with unread input would reset the connection, and the client would lose the answer.
            future.addListener(
                    done -> channel.eventLoop().schedule(this::close, LINGER.toNanos(), TimeUnit.NANOSECONDS));
        } else if (!keepsAlive(current)) {
            future.addListener(ChannelFutureListener.CLOSE);
        } else {
            answering = null;
            timer.start(server.config().limits().headTimeout());
            readHeld();
        }
    }

    private void readHeld() {
        while (answering == null && !held.isEmpty()) {
            read(held.remove());
        }
        if (held.isEmpty()) {
            heldBytes = 0;
            channel.config().setAutoRead(true);
        }
    }
}
