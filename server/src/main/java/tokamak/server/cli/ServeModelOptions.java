package tokamak.server.cli;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tokamak.Engine;
import tokamak.EngineConfig;
import tokamak.HostMemory;
import tokamak.ModelInfo;
import tokamak.api.ModelLoadException;
import tokamak.server.openai.ModelPool;
import tokamak.server.openai.ModelSpec;
import tokamak.server.openai.ServedModel;

/** Which models {@code serve} offers, under which names, and how long they stay in memory. */
final class ServeModelOptions {
    private static final Duration USUAL_KEEP_ALIVE = Duration.ofMinutes(5);
    private static final Duration PLACE_TIMEOUT = Duration.ofSeconds(30);
    private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(ms|s|m|h)?");
    private static final Pattern NAMED = Pattern.compile("([^=/\\\\]+)=(.+)");
    /** Of the memory that is free at the start, the share that several models may take together. */
    private static final double MEMORY_SHARE = 0.8;
    /** Of what a model's weights leave of that, the share that its keys and values take unless somebody says. */
    private static final double KV_SHARE = 0.25;

    private static final int SMALLEST_CONTEXT = 256;

    @Parameters(
            arity = "0..*",
            paramLabel = "MODEL",
            description =
                    "GGUF files or Hugging Face folders, or NAME=PATH to name one; --model means the same. The first"
                            + " is opened at the start, the others when they are asked for. Default: the demo model.")
    private List<String> models = new ArrayList<>();

    @Option(names = "--model", paramLabel = "MODEL", hidden = true, description = "The same as MODEL; may be repeated.")
    private List<String> modelOptions = new ArrayList<>();

    @Option(
            names = "--models-dir",
            paramLabel = "DIR",
            description = "Offer all models of a folder: its GGUF files and Hugging Face folders.")
    private @Nullable Path folder;

    @Option(
            names = "--served-model-name",
            paramLabel = "NAME",
            arity = "1..*",
            description = "What clients call the model. Default: the name of its file or folder.")
    private List<String> servedNames = new ArrayList<>();

    @Option(
            names = "--keep-alive",
            paramLabel = "TIME",
            description =
                    "How long a model that nobody uses stays in memory, such as 90s, 10m or 2h; -1 is until others"
                            + " need it. Default: -1 for one model, 5m for several.")
    private @Nullable String keepAlive;

    @Option(
            names = "--model-memory",
            paramLabel = "BYTES",
            description = "What several models may take together, such as 12G; those that nobody uses make room for"
                    + " others. Default: 80 %% of the free memory.")
    private @Nullable String memory;

    @Option(
            names = "--generation-config",
            paramLabel = "auto|vllm|DIR",
            description =
                    "Sampling of requests that do not say: auto takes what the model's makers recommend, vllm takes"
                            + " the model's distribution as it is, a folder its generation_config.json. Default: auto.")
    private String generationConfig = "auto";

    @Option(
            names = "--override-generation-config",
            paramLabel = "JSON",
            description = "Changes to that, such as '{\"temperature\": 0.5}'.")
    private @Nullable String generationOverride;

    @Mixin
    private ServeEngineOptions engineOptions = new ServeEngineOptions();

    /** Models before they are opened. @param first is opened at the start if it was named */
    record Offer(List<ServedModel> models, boolean opensFirst, EngineConfig firstConfig) {}

    private record Named(Optional<String> name, Path path, String given) {}

    /** @throws CliFailure if the models can't be offered as they are named */
    Offer offer(CliContext context, AtomicBoolean starting) {
        SamplingSource sampling = SamplingSource.of(generationConfig, Optional.ofNullable(generationOverride));
        List<Named> named = named(context);
        boolean single = named.size() == 1;
        if (!single && !servedNames.isEmpty()) {
            throw new CliFailure("--served-model-name names one model, but there are " + named.size()
                    + "; give NAME=PATH for each instead");
        }
        long budget = single && memory == null ? Long.MAX_VALUE : memoryBytes();
        ModelPool pool = new ModelPool(budget, keepAlive(single), PLACE_TIMEOUT);
        List<ServedModel> offered = new ArrayList<>();
        Map<String, Path> taken = new HashMap<>();
        for (Named each : named) {
            EngineConfig config = engineOptions.config(context, each.path());
            ModelSpec spec = new Speaker(context, starting, sampling, budget).spec(each, config);
            spec.names().forEach(name -> requireFree(taken, name, each.path()));
            offered.add(pool.add(spec));
        }
        return new Offer(
                offered,
                !models.isEmpty() || !modelOptions.isEmpty() || folder == null,
                engineOptions.config(context, named.getFirst().path()));
    }

    private static void requireFree(Map<String, Path> taken, String name, Path path) {
        Path other = taken.put(name, path);
        if (other != null) {
            throw new CliFailure("two models would be called '" + name + "': " + other + " and " + path
                    + "; give one of them another name with NAME=PATH");
        }
    }

