package tokamak.server.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import tokamak.EngineConfig;

/** How much an engine computes at once, and the memory that it has for that: under vLLM's names. */
final class BatchOptions {
    @Option(names = "--max-num-seqs", paramLabel = "N", description = "Answers that are computed at once. Default: 64.")
    private @Nullable Integer maxNumSeqs;

    @Option(
            names = "--max-num-batched-tokens",
            paramLabel = "N",
            description = "Tokens that are computed in one step. Default: 512.")
    private @Nullable Integer maxNumBatchedTokens;

    @Option(
            names = "--kv-cache-memory-bytes",
            paramLabel = "N",
            description = "Memory for keys and values, such as 4G. Default: a share of what is free.")
    private @Nullable String kvCacheMemory;

    EngineConfig applyTo(EngineConfig config) {
        int seqs = maxNumSeqs == null ? config.maxNumSeqs() : maxNumSeqs;
        int tokens = maxNumBatchedTokens == null ? Math.max(seqs, config.maxNumBatchedTokens()) : maxNumBatchedTokens;
        EngineConfig limited = config.withBatchLimits(seqs, tokens);
        return kvCacheMemory == null
                ? limited
                : limited.withKvCacheMemoryBytes(ServeEngineOptions.size("--kv-cache-memory-bytes", kvCacheMemory));
    }
}
