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
 * @param rootPath such as {@code /llm}: a proxy's path that may stand before every path here; "" for none
 */
public record HttpConfig(
        String host,
        int port,
        Optional<Path> unixSocket,
        Optional<TlsFiles> tls,
        HttpLimits limits,
        Cors cors,
        String rootPath) {
    /**
     * PEM files that are read again when they change.
     *
     * @param clients whose certificates to ask for
     */
    public record TlsFiles(Path certificate, Path key, Optional<ClientCertificates> clients) {
        public TlsFiles(Path certificate, Path key) {
            this(certificate, key, Optional.empty());
        }
    }

    /** @param authorities that sign them, in PEM */
    public record ClientCertificates(Path authorities, Demand demand) {}

    /** Whether a client without a certificate is let in. */
    public enum Demand {
        OPTIONAL,
        REQUIRED
    }

    /** @throws IllegalArgumentException if {@code rootPath} is neither empty nor begins with a slash and ends without */
    public HttpConfig {
        if (!rootPath.isEmpty() && (!rootPath.startsWith("/") || rootPath.endsWith("/"))) {
            throw new IllegalArgumentException(
                    "a root path begins with a slash and does not end with one, found '" + rootPath + "'");
        }
    }

    public static HttpConfig loopback(int port) {
        return at("127.0.0.1", port);
    }

    public static HttpConfig at(String host, int port) {
        return new HttpConfig(host, port, Optional.empty(), Optional.empty(), HttpLimits.defaults(), Cors.local(), "");
    }

    public HttpConfig withLimits(HttpLimits value) {
        return new HttpConfig(host, port, unixSocket, tls, value, cors, rootPath);
    }

    public HttpConfig withCors(Cors value) {
        return new HttpConfig(host, port, unixSocket, tls, limits, value, rootPath);
    }

    public HttpConfig withUnixSocket(Path value) {
        return new HttpConfig(host, port, Optional.of(value), tls, limits, cors, rootPath);
    }

    public HttpConfig withTls(TlsFiles value) {
        return new HttpConfig(host, port, unixSocket, Optional.of(value), limits, cors, rootPath);
    }

    public HttpConfig withRootPath(String value) {
        return new HttpConfig(host, port, unixSocket, tls, limits, cors, value);
    }

    /** The path as handlers know it: without a proxy's, which the proxy may have taken off or not. */
    String withoutRoot(String path) {
        if (rootPath.isEmpty() || !path.startsWith(rootPath)) {
            return path;
        }
        String rest = path.substring(rootPath.length());
        return rest.isEmpty() ? "/" : rest.startsWith("/") ? rest : path;
    }
}
