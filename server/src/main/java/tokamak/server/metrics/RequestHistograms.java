package tokamak.server.metrics;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import tokamak.api.FinishReason;

/** What is counted per request, under vLLM's names. */
final class RequestHistograms {
    static final String[] MODEL = {"model_name", "engine"};
    static final String ENGINE = "0";
    static final String COMPUTED = "local_compute";
    static final String CACHED = "local_cache_hit";
    private static final List<String> SOURCES = List.of(COMPUTED, CACHED);
    private static final List<String> LIMITS = List.of("max_num_queued_reqs", "max_num_queued_tokens");

    private final List<Histogram> histograms = new ArrayList<>();

    final Counter promptTokens;
    final Counter cachedTokens;
    final Counter tokensBySource;
    final Counter generationTokens;
    final Counter success;
    final Counter rejections;
    final Histogram timeToFirstToken;
    final Histogram interTokenLatency;
    final Histogram timePerOutputToken;
    final Histogram e2eLatency;
    final Histogram queueTime;
    final Histogram prefillTime;
    final Histogram decodeTime;
    final Histogram inferenceTime;
    final Histogram numPromptTokens;
    final Histogram numGenerationTokens;
    final Histogram maxNumGenerationTokens;
    final Histogram paramsMaxTokens;
    final Histogram paramsN;
    final Histogram prefillComputedTokens;
    final Histogram numPreemptions;
    /** The name of the time between tokens before vLLM 0.10. */
    final Histogram oldTimePerOutputToken;

    RequestHistograms(PrometheusRegistry registry, int contextLength) {
        promptTokens = counter(registry, "prompt_tokens", "Prompt tokens processed.");
        cachedTokens = counter(registry, "prompt_tokens_cached", "Prompt tokens found in the prefix cache.");
        generationTokens = counter(registry, "generation_tokens", "Tokens generated.");
        success = Counter.builder()
                .name("vllm:request_success")
                .help("Answers that ended, by reason.")
                .labelNames("model_name", "engine", "finished_reason")
                .register(registry);
        rejections = Counter.builder()
                .name("vllm:admission_rejections")
                .help("Requests refused because the queue was full.")
                .labelNames("model_name", "engine", "reason")
                .register(registry);
        tokensBySource = Counter.builder()
                .name("vllm:prompt_tokens_by_source")
                .help("Prompt tokens, by where their keys and values came from.")
                .labelNames("model_name", "engine", "source")
                .register(registry);
        double[] perRequest = Buckets.perRequest();
        double[] tokens = Buckets.tokens(contextLength);
        timeToFirstToken = histogram(registry, "time_to_first_token_seconds", Buckets.timeToFirstToken());
        interTokenLatency = histogram(registry, "inter_token_latency_seconds", Buckets.perToken());
        timePerOutputToken = histogram(registry, "request_time_per_output_token_seconds", Buckets.perToken());
        e2eLatency = histogram(registry, "e2e_request_latency_seconds", perRequest);
        queueTime = histogram(registry, "request_queue_time_seconds", perRequest);
        prefillTime = histogram(registry, "request_prefill_time_seconds", perRequest);
        decodeTime = histogram(registry, "request_decode_time_seconds", perRequest);
        inferenceTime = histogram(registry, "request_inference_time_seconds", perRequest);
        numPromptTokens = histogram(registry, "request_prompt_tokens", tokens);
        numGenerationTokens = histogram(registry, "request_generation_tokens", tokens);
        maxNumGenerationTokens = histogram(registry, "request_max_num_generation_tokens", tokens);
        paramsMaxTokens = histogram(registry, "request_params_max_tokens", tokens);
        prefillComputedTokens = histogram(registry, "request_prefill_kv_computed_tokens", tokens);
        oldTimePerOutputToken = histogram(registry, "time_per_output_token_seconds", Buckets.perToken());
        paramsN = histogram(registry, "request_params_n", Buckets.answers());
        numPreemptions = histogram(registry, "request_num_preemptions", Buckets.preemptions());
    }

    /** Shows a model's numbers as 0 before its first request: rates are known from the first scrape on. */
    void prepare(String model) {
        Stream.of(promptTokens, cachedTokens, generationTokens)
                .forEach(counter -> counter.initLabelValues(model, ENGINE));
        for (FinishReason reason : FinishReason.values()) {
            success.initLabelValues(model, ENGINE, reason.wireName());
        }
        SOURCES.forEach(source -> tokensBySource.initLabelValues(model, ENGINE, source));
        LIMITS.forEach(limit -> rejections.initLabelValues(model, ENGINE, limit));
        histograms.forEach(histogram -> histogram.initLabelValues(model, ENGINE));
    }

    private static Counter counter(PrometheusRegistry registry, String name, String help) {
        return Counter.builder()
                .name("vllm:" + name)
                .help(help)
                .labelNames(MODEL)
                .register(registry);
    }

    private Histogram histogram(PrometheusRegistry registry, String name, double[] bounds) {
        Histogram histogram = Histogram.builder()
                .name("vllm:" + name)
                .help("As vLLM counts it.")
                .labelNames(MODEL)
                .classicOnly()
                .classicUpperBounds(bounds)
                .register(registry);
        histograms.add(histogram);
        return histogram;
    }
}
