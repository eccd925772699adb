package tokamak.server.http;

import java.time.Duration;

/**
 * What a client may cost.
 *
 * @param maxBodyBytes of one request
 * @param maxBufferedBytes of all request bodies that are being received or handled
 * @param maxHeaderBytes of a request's headers together; its first line may be as long again
 * @param maxConnections open at once
 * @param maxStreams of one connection of HTTP/2, open at once
 * @param headTimeout from the connection, or the end of the answer before, to the end of the headers
 * @param bodyTimeout from there to the end of the body
 * @param maxUnsentBytes of a stream that wait for a slow reader; then its handler waits
 * @param slowReaderTimeout how long it waits before the reader is cut off
 */
public record HttpLimits(
        int maxBodyBytes,
        long maxBufferedBytes,
        int maxHeaderBytes,
        int maxConnections,
        int maxStreams,
        Duration headTimeout,
        Duration bodyTimeout,
        int maxUnsentBytes,
        Duration slowReaderTimeout) {
    /** Fit for the heap there is: a body of numbers takes some fifteen times its size while it is understood. */
    public static HttpLimits defaults() {
        return new HttpLimits(
                8 << 20,
                Math.max(8L << 20, Runtime.getRuntime().maxMemory() / 32),
                16 << 10,
                8192,
                1024,
                Duration.ofSeconds(75),
                Duration.ofSeconds(120),
                256 << 10,
                Duration.ofSeconds(30));
    }

    public HttpLimits withMaxBodyBytes(int value) {
        return new HttpLimits(
                value,
                maxBufferedBytes,
                maxHeaderBytes,
                maxConnections,
                maxStreams,
                headTimeout,
                bodyTimeout,
                maxUnsentBytes,
                slowReaderTimeout);
    }

    public HttpLimits withTimeouts(Duration newHeadTimeout, Duration newBodyTimeout, Duration newSlowReaderTimeout) {
        return new HttpLimits(
                maxBodyBytes,
                maxBufferedBytes,
                maxHeaderBytes,
                maxConnections,
                maxStreams,
                newHeadTimeout,
                newBodyTimeout,
                maxUnsentBytes,
                newSlowReaderTimeout);
    }
}
