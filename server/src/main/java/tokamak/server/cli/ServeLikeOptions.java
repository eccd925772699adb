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

    @Mixin
    private BatchOptions batch = new BatchOptions();

    @Option(
            names = "--max-slowdown",
            paramLabel = "X",
            description = "How many times longer a step of running answers may take because of prompts beside them."
                    + " Default: 2.5.")
    private @Nullable Double maxSlowdown;

    @Option(
            names = "--max-model-len",
            paramLabel = "N",
            description = "Tokens that prompt and answer may have together. Default: what the model and memory allow.")
    private int maxModelLen;

    @Option(
            names = "--prefix-cache-dir",
            paramLabel = "DIR",
            description = "Keep what the prefix cache has in DIR too, for the next run. Default: nowhere.")
    private @Nullable Path prefixCacheFolder;

    boolean isWanted() {
        return serveLike;
    }

    ServeBenchReport run(CliContext context, BenchOptions.Subject subject, int threads, String cpuIsa, String kvType) {
        EngineConfig config = batch.applyTo(EngineConfig.of(subject.path()))
                .withMaxModelLen(maxModelLen)
                .withNumThreads(threads)
                .withCpuIsa(cpuIsa)
                .withKvCacheType(kvType)
                .withQueueLimits(Integer.MAX_VALUE, Long.MAX_VALUE)
                .withPrefixCacheFolder(prefixCacheFolder, 0);
        if (maxSlowdown != null) {
            config = config.withMaxSlowdown(maxSlowdown);
        }
        var requests = workload.workload();
        int count = requests.arrivals().size();
        try (ProgressBar bar = new ProgressBar(context, "sending " + count + " requests")) {
            return ServeBenchmark.run(
                    subject, config, requests, workload.maxConcurrency(), sent -> bar.show((double) sent / count));
        }
    }
}
