package tokamak.server.cli;

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
import java.util.stream.Stream;
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
import tokamak.server.http.HttpConfig;
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
    private final CliContext context;
    private final Instant started = Instant.now();

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Mixin
    private ServeModelOptions modelOptions = new ServeModelOptions();

    @Mixin
    private ServeHttpOptions httpOptions = new ServeHttpOptions();

    @Option(
            names = "--api-key",
            paramLabel = "KEY",
            arity = "1..*",
            defaultValue = "${env:VLLM_API_KEY}",
            description =
                    "Clients need one of these keys. Other users of this machine may see them; VLLM_API_KEY in the"
                            + " environment or a file is better.")
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
        HttpConfig http = httpOptions.config();
        Optional<HttpConfig> admin = httpOptions.adminConfig(http);
        Access access = access();
        AtomicBoolean starting = new AtomicBoolean(true);
        ServeModelOptions.Offer offer = modelOptions.offer(context, starting);
        Stream.concat(VllmFlags.notes(spec.commandLine().getParseResult()).stream(), httpOptions.notes().stream())
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
