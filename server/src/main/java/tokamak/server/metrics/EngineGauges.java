package tokamak.server.metrics;

import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.Labels;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
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
        // Names that vLLM has given up; dashboards of those days ask for them.
        gauge("vllm:gpu_cache_usage_perc", "As vllm:kv_cache_usage_perc.", EngineStats::kvCacheUsage);
        counter("vllm:gpu_prefix_cache_queries", "As vllm:prefix_cache_queries.", EngineStats::numPromptTokens);
        counter("vllm:gpu_prefix_cache_hits", "As vllm:prefix_cache_hits.", EngineStats::numCachedTokens);
        counter(
                "vllm:prompt_tokens_recomputed",
                "Prompt tokens that were in the prefix cache and computed all the same, because the last one has to be.",
                EngineStats::numRecomputedTokens);
        external();
        counter(
                "vllm:corrupted_requests",
                "Sequences whose logits were no numbers; they fail.",
                EngineStats::numCorrupted);
        registry.register(new StepSizes(sources));
        counter("vllm:num_preemptions", "Times a running sequence gave up its blocks.", EngineStats::numPreemptions);
        cacheConfig();
        sleepState();
        own();
    }

    /** The prefix cache's folder. */
    private void external() {
        counter(
                "vllm:external_prefix_cache_queries",
                "Prompt tokens looked up in the prefix cache's folder.",
                EngineStats::numStoreQueriedTokens);
        CounterWithCallback.builder()
                .name("vllm:external_prefix_cache_hits")
                .help("Prompt tokens that came from the prefix cache's folder.")
                .labelNames(RequestHistograms.MODEL)
                .callback(callback -> forEach((source, reading) -> callback.call(
                        (double) reading.stats().numLoadedBlocks() * reading.kvBlockSize(),
                        source.model(),
                        RequestHistograms.ENGINE)))
                .register(registry);
    }

    private void own() {
        counter("tokamak_steps", "Steps that computed something.", EngineStats::numSteps);
        counter("tokamak_computed_tokens", "Rows computed, recomputed ones included.", EngineStats::numComputedTokens);
        counter(
                "tokamak_jump_forward_tokens",
                "Tokens that a guide left no choice about: nothing was computed to choose them.",
                EngineStats::numForcedTokens);
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

    /** Prometheus' Info can't change; this one follows what is loaded. */
    private void cacheConfig() {
        registry.register(new ModelInfoCollector("vllm:cache_config", "The KV cache.", () -> {
            List<Labels> infos = new ArrayList<>();
            forEach((source, reading) -> infos.add(Labels.of(
                    "model_name",
                    source.model(),
                    "engine",
                    RequestHistograms.ENGINE,
                    "block_size",
                    Integer.toString(reading.kvBlockSize()),
                    "cache_dtype",
                    reading.kvCacheType(),
                    "enable_prefix_caching",
                    reading.prefixCaching() ? "True" : "False",
                    "num_gpu_blocks",
                    Integer.toString(reading.stats().numKvBlocks()))));
            return infos;
        }));
    }

    /** One of three is 1. Weights are mapped from files, so there is nothing between awake and dropped. */
    private void sleepState() {
        GaugeWithCallback.builder()
                .name("vllm:engine_sleep_state")
                .help("Whether the model is awake or its memory is free.")
                .labelNames("model_name", "engine", "sleep_state")
                .callback(callback -> sources.forEach(source -> {
                    boolean asleep = source.asleep().getAsBoolean();
                    callback.call(asleep ? 0 : 1, source.model(), RequestHistograms.ENGINE, "awake");
                    callback.call(0, source.model(), RequestHistograms.ENGINE, "weights_offloaded");
                    callback.call(asleep ? 1 : 0, source.model(), RequestHistograms.ENGINE, "discard_all");
                }))
                .register(registry);
        GaugeWithCallback.builder()
                .name("tokamak_model_loaded")
                .help("Whether the model is in memory.")
                .labelNames(RequestHistograms.MODEL)
                .callback(callback -> sources.forEach(source -> callback.call(
                        source.reading().get().isPresent() ? 1 : 0, source.model(), RequestHistograms.ENGINE)))
                .register(registry);
    }

    private void forEach(BiConsumer<ServerMetrics.Source, ServerMetrics.Reading> reader) {
        sources.forEach(source -> source.reading().get().ifPresent(reading -> reader.accept(source, reading)));
    }

    private void waitingByReason() {
        GaugeWithCallback.builder()
                .name("vllm:num_requests_waiting_by_reason")
                .help("Sequences that wait, by reason.")
                .labelNames("model_name", "engine", "reason")
                .callback(callback -> forEach((source, reading) -> {
                    callback.call(
                            reading.stats().numRequestsWaiting(), source.model(), RequestHistograms.ENGINE, "capacity");
                    callback.call(0, source.model(), RequestHistograms.ENGINE, "deferred");
                }))
                .register(registry);
    }

    private void gauge(String name, String help, ToDoubleFunction<EngineStats> value) {
        GaugeWithCallback.builder()
                .name(name)
                .help(help)
                .labelNames(RequestHistograms.MODEL)
                .callback(callback -> forEach((source, reading) ->
                        callback.call(value.applyAsDouble(reading.stats()), source.model(), RequestHistograms.ENGINE)))
                .register(registry);
    }

    private void counter(String name, String help, ToDoubleFunction<EngineStats> value) {
        CounterWithCallback.builder()
                .name(name)
                .help(help)
                .labelNames(RequestHistograms.MODEL)
                .callback(callback -> forEach((source, reading) ->
                        callback.call(value.applyAsDouble(reading.stats()), source.model(), RequestHistograms.ENGINE)))
                .register(registry);
    }
}
