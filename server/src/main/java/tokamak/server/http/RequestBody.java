package tokamak.server.http;

import io.netty.buffer.ByteBuf;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Optional;

/** A body that is coming in, within its own limit and the one for all. Used on one event loop. */
final class RequestBody {
    static final Refusal LATE = new Refusal(408, "the request's body did not come in time");

    private final HttpServer server;
    private ByteArrayOutputStream bytes = new ByteArrayOutputStream(0);

    RequestBody(HttpServer server) {
        this.server = server;
    }

    /** What is wrong with a body before it has come. @param length as announced; 0 if it was not */
    Optional<Refusal> announced(RequestHead head, long length) {
        String encoding = head.headers().getOrDefault("content-encoding", "identity");
        if (!encoding.equalsIgnoreCase("identity")) {
            return Optional.of(
                    new Refusal(415, "content-encoding " + encoding + " is not supported; send the body as it is"));
        }
        return length > server.config().limits().maxBodyBytes() ? Optional.of(tooLarge()) : Optional.empty();
    }

    /** Takes more of it, or nothing of this. */
    Optional<Refusal> add(ByteBuf content) {
        int length = content.readableBytes();
        if (length == 0) {
            return Optional.empty();
        }
        if (bytes.size() + length > server.config().limits().maxBodyBytes()) {
            return Optional.of(tooLarge());
        }
        if (!server.bodies().take(length)) {
            return Optional.of(new Refusal(503, "the server has too many large requests at once; try again later"));
        }
        try {
            content.readBytes(bytes, length);
        } catch (IOException e) {
            throw new IllegalStateException("writing to memory failed", e);
        }
        return Optional.empty();
    }

    private Refusal tooLarge() {
        return new Refusal(
                413, "the body is larger than " + server.config().limits().maxBodyBytes() + " bytes");
    }

    /** All of it; whoever gets it gives its bytes back to the server's budget. */
    byte[] take() {
        byte[] whole = bytes.toByteArray();
        bytes = new ByteArrayOutputStream(0);
        return whole;
    }

    /** Gives back what has come of a request that is refused, or will not come whole. */
    void drop() {
        server.bodies().giveBack(bytes.size());
        bytes = new ByteArrayOutputStream(0);
    }
}
