package tokamak.server.http;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http2.DefaultHttp2GoAwayFrame;
import io.netty.handler.codec.http2.DefaultHttp2WindowUpdateFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2FrameStreamException;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.util.ReferenceCountUtil;

/**
 * One connection of HTTP/2 (RFC 9113). Its streams answer for themselves; this counts them, closes a connection that has had
 * none for long, and says goodbye. All on the connection's event loop.
 */
final class Http2Connection extends ChannelInboundHandlerAdapter {
    /** What a client may send ahead: bodies of requests are small, and their sum is bounded elsewhere. */
    private static final int WINDOW_BYTES = 1 << 20;

    /** Streams that a client may open and reset at once (CVE-2023-44487), or make us reset (CVE-2025-8671). */
    private static final int MAX_RESETS_PER_WINDOW = 1000;

    private static final int RESET_WINDOW_SECONDS = 30;
    /** Of pings and settings that wait to be acknowledged to a client that does not read. */
    private static final int MAX_QUEUED_CONTROL_FRAMES = 1000;

    private final HttpServer server;
    private final Channel channel;
    private final LoopTimer idle;
    private int numStreams;
    private boolean draining;

    private Http2Connection(HttpServer server, Channel channel) {
        this.server = server;
        this.channel = channel;
        this.idle = new LoopTimer(channel.eventLoop(), channel::close);
    }

    /** Lets an open channel speak HTTP/2. */
    static void install(HttpServer server, Channel channel) {
        HttpLimits limits = server.config().limits();
        Http2FrameCodec codec = Http2FrameCodecBuilder.forServer()
                .initialSettings(Http2Settings.defaultSettings()
                        .maxConcurrentStreams(limits.maxStreams())
                        .maxHeaderListSize(limits.maxHeaderBytes())
                        .initialWindowSize(WINDOW_BYTES))
                .decoderEnforceMaxRstFramesPerWindow(MAX_RESETS_PER_WINDOW, RESET_WINDOW_SECONDS)
                .encoderEnforceMaxRstFramesPerWindow(MAX_RESETS_PER_WINDOW, RESET_WINDOW_SECONDS)
                .encoderEnforceMaxQueuedControlFrames(MAX_QUEUED_CONTROL_FRAMES)
                .gracefulShutdownTimeoutMillis(0)
                .build();
        Http2Connection connection = new Http2Connection(server, channel);
        ChannelInitializer<Channel> streams = new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel stream) {
                connection.opened(stream);
            }
        };
        ChannelPipeline pipeline = channel.pipeline();
        pipeline.addLast(codec, new Http2MultiplexHandler(streams), connection);
        connection.begin();
    }

    private void begin() {
        if (!server.hasRoom()) {
            sayGoodbye(Http2Error.ENHANCE_YOUR_CALM);
            channel.close();
            return;
        }
        channel.writeAndFlush(new DefaultHttp2WindowUpdateFrame(WINDOW_BYTES));
        idle.start(server.config().limits().headTimeout());
        if (server.isDraining()) {
            drain();
        }
    }

    private void opened(Channel stream) {
        numStreams++;
        idle.stop();
        stream.closeFuture().addListener(done -> ended());
        stream.pipeline().addLast(new Http2Stream(server, stream));
    }

    private void ended() {
        numStreams--;
        if (numStreams > 0) {
            return;
        }
        if (draining) {
            channel.close();
        } else {
            idle.start(server.config().limits().headTimeout());
        }
    }

    /** The client may open its next streams elsewhere, without doubt about those it has opened here. */
    private void drain() {
        draining = true;
        sayGoodbye(Http2Error.NO_ERROR);
        if (numStreams == 0) {
            channel.close();
        }
    }

    private void sayGoodbye(Http2Error why) {
        channel.writeAndFlush(new DefaultHttp2GoAwayFrame(why));
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event == Notice.DRAIN) {
            drain();
        }
        context.fireUserEventTriggered(event);
    }

    /** Settings, pings and goodbyes: the codec has acted on them. */
    @Override
    public void channelRead(ChannelHandlerContext context, Object frame) {
        ReferenceCountUtil.release(frame);
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        idle.stop();
    }

    /** Of what breaks the protocol's rules the codec tells the client, and closes if need be. */
    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        HttpServer.logUnlessClientsFault(cause);
        if (!(cause instanceof Http2Exception) && !(cause instanceof Http2FrameStreamException)) {
            channel.close();
        }
    }
}
