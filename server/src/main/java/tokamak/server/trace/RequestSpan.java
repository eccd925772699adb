package tokamak.server.trace;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import java.time.Duration;
import java.util.List;
import tokamak.api.FinishReason;
import tokamak.api.SamplingParams;

/**
 * One request's span, with the attributes of OpenTelemetry's semantic conventions for generative AI and, for latencies, those of
 * vLLM, in seconds. Texts are not recorded. Threads may share it.
 */
public final class RequestSpan {
    private static final AttributeKey<String> OPERATION = AttributeKey.stringKey("gen_ai.operation.name");
    private static final AttributeKey<String> PROVIDER = AttributeKey.stringKey("gen_ai.provider.name");
    private static final AttributeKey<String> REQUEST_ID = AttributeKey.stringKey("gen_ai.request.id");
    private static final AttributeKey<String> REQUEST_MODEL = AttributeKey.stringKey("gen_ai.request.model");
    private static final AttributeKey<String> RESPONSE_MODEL = AttributeKey.stringKey("gen_ai.response.model");
    private static final AttributeKey<Double> TEMPERATURE = AttributeKey.doubleKey("gen_ai.request.temperature");
    private static final AttributeKey<Double> TOP_P = AttributeKey.doubleKey("gen_ai.request.top_p");
    private static final AttributeKey<Double> TOP_K = AttributeKey.doubleKey("gen_ai.request.top_k");
    private static final AttributeKey<Double> FREQUENCY = AttributeKey.doubleKey("gen_ai.request.frequency_penalty");
    private static final AttributeKey<Double> PRESENCE = AttributeKey.doubleKey("gen_ai.request.presence_penalty");
    private static final AttributeKey<Long> MAX_TOKENS = AttributeKey.longKey("gen_ai.request.max_tokens");
    private static final AttributeKey<Long> CHOICES = AttributeKey.longKey("gen_ai.request.choice.count");
    private static final AttributeKey<Long> SEED = AttributeKey.longKey("gen_ai.request.seed");
    private static final AttributeKey<List<String>> STOP = AttributeKey.stringArrayKey("gen_ai.request.stop_sequences");
    private static final AttributeKey<List<String>> REASONS =
            AttributeKey.stringArrayKey("gen_ai.response.finish_reasons");
    private static final AttributeKey<Long> INPUT = AttributeKey.longKey("gen_ai.usage.input_tokens");
    private static final AttributeKey<Long> OUTPUT = AttributeKey.longKey("gen_ai.usage.output_tokens");
    private static final AttributeKey<Long> CACHED = AttributeKey.longKey("gen_ai.usage.cache_read.input_tokens");
    private static final AttributeKey<Double> FIRST_TOKEN =
            AttributeKey.doubleKey("gen_ai.latency.time_to_first_token");
    private static final AttributeKey<Double> QUEUE = AttributeKey.doubleKey("gen_ai.latency.time_in_queue");
    private static final AttributeKey<Double> PREFILL = AttributeKey.doubleKey("gen_ai.latency.time_in_model_prefill");
    private static final AttributeKey<Double> DECODE = AttributeKey.doubleKey("gen_ai.latency.time_in_model_decode");
    private static final AttributeKey<Double> WHOLE = AttributeKey.doubleKey("gen_ai.latency.e2e");
    private static final AttributeKey<String> ERROR = AttributeKey.stringKey("error.type");

    private final String operation;
    private final Span span;

    RequestSpan(String operation, Span span, String requestId) {
        this.operation = operation;
        this.span = span;
        span.setAttribute(OPERATION, operation)
                .setAttribute(PROVIDER, "tokamak")
                .setAttribute(REQUEST_ID, requestId);
    }

    /**
     * Which model is meant.
     *
     * @param asked as the client put it
     */
    public void model(String asked, String served) {
        span.updateName(operation + " " + asked);
        span.setAttribute(REQUEST_MODEL, asked).setAttribute(RESPONSE_MODEL, served);
    }

    /** How tokens are to be chosen. */
    public void params(SamplingParams params) {
        if (!span.isRecording()) {
            return;
        }
        span.setAttribute(TEMPERATURE, params.temperature())
                .setAttribute(TOP_P, params.topP())
                .setAttribute(FREQUENCY, params.frequencyPenalty())
                .setAttribute(PRESENCE, params.presencePenalty());
        if (params.topK() > 0) {
            span.setAttribute(TOP_K, (double) params.topK());
        }
        params.maxTokens().ifPresent(max -> span.setAttribute(MAX_TOKENS, (long) max));
        params.seed().ifPresent(seed -> span.setAttribute(SEED, seed));
        if (params.n() > 1) {
            span.setAttribute(CHOICES, (long) params.n());
        }
        if (!params.stop().isEmpty()) {
            span.setAttribute(STOP, params.stop());
        }
    }

    public void usage(long inputTokens, long cachedTokens, long outputTokens) {
        span.setAttribute(INPUT, inputTokens).setAttribute(CACHED, cachedTokens).setAttribute(OUTPUT, outputTokens);
    }

    /** Why the answers ended, in their order. */
    public void ended(List<FinishReason> reasons) {
        span.setAttribute(REASONS, reasons.stream().map(FinishReason::wireName).toList());
    }

    public void firstToken(Duration afterArrival) {
        span.setAttribute(FIRST_TOKEN, seconds(afterArrival));
    }

    /** Where the time went; what is left of the whole was spent on tokens. */
    public void times(Duration queue, Duration prefill, Duration whole) {
        span.setAttribute(QUEUE, seconds(queue))
                .setAttribute(PREFILL, seconds(prefill))
                .setAttribute(DECODE, Math.max(0, seconds(whole.minus(queue).minus(prefill))))
                .setAttribute(WHOLE, seconds(whole));
    }

    /**
     * What went wrong.
     *
     * @param type one of few
     */
    public void failed(String type, String message) {
        span.setAttribute(ERROR, type).setStatus(StatusCode.ERROR, message);
    }

    private static double seconds(Duration time) {
        return time.toNanos() / 1e9;
    }
}