    private List<Named> named(CliContext context) {
        List<Named> found = new ArrayList<>();
        models.forEach(model -> found.add(named(model)));
        modelOptions.stream().filter(model -> !models.contains(model)).forEach(model -> found.add(named(model)));
        if (folder != null) {
            ModelFolder.of(folder).forEach((name, path) -> {
                if (found.stream().noneMatch(other -> other.path().equals(path))) {
                    found.add(new Named(Optional.of(name), path, path.toString()));
                }
            });
            if (found.isEmpty()) {
                throw new CliFailure("there is no GGUF file and no Hugging Face folder in " + folder);
            }
        }
        if (found.isEmpty()) {
            Path demo = RunTarget.demo(context, "serve MODEL");
            context.err()
                    .println("serving the demo model " + RunTarget.DEMO_MODEL + "; 'tokamak serve MODEL' serves yours");
            found.add(new Named(Optional.empty(), demo, RunTarget.DEMO_MODEL));
        }
        return found;
    }

    private static Named named(String model) {
        Matcher matcher = NAMED.matcher(model);
        if (!ModelPath.exists(model) && matcher.matches()) {
            return new Named(Optional.of(matcher.group(1)), ModelPath.of(matcher.group(2)), matcher.group(2));
        }
        return new Named(Optional.empty(), ModelPath.of(model), model);
    }

    private Optional<Duration> keepAlive(boolean single) {
        if (keepAlive == null) {
            return single ? Optional.empty() : Optional.of(USUAL_KEEP_ALIVE);
        }
        Matcher matcher = DURATION.matcher(keepAlive);
        if (keepAlive.equals("-1")) {
            return Optional.empty();
        }
        if (!matcher.matches()) {
            throw new CliFailure(
                    "--keep-alive must be a time such as 90s, 10m or 2h, or -1, found '" + keepAlive + "'");
        }
        long number = Long.parseLong(matcher.group(1));
        return Optional.of(
                switch (Optional.ofNullable(matcher.group(2)).orElse("s")) {
                    case "ms" -> Duration.ofMillis(number);
                    case "m" -> Duration.ofMinutes(number);
                    case "h" -> Duration.ofHours(number);
                    default -> Duration.ofSeconds(number);
                });
    }

    private long memoryBytes() {
        return memory == null
                ? (long) (MEMORY_SHARE * HostMemory.availableBytes())
                : ServeEngineOptions.size("--model-memory", memory);
    }

    /** Makes a model's entry of what the command line says about it. */
    private final class Speaker {
        private final CliContext context;
        private final AtomicBoolean starting;
        private final SamplingSource sampling;
        private final long budget;

        Speaker(CliContext context, AtomicBoolean starting, SamplingSource sampling, long budget) {
            this.context = context;
            this.starting = starting;
            this.sampling = sampling;
            this.budget = budget;
        }

        ModelSpec spec(Named named, EngineConfig config) {
            String file = fileName(named);
            String stem = file.endsWith(".gguf") ? file.substring(0, file.length() - ".gguf".length()) : file;
            List<String> names =
                    servedNames.isEmpty() ? List.of(named.name().orElse(stem)) : VllmFlags.list(servedNames);
            List<String> aliases =
                    servedNames.isEmpty() && named.name().isEmpty() ? List.of(file, named.given()) : List.of();
            Optional<ModelInfo> info = info(named.path());
            EngineConfig sized = budget == Long.MAX_VALUE ? config : withKvMemory(config, info);
            return new ModelSpec(
                    names,
                    aliases,
                    file,
                    info.flatMap(ModelInfo::shape)
                            .map(shape -> config.maxModelLen() == 0
                                    ? shape.maxPositions()
                                    : Math.min(config.maxModelLen(), shape.maxPositions()))
                            .orElse(0),
                    info.map(i -> i.weightBytes() + sized.kvCacheMemoryBytes()).orElse(0L),
                    () -> open(sized),
                    sampling::of);
        }

        /** What the files say; a model that can't be opened says why when it is. */
        private Optional<ModelInfo> info(Path path) {
            try {
                return Optional.of(ModelInfo.of(path));
            } catch (ModelLoadException e) {
                return Optional.empty();
            }
        }

        private EngineConfig withKvMemory(EngineConfig config, Optional<ModelInfo> info) {
            if (config.kvCacheMemoryBytes() != 0
                    || info.flatMap(ModelInfo::shape).isEmpty()) {
                return config;
            }
            ModelInfo.Shape shape = info.get().shape().orElseThrow();
            long perToken = info.get().kvBytesPerToken(config).orElseThrow();
            long context = config.maxModelLen() == 0
                    ? shape.maxPositions()
                    : Math.min(config.maxModelLen(), shape.maxPositions());
            long least = perToken * (config.maxModelLen() == 0 ? Math.min(context, SMALLEST_CONTEXT) : context);
            long share = (long) (KV_SHARE * Math.max(0, budget - info.get().weightBytes()));
            // A block more: the last one of a sequence need not be full.
            long useful = perToken * (context + 16) * config.maxNumSeqs();
            return config.withKvCacheMemoryBytes(Math.max(1, Math.max(least + 16 * perToken, Math.min(share, useful))));
        }

        private Engine open(EngineConfig config) {
            Engine engine = load(config);
            Thread.ofPlatform().daemon().name("tokamak-prepare").start(engine::prepareGuides);
            return engine;
        }

        private Engine load(EngineConfig config) {
            if (!starting.get()) {
                return Engine.open(config);
            }
            try (ProgressBar bar =
                    new ProgressBar(context, "loading " + config.model().getFileName())) {
                return Engine.open(config, bar::show);
            }
        }

        private static String fileName(Named named) {
            Path file = named.path().toAbsolutePath().normalize().getFileName();
            return file == null ? "model" : file.toString();
        }
    }
}
