package tokamak.server.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tokamak.Engine;
import tokamak.EngineConfig;

/** How a model is opened. */
final class EngineOptions {
    private static final int CONVERSATION_LENGTH = 4096;
    private static final int STEP_TOKENS = 512;

    @Option(
            names = {"-t", "--threads"},
            paramLabel = "N",
            description = "Threads for arithmetic. Default: one per processor.")
    private @Nullable Integer threads;

    @Option(
            names = {"-c", "--max-model-len", "--ctx-size"},
            paramLabel = "N",
            description = "Tokens that prompt and answer may have together. Default: as many as the request needs; for"
                    + " conversations what the model allows, at most " + CONVERSATION_LENGTH + ".")
    private @Nullable Integer maxModelLen;

    @Mixin
    private KvTypeOption kvType = new KvTypeOption();

    @Mixin
    private LoadOptions load = new LoadOptions();

    private EngineConfig config(Path model, int usualLength) {
        requirePositive("--threads", threads);
        requirePositive("--max-model-len", maxModelLen);
        EngineConfig config = EngineConfig.of(model)
                .withBatchLimits(1, STEP_TOKENS)
                .withMaxModelLen(maxModelLen == null ? usualLength : maxModelLen)
                .withKvCacheType(kvType.name());
        return threads == null ? config : config.withNumThreads(threads);
    }

    private static void requirePositive(String option, @Nullable Integer value) {
        if (value != null && value < 1) {
            throw new CliFailure(option + " must be at least 1, found " + value);
        }
    }

    /** One conversation at a time: memory for one sequence is enough. */
    Engine openForConversation(CliContext context, Path model, ChatOptions chat) {
        return open(context, chat.applyTo(config(model, CONVERSATION_LENGTH)));
    }

    /**
     * A single request. Models that choose their rope factors by the context get no more of it than the request needs.
     *
     * @param numTokens of prompt and answer
     */
    Engine openForRequest(CliContext context, Path model, long numTokens) {
        return open(context, config(model, (int) Math.min(numTokens, Integer.MAX_VALUE)));
    }

    private Engine open(CliContext context, EngineConfig request) {
        EngineConfig config = load.applyTo(request, context);
        try (ProgressBar bar =
                new ProgressBar(context, "loading " + config.model().getFileName())) {
            return Engine.open(config, bar::show);
        }
    }
}
