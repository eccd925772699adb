package tokamak.server.openai;

import java.util.Optional;
import tokamak.api.GenerationRequest;
import tokamak.api.SamplingParams;
import tokamak.server.access.Caller;

/**
 * How an answer is to be given, the same for completions and chats.
 *
 * @param stream as events
 * @param includeUsage a last event with the usage
 * @param continuousUsage the usage so far in every event (vLLM)
 * @param returnTokenIds token ids beside the text (vLLM)
 * @param tokensAsIds ids instead of texts in log-probabilities (vLLM)
 * @param priority lower is served first (vLLM)
 * @param cacheSalt prefixes are shared only with requests of the same salt (vLLM)
 * @param requestId of the engine's request
 */
record AnswerOptions(
        boolean stream,
        boolean includeUsage,
        boolean continuousUsage,
        boolean returnTokenIds,
        boolean tokensAsIds,
        int priority,
        String cacheSalt,
        String requestId) {
    private static final int MAX_SALT_CHARS = 1024;

    static AnswerOptions read(Fields request, String requestId) {
        boolean stream = request.flag("stream", false);
        Optional<Fields> options = request.fields("stream_options");
        if (options.isPresent() && !stream) {
            throw ApiException.invalid("stream_options", "stream_options needs stream to be true");
        }
        if (stream && request.has("prompt_logprobs")) {
            throw ApiException.invalid("prompt_logprobs", "prompt_logprobs can't be streamed; set stream to false");
        }
        return new AnswerOptions(
                stream,
                options.map(o -> o.flag("include_usage", false)).orElse(false),
                options.map(o -> o.flag("continuous_usage_stats", false)).orElse(false),
                request.flag("return_token_ids", false),
                request.flag("return_tokens_as_token_ids", false),
                request.int32("priority").orElse(0),
                cacheSalt(request),
                request.string("request_id").map(Json::clean).orElse(requestId));
    }

    GenerationRequest request(int[] promptIds, SamplingParams params, Caller caller) {
        requireAllowed(priority, caller);
        return GenerationRequest.tokens(promptIds)
                .withSampling(params)
                .withPriority(priority)
                .withTenant(caller.name())
                .withCacheSalt(cacheSalt)
                .withRequestId(requestId);
    }

    static String cacheSalt(Fields request) {
        String salt = request.string("cache_salt").orElse("");
        if (salt.length() > MAX_SALT_CHARS) {
            throw ApiException.invalid("cache_salt", "cache_salt must have at most " + MAX_SALT_CHARS + " characters");
        }
        return salt;
    }

    /** The priority that a request asks for, if its caller may. */
    static int priority(Fields request, Caller caller) {
        int priority = request.int32("priority").orElse(0);
        requireAllowed(priority, caller);
        return priority;
    }

    private static void requireAllowed(int priority, Caller caller) {
        if (priority < caller.limits().bestPriority()) {
            throw ApiException.invalid(
                    "priority",
                    "this key may not ask for a priority below "
                            + caller.limits().bestPriority() + ", found " + priority);
        }
    }
}
