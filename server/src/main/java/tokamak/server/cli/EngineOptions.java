package tokamak.server.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tokamak.Engine;
import tokamak.EngineConfig;

/** How a model is opened. */
final class EngineOptions {
    private static final String AUTO_KV_CACHE_TYPE = "f32";

    @Option(
            names = {"-t", "--threads"},
            paramLabel = "N",
            description = "Threads for arithmetic. Default: one per processor.")
    private @Nullable Integer threads;

    @Option(
            names = {"-c", "--max-model-len", "--ctx-size"},
            paramLabel = "N",
            description = "Tokens that prompt and answer may have together. Default: what model and memory allow.")
    private @Nullable Integer maxModelLen;

    @Option(
            names = "--kv-cache-dtype",
            paramLabel = "TYPE",
            description = "How keys and values are kept: auto, f32 or f16. Default: auto, which is "
                    + AUTO_KV_CACHE_TYPE + ".")
    private String kvCacheType = "auto";

    @Mixin
    private LoadOptions load = new LoadOptions();

    private EngineConfig config(Path model) {
        requirePositive("--threads", threads);
        requirePositive("--max-model-len", maxModelLen);
        EngineConfig config = EngineConfig.of(model)
                .withKvCacheType(kvCacheType.equalsIgnoreCase("auto") ? AUTO_KV_CACHE_TYPE : kvCacheType);
        config = threads == null ? config : config.withNumThreads(threads);
        return maxModelLen == null ? config : config.withMaxModelLen(maxModelLen);
    }

    private static void requirePositive(String option, @Nullable Integer value) {
        if (value != null && value < 1) {
            throw new CliFailure(option + " must be at least 1, found " + value);
        }
    }

    /** One conversation at a time: memory for one sequence is enough. */
    Engine openForConversation(CliContext context, Path model) {
        return open(context, config(model).withBatchLimits(1, 512));
    }

    /**
     * A single request. Models that choose their rope factors by the context get no more of it than the request needs.
     *
     * @param numTokens of prompt and answer
     */
    Engine openForRequest(CliContext context, Path model, long numTokens) {
        EngineConfig config = config(model).withBatchLimits(1, 512);
        int length = (int) Math.min(numTokens, Integer.MAX_VALUE);
        return open(context, maxModelLen == null ? config.withMaxModelLen(length) : config);
    }

    private Engine open(CliContext context, EngineConfig request) {
        EngineConfig config = load.applyTo(request, context);
        try (ProgressBar bar =
                new ProgressBar(context, "loading " + config.model().getFileName())) {
            return Engine.open(config, bar::show);
        }
    }
}
