package tokamak.server.load;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;

/** One client: asks for a stream, and notes when each letter came. Belongs to one event loop. */
final class StreamReader extends SimpleChannelInboundHandler<ByteBuf> {
    private static final String TEXT = "\"text\":\"";
    private static final int LONGEST_EVENT = 1 << 12;

    private final String request;
    private final CountDownLatch ended;
    final byte[] letters;
    final long[] nanos;
    final StringBuilder unread = new StringBuilder();
    volatile int numLetters;
    volatile long sentNanos;
    volatile String error = "";
    private boolean done;

    StreamReader(String request, int maxLetters, CountDownLatch ended) {
        this.request = request;
        this.letters = new byte[maxLetters + 1];
        this.nanos = new long[maxLetters + 1];
        this.ended = ended;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        sentNanos = System.nanoTime();
        context.writeAndFlush(Unpooled.copiedBuffer(request, StandardCharsets.US_ASCII));
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, ByteBuf bytes) {
        long now = System.nanoTime();
        unread.append(bytes.toString(StandardCharsets.US_ASCII));
        int from = 0;
        for (int at = unread.indexOf(TEXT); at >= 0; at = unread.indexOf(TEXT, from)) {
            int end = unread.indexOf("\"", at + TEXT.length());
            if (end < 0) {
                break;
            }
            for (int i = at + TEXT.length(); i < end && numLetters < letters.length; i++) {
                letters[numLetters] = (byte) unread.charAt(i);
                nanos[numLetters] = now;
                numLetters++;
            }
            from = end;
        }
        if (unread.indexOf("\"error\"", from) >= 0
                || unread.indexOf("HTTP/1.1 ") >= 0 && unread.indexOf(" 200 OK") < 0) {
            error = unread.toString();
        }
        if (unread.indexOf("[DONE]", from) >= 0) {
            finish();
            context.close();
        }
        // What may be the beginning of the next piece stays.
        unread.delete(0, Math.max(from, unread.length() - LONGEST_EVENT));
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        if (!done && error.isEmpty()) {
            error = "the connection was closed after " + numLetters + " letters";
        }
        finish();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        error = cause.toString();
        context.close();
    }

    private void finish() {
        if (!done) {
            done = true;
            ended.countDown();
        }
    }
}
