package tokamak.server.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tokamak.Engine;
import tokamak.EngineConfig;
import tokamak.api.SamplingParams;
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

    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "MODEL",
            description = "GGUF file or Hugging Face folder; --model means the same.")
    private @Nullable String model;

    @Option(names = "--model", paramLabel = "MODEL", hidden = true, description = "The same as MODEL.")
    private @Nullable String modelOption;

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
            names = "--served-model-name",
            paramLabel = "NAME",
            arity = "1..*",
            description = "What clients call the model. Default: the name of its file or folder.")
    private List<String> servedNames = new ArrayList<>();

    @Mixin
    private ServeEngineOptions engineOptions = new ServeEngineOptions();

    @Option(
            names = "--generation-config",
            paramLabel = "auto|vllm",
            description =
                    "Sampling of requests that do not say: auto takes what the model's makers recommend, vllm takes"
                            + " the model's distribution as it is. Default: auto.")
    private String generationConfig = "auto";

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
        Path path = ModelPath.of(modelName());
        HttpConfig http = httpConfig();
        Access access = access();
        EngineConfig config = engineOptions.config(context, path);
        VllmFlags.notes(spec.commandLine().getParseResult())
                .forEach(note -> context.err().println("tokamak: " + note));
        LogFormat.install(context.err());
        Engine engine = open(config);
        try {
            ServedModel served = new ServedModel(engine, names(path), sampling(engine), Instant.now());
            ApiServer server = ApiServer.start(
                    http,
                    new ServedModels(List.of(served)),
                    new ApiServer.Options(Version.number(), access, accessLog));
            announce(server, served);
            return ShutdownSignals.await(server, Duration.ofSeconds(shutdownSeconds), context.err());
        } catch (ServerStartException e) {
            throw new CliFailure(String.valueOf(e.getMessage()));
        } finally {
            engine.close();
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

    private String modelName() {
        if (model != null && modelOption != null && !model.equals(modelOption)) {
            throw new CliFailure("two models are given, '" + model + "' and '" + modelOption + "'; give one");
        }
        return Optional.ofNullable(model)
                .or(() -> Optional.ofNullable(modelOption))
                .orElseThrow(() -> new CliFailure("no model is given; name a GGUF file or a Hugging Face folder"));
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

    private static Path readable(Path file) {
        if (!Files.isReadable(file)) {
            throw new CliFailure("cannot read " + file);
        }
        return file;
    }

    private List<String> names(Path path) {
        if (!servedNames.isEmpty()) {
            return List.copyOf(servedNames);
        }
        try {
            Path file = path.toRealPath().getFileName();
            String name = file == null ? "model" : file.toString();
            // What was given on the command line is what vLLM's clients ask for.
            return name.equals(modelName()) ? List.of(name) : List.of(name, modelName());
        } catch (IOException e) {
            return List.of(modelName());
        }
    }

    private SamplingParams sampling(Engine engine) {
        return switch (generationConfig) {
            case "auto" -> engine.samplingDefaults();
            case "vllm" -> SamplingParams.defaults();
            default ->
                throw new CliFailure("--generation-config must be auto or vllm, found '" + generationConfig + "'");
        };
    }

    private Engine open(EngineConfig config) {
        try (ProgressBar bar =
                new ProgressBar(context, "loading " + config.model().getFileName())) {
            return Engine.open(config, bar::show);
        }
    }

    private void announce(ApiServer server, ServedModel served) {
        Engine engine = served.engine();
        context.err()
                .println("serving " + served.name() + " at " + server.url() + " (context " + engine.contextLength()
                        + " tokens, " + engine.stats().numKvBlocks() + " KV blocks of " + engine.kvBlockSize()
                        + " tokens, ready after "
                        + Duration.between(started, Instant.now()).toMillis() + " ms)");
        context.err().flush();
    }
}
