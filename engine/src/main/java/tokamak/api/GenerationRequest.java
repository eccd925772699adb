package tokamak.api;

import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/**
 * What a caller asks of an engine.
 *
 * @param prompt what the answer follows
 * @param sampling how to choose tokens; empty: the model's own defaults
 * @param priority lower is served first; waiting improves it. [-1000, 1000]
 * @param tenant who asks: tenants get equal shares of the engine; "" is a tenant like others
 * @param cacheSalt prefixes are shared only between requests with the same salt
 * @param timeout when to give up; empty: never
 * @param requestId names the request in logs and answers; "" for no name
 * @param guide what the answer must be; empty: anything
 * @param shownSpecials special tokens that appear in the answer's text, as the model's files spell them; the others are
 *     left out
 */
public record GenerationRequest(
        Prompt prompt,
        Optional<SamplingParams> sampling,
        int priority,
        String tenant,
        String cacheSalt,
        Optional<Duration> timeout,
        String requestId,
        Optional<Guide> guide,
        Set<String> shownSpecials) {
    public GenerationRequest {
        shownSpecials = Set.copyOf(shownSpecials);
        Check.inRange("priority", priority, -1000, 1000);
        timeout.ifPresent(time -> Check.that(
                "timeout",
                !time.isNegative() && !time.isZero() && time.toDays() <= 365,
                "must be in (0, 365 days], found " + time));
    }

    public static GenerationRequest of(Prompt prompt) {
        return new GenerationRequest(
                prompt, Optional.empty(), 0, "", "", Optional.empty(), "", Optional.empty(), Set.of());
    }

    public static GenerationRequest text(String prompt) {
        return of(new Prompt.Text(prompt));
    }

    public static GenerationRequest chat(Message... messages) {
        return of(Prompt.Chat.of(messages));
    }

    public static GenerationRequest tokens(int... promptIds) {
        return of(new Prompt.Tokens(promptIds));
    }

    public GenerationRequest withSampling(SamplingParams value) {
        return new GenerationRequest(
                prompt, Optional.of(value), priority, tenant, cacheSalt, timeout, requestId, guide, shownSpecials);
    }

    public GenerationRequest withPriority(int value) {
        return new GenerationRequest(
                prompt, sampling, value, tenant, cacheSalt, timeout, requestId, guide, shownSpecials);
    }

    public GenerationRequest withTenant(String value) {
        return new GenerationRequest(
                prompt, sampling, priority, value, cacheSalt, timeout, requestId, guide, shownSpecials);
    }

    public GenerationRequest withCacheSalt(String value) {
        return new GenerationRequest(
                prompt, sampling, priority, tenant, value, timeout, requestId, guide, shownSpecials);
    }

    public GenerationRequest withTimeout(Duration value) {
        return new GenerationRequest(
                prompt, sampling, priority, tenant, cacheSalt, Optional.of(value), requestId, guide, shownSpecials);
    }

    public GenerationRequest withRequestId(String value) {
        return new GenerationRequest(
                prompt, sampling, priority, tenant, cacheSalt, timeout, value, guide, shownSpecials);
    }

    /** An answer that can't be anything but what the guide describes; it ends when nothing can follow. */
    public GenerationRequest withGuide(Guide value) {
        return new GenerationRequest(
                prompt, sampling, priority, tenant, cacheSalt, timeout, requestId, Optional.of(value), shownSpecials);
    }

    /** Writes these special tokens out in the answer's text. */
    public GenerationRequest withShownSpecials(Set<String> value) {
        return new GenerationRequest(prompt, sampling, priority, tenant, cacheSalt, timeout, requestId, guide, value);
    }
}
