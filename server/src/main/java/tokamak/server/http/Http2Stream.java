package tokamak.server.http;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.util.ReferenceCountUtil;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One stream of HTTP/2: a request and its answer. Its channel ends with it, and earlier if the client resets it. All on the
 * connection's event loop unless said otherwise.
 */
final class Http2Stream extends ChannelInboundHandlerAdapter implements Transport {
    private final HttpServer server;
    private final Channel channel;
    private final LoopOutbox outbox;
    private final RequestBody body;
    private final LoopTimer timer;
    private @Nullable RequestHead head;
    private @Nullable Exchange exchange;
    private boolean begun;
    private boolean received;

    Http2Stream(HttpServer server, Channel channel) {
        this.server = server;
        this.channel = channel;
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

    // ---- the end

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        timer.stop();
        body.drop();
        if (exchange != null) {
            exchange.markGone();
        }
    }

    /** A reset is how a client hangs up. */
    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof Http2ResetFrame) {
            channel.close();
        }
        context.fireUserEventTriggered(event);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        HttpServer.logUnlessClientsFault(cause);
        close();
    }

    @Override
    public void close() {
        channel.close();
    }

    private void timedOut() {
        RequestHead slow = head;
        if (slow != null) {
            refuse(slow, RequestBody.LATE);
        }
    }

    // ---- reading

    @Override
    public void channelRead(ChannelHandlerContext context, Object frame) {
        try {
            switch (frame) {
                case Http2HeadersFrame headers -> {
                    received |= headers.isEndStream();
                    readHeaders(headers);
                }
                case Http2DataFrame data -> {
                    received |= data.isEndStream();
                    readBody(data);
                }
                default -> {}
            }
        } finally {
            ReferenceCountUtil.release(frame);
        }
    }

    private void readHeaders(Http2HeadersFrame frame) {
        // Headers after the body are trailers, of which only the end of the stream matters.
        if (!begun) {
            begun = true;
            readHead(frame.headers());
        }
        if (head != null && received) {
            dispatch(head);
        }
    }

    private void readHead(Http2Headers headers) {
        RequestHead current;
        try {
            current = RequestHead.of(headers);
        } catch (IllegalArgumentException e) {
            refuse(RequestHead.unreadable(), RequestHead.UNREADABLE_PATH);
            return;
        }
        head = current;
        timer.start(server.config().limits().bodyTimeout());
        Optional<Refusal> refusal = body.announced(current, headers.getLong("content-length", 0));
        if (refusal.isPresent()) {
            refuse(current, refusal.get());
        } else if (current.headers().getOrDefault("expect", "").equalsIgnoreCase("100-continue")) {
            channel.writeAndFlush(new DefaultHttp2HeadersFrame(new DefaultHttp2Headers().status("100")));
        }
    }

    /** Of a request that is refused the rest is thrown away. */
    private void readBody(Http2DataFrame frame) {
        if (head == null) {
            return;
        }
        Optional<Refusal> refusal = body.add(frame.content());
        if (refusal.isPresent()) {
            refuse(head, refusal.get());
        } else if (received) {
            dispatch(head);
        }
    }

    private void dispatch(RequestHead current) {
        timer.stop();
        server.handle(begin(current, body.take()));
    }

    private Exchange begin(RequestHead current, byte[] bytes) {
        head = null;
        Exchange started = new Exchange(this, server.request(current, bytes, channel.parent()));
        exchange = started;
        return started;
    }

    private void refuse(RequestHead current, Refusal refusal) {
        timer.stop();
        body.drop();
        server.refuse(begin(current, new byte[0]), refusal);
    }

    // ---- answering

    @Override
    public void write(Exchange answered, Part part) {
        if (answered != exchange || !channel.isActive()) {
            answered.sent(part.numBytes());
            return;
        }
        ChannelFuture future = write(answered.request().method().equals("HEAD"), part);
        if (part.numBytes() > 0) {
            future.addListener(done -> answered.sent(part.numBytes()));
        }
        if (part.isLast()) {
            end(answered, future);
        }
    }

    private ChannelFuture write(boolean withoutBody, Part part) {
        return switch (part) {
            case Part.Whole whole -> writeWhole(withoutBody, whole);
            case Part.Head start ->
                channel.write(new DefaultHttp2HeadersFrame(headers(start.status(), start.headers()), false));
            case Part.Data _ when withoutBody -> channel.newSucceededFuture();
            case Part.Data data ->
                channel.write(new DefaultHttp2DataFrame(Unpooled.wrappedBuffer(data.bytes()), false));
            case Part.End _ -> channel.write(new DefaultHttp2DataFrame(true));
        };
    }

    private ChannelFuture writeWhole(boolean withoutBody, Part.Whole whole) {
        Http2Headers headers = headers(whole.status(), whole.headers());
        if (whole.hasBody()) {
            headers.setInt("content-length", whole.body().length);
        }
        if (withoutBody || whole.body().length == 0) {
            return channel.write(new DefaultHttp2HeadersFrame(headers, true));
        }
        channel.write(new DefaultHttp2HeadersFrame(headers, false));
        return channel.write(new DefaultHttp2DataFrame(Unpooled.wrappedBuffer(whole.body()), true));
    }

    private static Http2Headers headers(int status, Map<String, String> headers) {
        Http2Headers all = new DefaultHttp2Headers().status(String.valueOf(status));
        headers.forEach((name, value) -> all.set(name.toLowerCase(Locale.ROOT), value));
        return all;
    }

    @Override
    public void flush() {
        channel.flush();
    }

    /** The stream may be closed before the listener runs, which must not look as if the client had gone away. */
    private void end(Exchange answered, ChannelFuture future) {
        exchange = null;
        future.addListener(done -> {
            if (!done.isSuccess()) {
                answered.markGone();
                return;
            }
            answered.end();
            if (!received) {
                // The answer counts, and the rest of the request is not wanted (RFC 9113, 8.1).
                channel.writeAndFlush(new DefaultHttp2ResetFrame(Http2Error.NO_ERROR));
            }
        });
    }
}
