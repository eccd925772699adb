package tokamak.server.cli;

import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tokamak.EngineConfig;

/** How {@code serve} opens its model: vLLM's names for what an {@link EngineConfig} holds. */
final class ServeEngineOptions {
    private static final Pattern SIZE = Pattern.compile("(\\d+(?:\\.\\d+)?)([kKmMgG]?)");
    private static final int KV_BLOCK_SIZE = 16;

    @Option(
            names = {"-t", "--threads"},
            paramLabel = "N",
            description = "Threads for arithmetic. Default: one per processor.")
    private @Nullable Integer threads;

    @Option(
            names = {"-c", "--max-model-len"},
            paramLabel = "N",
            description = "Tokens that prompt and answer may have together, such as 32768, 32k or auto."
                    + " Default: what model and memory allow.")
    private String maxModelLen = "auto";

    @Option(
            names = {"-q", "--quantization"},
            paramLabel = "METHOD",
            description =
                    "Refuse a model that is not quantised by METHOD, such as awq, gptq, fp8, compressed-tensors or"
                            + " gguf. Default: take it as its files say.")
    private String quantization = "auto";

    @Mixin
    private BatchOptions batch = new BatchOptions();

    @Mixin
    private KvTypeOption kvType = new KvTypeOption();

    @Option(names = "--block-size", paramLabel = "N", hidden = true, description = "Tokens per KV block: only 16.")
    private int blockSize = KV_BLOCK_SIZE;

    @Option(
            names = "--enable-prefix-caching",
            negatable = true,
            defaultValue = "true",
            fallbackValue = "true",
            description = "Find the beginning of a prompt again that was computed before. Default: yes.")
    private boolean prefixCaching;

    @Option(
            names = "--prefix-cache-dir",
            paramLabel = "DIR",
            description =
                    "Keep what the prefix cache has in DIR too, for the next start. Several processes may share it."
                            + " Default: nowhere.")
    private @Nullable Path prefixCacheFolder;

    @Option(
            names = "--prefix-cache-size",
            paramLabel = "N",
            description = "The most that DIR takes, such as 20G. Default: 10G, but at most a quarter of the disk.")
    private @Nullable String prefixCacheSize;

    @Option(
            names = "--long-prefill-token-threshold",
            paramLabel = "N",
            description = "The most tokens of one prompt in a step. Default: no less than the step has.")
    private int longPrefillCap;

    @Option(names = "--max-num-queued-reqs", paramLabel = "N", description = "Answers that may wait. Default: 1024.")
    private @Nullable Integer maxNumQueuedReqs;

    @Option(
            names = "--max-num-queued-tokens",
            paramLabel = "N",
            description = "Prompt tokens that may wait. Default: 1048576.")
    private @Nullable Long maxNumQueuedTokens;

    @Mixin
    private LoadOptions load = new LoadOptions();

    @Mixin
    private ChatOptions chat = new ChatOptions();

    EngineConfig config(CliContext context, Path model) {
        if (blockSize != KV_BLOCK_SIZE) {
            throw new CliFailure("--block-size " + blockSize + " is not supported; only " + KV_BLOCK_SIZE + " is");
        }
        EngineConfig config = batch.applyTo(chat.applyTo(load.applyTo(EngineConfig.of(model), context)));
        config = config.withKvCacheType(kvType.name())
                .withQuantization(quantization)
                .withPrefixCaching(prefixCaching)
                .withPrefixCacheFolder(prefixCacheFolder(), prefixCacheBytes())
                .withLongPrefillCap(longPrefillCap)
                .withQueueLimits(
                        maxNumQueuedReqs == null ? config.maxNumQueuedReqs() : maxNumQueuedReqs,
                        maxNumQueuedTokens == null ? config.maxNumQueuedTokens() : maxNumQueuedTokens);
        if (!maxModelLen.equals("auto") && !maxModelLen.equals("-1")) {
            config = config.withMaxModelLen((int) Math.min(Integer.MAX_VALUE, size("--max-model-len", maxModelLen)));
        }
        return threads == null ? config : config.withNumThreads(threads);
    }

    private @Nullable Path prefixCacheFolder() {
        if (prefixCacheFolder == null) {
            if (prefixCacheSize != null) {
                throw new CliFailure("--prefix-cache-size needs --prefix-cache-dir, the folder that it bounds");
            }
        } else if (!prefixCaching) {
            throw new CliFailure("--prefix-cache-dir makes no sense with --no-enable-prefix-caching");
        }
        return prefixCacheFolder;
    }

    private long prefixCacheBytes() {
        return prefixCacheSize == null ? 0 : size("--prefix-cache-size", prefixCacheSize);
    }

    /** A lower-case letter counts in thousands and a capital in powers of 1024, as vLLM has it. */
    static long size(String option, String text) {
        Matcher matcher = SIZE.matcher(text);
        if (!matcher.matches()) {
            throw new CliFailure(option + " must be a number such as 32768, 32k or 32K, found '" + text + "'");
        }
        double number = Double.parseDouble(matcher.group(1));
        double unit = switch (matcher.group(2)) {
            case "k" -> 1e3;
            case "m" -> 1e6;
            case "g" -> 1e9;
            case "K" -> 1 << 10;
            case "M" -> 1 << 20;
            case "G" -> 1 << 30;
            default -> 1;
        };
        long value = (long) (number * unit);
        if (value < 1) {
            throw new CliFailure(option + " must be at least 1, found '" + text + "'");
        }
        return value;
    }
}
