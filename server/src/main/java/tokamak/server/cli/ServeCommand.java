package tokamak.server.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tokamak.MachineInfo;
import tokamak.api.ModelLoadException;
import tokamak.server.access.Access;
import tokamak.server.access.ApiKey;
import tokamak.server.http.Cors;
import tokamak.server.http.HttpConfig;
import tokamak.server.http.HttpLimits;
import tokamak.server.http.ServerStartException;
import tokamak.server.openai.ApiServer;
import tokamak.server.openai.ServedModel;
import tokamak.server.openai.ServedModels;

@Command(
        name = "serve",
        header = "Serve a model to OpenAI clients.",
        description = "Takes the flags of 'vllm serve'; those that mean nothing here are named in a line and ignored.",
        sortOptions = false)
final class ServeCommand implements Callable<Integer> {
    private static final int MAX_CONNECTION_BYTES = 64 << 20;

    private final CliContext context;
    private final Instant started = Instant.now();

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Mixin
    private ServeModelOptions modelOptions = new ServeModelOptions();

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
            names = "--api-key",
            paramLabel = "KEY",
            arity = "1..*",
            description = "Clients need one of these keys. Other users of this machine may see them; a file is better.")
    private List<String> apiKeys = new ArrayList<>();

    @Option(
            names = "--api-key-file",
            paramLabel = "FILE",
            description =
                    "JSON array of keys with limits: [{\"name\": ..., \"sha256\": ..., \"requests_per_minute\": ...,"
                            + " \"tokens_per_minute\": ..., \"max_concurrent\": ..., \"best_priority\": ..., \"models\": [...]}]."
                            + " Read again when it changes.")
    private @Nullable Path apiKeyFile;

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

    @Option(names = "--max-body-bytes", paramLabel = "N", description = "The largest request. Default: 8388608.")
    private int maxBodyBytes = HttpLimits.defaults().maxBodyBytes();

    @Option(
            names = "--shutdown-timeout",
            paramLabel = "SECONDS",
            description = "How long running requests may take when the server is told to stop. Default: 30.")
    private int shutdownSeconds = 30;

    @Option(names = "--access-log", description = "Log a line of JSON per answer.")
    private boolean accessLog;

    /** Read by {@link ConfigFile} before the command line is. */
    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "More flags, as YAML: 'max-model-len: 32768'. Those given here win.")
    private @Nullable Path configFile;

    @Mixin
    private HelpOption help = new HelpOption();

    ServeCommand(CliContext context) {
        this.context = context;
    }

    @Override
    public Integer call() throws InterruptedException {
        HttpConfig http = httpConfig();
        Optional<HttpConfig> admin = adminConfig(http);
        Access access = access();
        AtomicBoolean starting = new AtomicBoolean(true);
        ServeModelOptions.Offer offer = modelOptions.offer(context, starting);
        VllmFlags.notes(spec.commandLine().getParseResult())
                .forEach(note -> context.err().println("tokamak: " + note));
        LogFormat.install(context.err());
        ServedModels models = new ServedModels(offer.models());
        try {
            openFirst(offer);
            starting.set(false);
            ApiServer server =
                    ApiServer.start(http, models, new ApiServer.Options(Version.number(), access, accessLog, admin));
            announce(server, offer);
            return ShutdownSignals.await(server, Duration.ofSeconds(shutdownSeconds), context.err());
        } catch (ServerStartException e) {
            throw new CliFailure(String.valueOf(e.getMessage()));
        } finally {
            models.close();
        }
    }

    /** A server with one model is of no use without it; with several, the others can still be asked for. */
    private void openFirst(ServeModelOptions.Offer offer) {
        if (!offer.opensFirst()) {
            return;
        }
        try {
            offer.models().getFirst().lease().close();
        } catch (ModelLoadException e) {
            if (offer.models().size() == 1) {
                throw e;
            }
        }
    }

    private Access access() {
        List<ApiKey> keys = IntStream.range(0, apiKeys.size())
                .mapToObj(i -> ApiKey.of("key-" + (i + 1), apiKeys.get(i)))
                .toList();
        try {
            if (apiKeyFile != null) {
                return Access.of(keys, apiKeyFile);
            }
            return keys.isEmpty() ? Access.open() : Access.of(keys);
        } catch (IllegalArgumentException e) {
            throw new CliFailure(String.valueOf(e.getMessage()));
        }
    }

    private HttpConfig httpConfig() {
        if (port < 0 || port > 65535) {
            throw new CliFailure("--port must be 0 to 65535, found " + port);
        }
        if (maxBodyBytes < 1024 || maxBodyBytes > MAX_CONNECTION_BYTES) {
            throw new CliFailure(
                    "--max-body-bytes must be 1024 to " + MAX_CONNECTION_BYTES + ", found " + maxBodyBytes);
        }
        if ((certificate == null) != (key == null)) {
            throw new CliFailure("--ssl-certfile and --ssl-keyfile belong together; give both or none");
        }
        return new HttpConfig(
                host,
                port,
                Optional.ofNullable(unixSocket),
                certificate == null || key == null
                        ? Optional.empty()
                        : Optional.of(new HttpConfig.TlsFiles(readable(certificate), readable(key))),
                HttpLimits.defaults().withMaxBodyBytes(maxBodyBytes),
                allowedOrigins.isEmpty() ? Cors.local() : new Cors(VllmFlags.list(allowedOrigins)));
    }

    /** Orders come over the same protocol, encrypted with the same certificate, but from this machine unless told otherwise. */
    private Optional<HttpConfig> adminConfig(HttpConfig http) {
        if (adminPort == null) {
            return Optional.empty();
        }
        if (adminPort < 0 || adminPort > 65535) {
            throw new CliFailure("--admin-port must be 0 to 65535, found " + adminPort);
        }
        return Optional.of(
                new HttpConfig(adminHost, adminPort, Optional.empty(), http.tls(), http.limits(), Cors.local()));
    }

    private static Path readable(Path file) {
        if (!Files.isReadable(file)) {
            throw new CliFailure("cannot read " + file);
        }
        return file;
    }

    private void announce(ApiServer server, ServeModelOptions.Offer offer) {
        ServedModel first = offer.models().getFirst();
        String others = offer.models().size() == 1
                ? ""
                : ", " + (offer.models().size() - 1) + " more when they are asked for: "
                        + offer.models().stream().skip(1).map(ServedModel::name).collect(Collectors.joining(", "));
        String facts = first.loaded()
                .map(engine -> "context " + engine.contextLength() + " tokens, "
                        + engine.stats().numKvBlocks() + " KV blocks of " + engine.kvBlockSize() + " tokens, ")
                .orElse("not loaded, ");
        context.err()
                .println("serving " + first.name() + " at " + server.url() + " on "
                        + MachineInfo.processor(offer.firstConfig().cpuIsa()) + " ("
                        + facts + "ready after "
                        + Duration.between(started, Instant.now()).toMillis() + " ms)" + others);
        server.adminUrl().ifPresent(url -> context.err().println("taking orders at " + url));
        context.err().flush();
    }
}
