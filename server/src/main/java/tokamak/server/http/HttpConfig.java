package tokamak.server.http;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Where and how to serve.
 *
 * @param host address or name to bind; "" binds all
 * @param port 0 picks a free one
 * @param unixSocket serve there instead of host and port
 * @param tls encrypt with these files
 */
public record HttpConfig(
        String host, int port, Optional<Path> unixSocket, Optional<TlsFiles> tls, HttpLimits limits, Cors cors) {
    /** @param certificate and {@code key} in PEM; they are read again when they change */
    public record TlsFiles(Path certificate, Path key) {}

    public static HttpConfig loopback(int port) {
        return new HttpConfig(
                "127.0.0.1", port, Optional.empty(), Optional.empty(), HttpLimits.defaults(), Cors.local());
    }

    public HttpConfig withLimits(HttpLimits value) {
        return new HttpConfig(host, port, unixSocket, tls, value, cors);
    }

    public HttpConfig withCors(Cors value) {
        return new HttpConfig(host, port, unixSocket, tls, limits, value);
    }

    public HttpConfig withUnixSocket(Path value) {
        return new HttpConfig(host, port, Optional.of(value), tls, limits, cors);
    }

    public HttpConfig withTls(TlsFiles value) {
        return new HttpConfig(host, port, unixSocket, Optional.of(value), limits, cors);
    }
}
