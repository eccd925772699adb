package tokamak.server.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.ApplicationProtocolNegotiationHandler;
import io.netty.handler.ssl.SslContext;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds out what a client speaks. Under TLS it says so in the handshake (ALPN); otherwise one that knows we speak HTTP/2
 * begins with its preface, which no request of HTTP/1 can be.
 */
final class ProtocolChoice {
    private static final int MAX_CHUNK_BYTES = 64 << 10;

    private final HttpServer server;

    ProtocolChoice(HttpServer server) {
        this.server = server;
    }

    void listen(Channel channel) {
        channel.pipeline().addLast(new FirstBytes());
    }

    void listenEncrypted(Channel channel, SslContext tls) {
        channel.pipeline().addLast(tls.newHandler(channel.alloc()), new Negotiated());
    }

    private void speakHttp1(Channel channel) {
        HttpLimits limits = server.config().limits();
        HttpDecoderConfig decoder = new HttpDecoderConfig()
                .setMaxInitialLineLength(limits.maxHeaderBytes())
                .setMaxHeaderSize(limits.maxHeaderBytes())
                .setMaxChunkSize(MAX_CHUNK_BYTES);
        HttpServerCodec codec = new HttpServerCodec(decoder);
        channel.pipeline().addLast(codec);
        channel.pipeline()
                .addLast(new Http1Connection(server, channel.pipeline().context(codec)));
    }

    /** A client that says nothing is cut off. */
    private final class FirstBytes extends ByteToMessageDecoder {
        private final ByteBuf preface = Http2CodecUtil.connectionPrefaceBuf();
        private @Nullable LoopTimer timer;

        @Override
        public void channelActive(ChannelHandlerContext context) {
            timer = new LoopTimer(context.channel().eventLoop(), context::close);
            timer.start(server.config().limits().headTimeout());
            context.fireChannelActive();
        }

        @Override
        protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
            int length = Math.min(in.readableBytes(), preface.readableBytes());
            if (!ByteBufUtil.equals(in, in.readerIndex(), preface, preface.readerIndex(), length)) {
                speakHttp1(context.channel());
                context.pipeline().remove(this);
            } else if (length == preface.readableBytes()) {
                Http2Connection.install(server, context.channel());
                context.pipeline().remove(this);
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) throws Exception {
            stopTimer();
            super.channelInactive(context);
        }

        @Override
        protected void handlerRemoved0(ChannelHandlerContext context) {
            stopTimer();
        }

        private void stopTimer() {
            if (timer != null) {
                timer.stop();
            }
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) throws Exception {
            if (event == Notice.DRAIN) {
                context.close();
            }
            super.userEventTriggered(context, event);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            HttpServer.logUnlessClientsFault(cause);
            context.close();
        }
    }

    private final class Negotiated extends ApplicationProtocolNegotiationHandler {
        Negotiated() {
            super(ApplicationProtocolNames.HTTP_1_1);
        }

        @Override
        protected void configurePipeline(ChannelHandlerContext context, String protocol) {
            if (protocol.equals(ApplicationProtocolNames.HTTP_2)) {
                Http2Connection.install(server, context.channel());
            } else {
                speakHttp1(context.channel());
            }
        }

        /** Such as a scanner's, or of a client that does not trust our certificate: no line in the log for each. */
        @Override
        protected void handshakeFailure(ChannelHandlerContext context, Throwable cause) {
            HttpServer.logUnlessClientsFault(cause);
            context.close();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            handshakeFailure(context, cause);
        }
    }
}
