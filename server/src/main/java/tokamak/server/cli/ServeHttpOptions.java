package tokamak.server.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import tokamak.server.http.Cors;
import tokamak.server.http.HttpConfig;
import tokamak.server.http.HttpLimits;

/** Where {@code serve} listens, to whom, and how much it takes from them. */
final class ServeHttpOptions {
    private static final int MAX_BODY_BYTES = 64 << 20;

    @Option(
            names = "--host",
            paramLabel = "ADDRESS",
            description = "Where to listen; 0.0.0.0 is everywhere. Default: 127.0.0.1, this machine only.")
    private String host = "127.0.0.1";

    @Option(names = "--port", paramLabel = "N", description = "Default: 8000; 0 picks a free one.")
    private int port = 8000;

    @Option(names = "--uds", paramLabel = "PATH", description = "Listen on a unix socket instead.")
    private @Nullable Path unixSocket;

    @Option(
            names = "--admin-port",
            paramLabel = "N",
            description = "Take orders there: models, load and unload, sleep, drain, log level. Default: nowhere.")
    private @Nullable Integer adminPort;

    @Option(names = "--admin-host", paramLabel = "ADDRESS", description = "Default: 127.0.0.1, this machine only.")
    private String adminHost = "127.0.0.1";

    @Option(
            names = "--root-path",
            paramLabel = "PATH",
            description = "Such as /llm: what a proxy in front adds to every path, whether it takes it off or not.")
    private String rootPath = "";

    @Option(
            names = "--allowed-origins",
            paramLabel = "ORIGIN",
            arity = "1..*",
            description = "Web pages that may use the server, '*' for all. Default: pages of this machine.")
    private List<String> allowedOrigins = new ArrayList<>();

    @Option(names = "--ssl-certfile", paramLabel = "FILE", description = "Certificate chain (PEM): serve HTTPS.")
    private @Nullable Path certificate;

    @Option(
            names = "--ssl-keyfile",
            paramLabel = "FILE",
            description = "Its key (PEM, PKCS#8). Both are read again when they change.")
    private @Nullable Path key;

    @Option(
            names = "--ssl-ca-certs",
            paramLabel = "FILE",
            description = "Who signs the clients' certificates (PEM), where --ssl-cert-reqs asks for them.")
    private @Nullable Path clientAuthorities;

    @Option(
            names = "--ssl-cert-reqs",
            paramLabel = "0|1|2",
            description = "Whether clients need a certificate: 0 no, 1 if they have one it must be right, 2 yes."
                    + " Default: 0.")
    private int clientCertificates;

    @Option(names = "--max-body-bytes", paramLabel = "N", description = "The largest request. Default: 8388608.")
    private int maxBodyBytes = HttpLimits.defaults().maxBodyBytes();

    HttpConfig config() {
        if (maxBodyBytes < 1024 || maxBodyBytes > MAX_BODY_BYTES) {
            throw new CliFailure("--max-body-bytes must be 1024 to " + MAX_BODY_BYTES + ", found " + maxBodyBytes);
        }
        HttpConfig config = HttpConfig.at(host, port("--port", port))
                .withLimits(HttpLimits.defaults().withMaxBodyBytes(maxBodyBytes))
                .withRootPath(rootPath());
        if (unixSocket != null) {
            config = config.withUnixSocket(unixSocket);
        }
        if (!allowedOrigins.isEmpty()) {
            config = config.withCors(new Cors(VllmFlags.list(allowedOrigins)));
        }
        return tls().map(config::withTls).orElse(config);
    }

    private String rootPath() {
        String path = rootPath.replaceAll("/+$", "");
        if (!path.isEmpty() && !path.startsWith("/")) {
            throw new CliFailure("--root-path must begin with a slash, such as /llm, found '" + rootPath + "'");
        }
        return path;
    }

    private static int port(String option, int port) {
        if (port < 0 || port > 65535) {
            throw new CliFailure(option + " must be 0 to 65535, found " + port);
        }
        return port;
    }

    private Optional<HttpConfig.TlsFiles> tls() {
        if (certificate == null && key == null && clientCertificates == 0) {
            return Optional.empty();
        }
        if (certificate == null || key == null) {
            throw new CliFailure(
                    "--ssl-certfile and --ssl-keyfile belong together, and --ssl-cert-reqs needs them; give both or none");
        }
        return Optional.of(new HttpConfig.TlsFiles(readable(certificate), readable(key), clients()));
    }

    private Optional<HttpConfig.ClientCertificates> clients() {
        if (clientCertificates < 0 || clientCertificates > 2) {
            throw new CliFailure("--ssl-cert-reqs must be 0, 1 or 2, found " + clientCertificates);
        }
        if (clientCertificates == 0) {
            return Optional.empty();
        }
        if (clientAuthorities == null) {
            throw new CliFailure("--ssl-cert-reqs " + clientCertificates
                    + " needs --ssl-ca-certs, the file of those who sign the clients' certificates");
        }
        return Optional.of(new HttpConfig.ClientCertificates(
                readable(clientAuthorities),
                clientCertificates == 2 ? HttpConfig.Demand.REQUIRED : HttpConfig.Demand.OPTIONAL));
    }

    /** Flags that were given and do not act. */
    List<String> notes() {
        return clientAuthorities == null || clientCertificates > 0
                ? List.of()
                : List.of(
                        "--ssl-ca-certs has no effect: clients are asked for certificates with --ssl-cert-reqs 1 or 2");
    }

    /** Orders come over the same protocol, encrypted with the same certificate, but from this machine unless told otherwise. */
    Optional<HttpConfig> adminConfig(HttpConfig http) {
        if (adminPort == null) {
            return Optional.empty();
        }
        HttpConfig config =
                HttpConfig.at(adminHost, port("--admin-port", adminPort)).withLimits(http.limits());
        return Optional.of(http.tls().map(config::withTls).orElse(config));
    }

    private static Path readable(Path file) {
        if (!Files.isReadable(file)) {
            throw new CliFailure("cannot read " + file);
        }
        return file;
    }
}
