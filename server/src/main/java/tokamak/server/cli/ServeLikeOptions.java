package tokamak.server.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tokamak.BenchOptions;
import tokamak.EngineConfig;
import tokamak.ServeBenchReport;
import tokamak.ServeBenchmark;

/** {@code bench --serve-like}: many requests through an engine in this process. */
final class ServeLikeOptions {
    @Option(
            names = "--serve-like",
            description = "Send many requests at once through the scheduler, as a server does, and show throughput and"
                    + " latencies. The options from here on belong to it.")
    private boolean serveLike;

    @Mixin
    private WorkloadOptions workload = new WorkloadOptions();

    @Option(names = "--max-num-seqs", paramLabel = "N", description = "Answers that are computed at once. Default: 64.")
    private @Nullable Integer maxNumSeqs;

    @Option(
            names = "--max-num-batched-tokens",
            paramLabel = "N",
            description = "Tokens that are computed in one step. Default: 512.")
    private @Nullable Integer maxNumBatchedTokens;

    @Option(
            names = "--max-slowdown",
            paramLabel = "X",
            description = "How many times longer a step of running answers may take because of prompts beside them."
                    + " Default: 2.")
    private @Nullable Double maxSlowdown;

    @Option(
            names = "--max-model-len",
            paramLabel = "N",
            description = "Tokens that prompt and answer may have together. Default: what the model and memory allow.")
    private int maxModelLen;

    @Option(
            names = "--kv-cache-memory-bytes",
            paramLabel = "N",
            description = "Memory for keys and values, such as 4G. Default: a share of what is free.")
    private @Nullable String kvCacheMemory;

    @Option(
            names = "--prefix-cache-dir",
            paramLabel = "DIR",
            description = "Keep what the prefix cache has in DIR too, for the next run. Default: nowhere.")
    private @Nullable Path prefixCacheFolder;

    boolean isWanted() {
        return serveLike;
    }

    ServeBenchReport run(CliContext context, BenchOptions.Subject subject, int threads, String cpuIsa, String kvType) {
        EngineConfig config = EngineConfig.of(subject.path()).withMaxModelLen(maxModelLen);
        int seqs = maxNumSeqs == null ? config.maxNumSeqs() : maxNumSeqs;
        int tokens = maxNumBatchedTokens == null ? Math.max(seqs, config.maxNumBatchedTokens()) : maxNumBatchedTokens;
        config = config.withBatchLimits(seqs, tokens)
                .withNumThreads(threads)
                .withCpuIsa(cpuIsa)
                .withKvCacheType(kvType)
                .withQueueLimits(Integer.MAX_VALUE, Long.MAX_VALUE)
                .withPrefixCacheFolder(prefixCacheFolder, 0);
        if (maxSlowdown != null) {
            config = config.withMaxSlowdown(maxSlowdown);
        }
        if (kvCacheMemory != null) {
            config = config.withKvCacheMemoryBytes(ServeEngineOptions.size("--kv-cache-memory-bytes", kvCacheMemory));
        }
        var requests = workload.workload();
        int count = requests.arrivals().size();
        try (ProgressBar bar = new ProgressBar(context, "sending " + count + " requests")) {
            return ServeBenchmark.run(
                    subject, config, requests, workload.maxConcurrency(), sent -> bar.show((double) sent / count));
        }
    }
}
