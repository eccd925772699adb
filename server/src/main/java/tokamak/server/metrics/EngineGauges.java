package tokamak.server.metrics;

import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Info;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.List;
import java.util.function.ToDoubleFunction;
import tokamak.EngineStats;

/** What the engines know of themselves, read when somebody asks. */
final class EngineGauges {
    private final PrometheusRegistry registry;
    private final List<ServerMetrics.Source> sources;

    EngineGauges(PrometheusRegistry registry, List<ServerMetrics.Source> sources) {
        this.registry = registry;
        this.sources = sources;
    }

    void register() {
        gauge("vllm:num_requests_running", "Sequences that run.", EngineStats::numRequestsRunning);
        gauge("vllm:num_requests_waiting", "Sequences that wait.", EngineStats::numRequestsWaiting);
        waitingByReason();
        gauge(
                "vllm:kv_cache_usage_perc",
                "Share of KV blocks that running sequences use, 0 to 1.",
                EngineStats::kvCacheUsage);
        counter(
                "vllm:prefix_cache_queries",
                "Prompt tokens looked up in the prefix cache.",
                EngineStats::numPromptTokens);
        counter("vllm:prefix_cache_hits", "Prompt tokens found in the prefix cache.", EngineStats::numCachedTokens);
        counter("vllm:num_preemptions", "Times a running sequence gave up its blocks.", EngineStats::numPreemptions);
        Info config = Info.builder()
                .name("vllm:cache_config_info")
                .help("The KV cache.")
                .labelNames("model_name", "engine", "block_size", "num_gpu_blocks")
                .register(registry);
        for (ServerMetrics.Source source : sources) {
            config.addLabelValues(
                    source.model(),
                    RequestHistograms.ENGINE,
                    Integer.toString(source.kvBlockSize()),
                    Integer.toString(source.stats().get().numKvBlocks()));
        }
        own();
    }

    private void own() {
        counter("tokamak_steps", "Steps that computed something.", EngineStats::numSteps);
        counter("tokamak_computed_tokens", "Rows computed, recomputed ones included.", EngineStats::numComputedTokens);
        counter("tokamak_timeouts", "Sequences whose deadline passed.", EngineStats::numTimeouts);
        counter("tokamak_failed_sequences", "Sequences that failed, timeouts included.", EngineStats::numFailed);
        counter("tokamak_slow_steps", "Steps that took longer than the limit.", EngineStats::numSlowSteps);
        counter("tokamak_scheduler_failures", "Errors of the scheduler itself.", EngineStats::numLoopFailures);
        gauge(
                "tokamak_open_answers",
                "Answers that have been asked for and have not ended.",
                EngineStats::numOpenAnswers);
        gauge("tokamak_kv_blocks", "KV blocks in the pool.", EngineStats::numKvBlocks);
        gauge("tokamak_kv_blocks_used", "KV blocks of running sequences.", EngineStats::numKvBlocksUsed);
        gauge(
                "tokamak_last_step_seconds",
                "How long the last step took.",
                stats -> stats.lastStep().toNanos() / 1e9);
    }

    private void waitingByReason() {
        GaugeWithCallback.builder()
                .name("vllm:num_requests_waiting_by_reason")
                .help("Sequences that wait, by reason.")
                .labelNames("model_name", "engine", "reason")
                .callback(callback -> sources.forEach(source -> {
                    callback.call(
                            source.stats().get().numRequestsWaiting(),
                            source.model(),
                            RequestHistograms.ENGINE,
                            "capacity");
                    callback.call(0, source.model(), RequestHistograms.ENGINE, "deferred");
                }))
                .register(registry);
    }

    private void gauge(String name, String help, ToDoubleFunction<EngineStats> value) {
        GaugeWithCallback.builder()
                .name(name)
                .help(help)
                .labelNames(RequestHistograms.MODEL)
                .callback(callback -> sources.forEach(source -> callback.call(
                        value.applyAsDouble(source.stats().get()), source.model(), RequestHistograms.ENGINE)))
                .register(registry);
    }

    private void counter(String name, String help, ToDoubleFunction<EngineStats> value) {
        CounterWithCallback.builder()
                .name(name)
                .help(help)
                .labelNames(RequestHistograms.MODEL)
                .callback(callback -> sources.forEach(source -> callback.call(
                        value.applyAsDouble(source.stats().get()), source.model(), RequestHistograms.ENGINE)))
                .register(registry);
    }
}
