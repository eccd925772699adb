package tokamak.server.http;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** A client that speaks HTTP/2 frame by frame, so that it can speak it badly. */
final class Http2Wire implements AutoCloseable {
    static final byte[] PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    static final int DATA = 0;
    static final int HEADERS = 1;
    static final int RESET = 3;
    static final int SETTINGS = 4;
    static final int PING = 6;
    static final int GOAWAY = 7;
    static final int WINDOW_UPDATE = 8;
    static final int CONTINUATION = 9;
    static final int END_STREAM = 1;
    static final int END_HEADERS = 4;

    private final Socket socket = new Socket();
    private final DataInputStream in;
    private final DefaultHttp2HeadersDecoder decoder = new DefaultHttp2HeadersDecoder();

    record Frame(int type, int flags, int stream, byte[] payload) {
        boolean ends() {
            return (type == DATA || type == HEADERS) && (flags & END_STREAM) != 0;
        }

        /** Of a reset (at 0) or a goodbye (at 4). */
        int number(int at) {
            return ByteBuffer.wrap(payload).getInt(at);
        }
    }

    /** @param resetCode if the stream was reset, before or after its end */
    record Answer(String status, String body, Optional<Integer> resetCode) {}

    /** Connects and says hello. @param window of every stream, in bytes */
    Http2Wire(int port, int window) throws IOException {
        socket.setReceiveBufferSize(1 << 16);
        socket.connect(new InetSocketAddress("127.0.0.1", port));
        socket.setSoTimeout(60_000);
        socket.setTcpNoDelay(true);
        in = new DataInputStream(socket.getInputStream());
        send(PREFACE);
        send(
                SETTINGS,
                0,
                0,
                ByteBuffer.allocate(6).putShort((short) 4).putInt(window).array());
    }

    void send(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
    }

    void send(int type, int flags, int stream, byte[] payload) throws IOException {
        send(frame(type, flags, stream, payload));
    }

    static byte[] frame(int type, int flags, int stream, byte[] payload) {
        return ByteBuffer.allocate(9 + payload.length)
                .putInt(payload.length << 8 | type)
                .put((byte) flags)
                .putInt(stream)
                .put(payload)
                .array();
    }

    /** A request for this path, with a body to come or not. */
    void request(int stream, String method, String path, int flags) throws IOException {
        send(HEADERS, END_HEADERS | flags, stream, fields(":method", method, ":scheme", "http", ":path", path));
    }

    void post(int stream, String path, String body) throws IOException {
        request(stream, "POST", path, 0);
        send(DATA, END_STREAM, stream, body.getBytes(StandardCharsets.UTF_8));
    }

    void reset(int stream) throws IOException {
        send(RESET, 0, stream, new byte[] {0, 0, 0, 8});
    }

    /** Names and values as literals (RFC 7541, 6.2.2). */
    static byte[] fields(String... namesAndValues) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int i = 0; i < namesAndValues.length; i++) {
            byte[] bytes = namesAndValues[i].getBytes(StandardCharsets.UTF_8);
            if (i % 2 == 0) {
                out.write(0);
            }
            writeLength(out, bytes.length);
            out.writeBytes(bytes);
        }
        return out.toByteArray();
    }

    private static void writeLength(ByteArrayOutputStream out, int length) {
        if (length < 127) {
            out.write(length);
            return;
        }
        out.write(127);
        int rest = length - 127;
        while (rest >= 128) {
            out.write(rest & 127 | 128);
            rest >>>= 7;
        }
        out.write(rest);
    }

    /** The next frame; empty when the server has closed the connection. */
    Optional<Frame> read() throws IOException {
        try {
            int head = in.readInt();
            int flags = in.readUnsignedByte();
            int stream = in.readInt();
            return Optional.of(new Frame(head & 255, flags, stream, in.readNBytes(head >>> 8)));
        } catch (EOFException | SocketException closed) {
            return Optional.empty();
        }
    }

    /** Reads on to a frame of this type. */
    Frame await(int type) throws IOException {
        while (true) {
            Frame frame = read().orElseThrow(() -> new IOException("closed while waiting for frame type " + type));
            if (frame.type() == type) {
                return frame;
            }
        }
    }

    /** Reads on until this stream ends; what is said on others is lost. */
    Answer answer(int stream) throws IOException, Http2Exception {
        String status = "";
        StringBuilder body = new StringBuilder();
        while (true) {
            Frame frame = read().orElseThrow(() -> new IOException("closed before the answer's end"));
            if (frame.type() == HEADERS) {
                Http2Headers headers = decoder.decodeHeaders(frame.stream(), Unpooled.wrappedBuffer(frame.payload()));
                status = frame.stream() == stream ? String.valueOf(headers.status()) : status;
            }
            if (frame.stream() != stream) {
                continue;
            }
            if (frame.type() == DATA) {
                body.append(new String(frame.payload(), StandardCharsets.UTF_8));
            }
            if (frame.type() == RESET) {
                return new Answer(status, body.toString(), Optional.of(frame.number(0)));
            }
            if (frame.ends()) {
                return new Answer(status, body.toString(), Optional.empty());
            }
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
