package tokamak.api;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Texts whose meaning is asked for as vectors.
 *
 * @param prompts one vector for each; at least one
 * @param pooling empty: what the model was trained for
 * @param dimensions how many numbers of each vector to keep, for models whose first numbers mean most; 0 keeps all
 * @param isNormalised whether vectors are scaled to length 1
 * @param priority lower is served first; waiting improves it. [-1000, 1000]
 * @param tenant who asks: tenants get equal shares of the engine
 * @param cacheSalt prefixes are shared only between requests with the same salt
 * @param timeout when to give up; empty: never
 */
public record EmbeddingRequest(
        List<Prompt> prompts,
        Optional<Pooling> pooling,
        int dimensions,
        boolean isNormalised,
        int priority,
        String tenant,
        String cacheSalt,
        Optional<Duration> timeout) {
    public EmbeddingRequest {
        prompts = List.copyOf(prompts);
        Check.that("prompts", !prompts.isEmpty(), "must hold at least one text");
        Check.that("dimensions", dimensions >= 0, "must not be negative, found " + dimensions);
        Check.inRange("priority", priority, -1000, 1000);
    }

    public static EmbeddingRequest of(List<? extends Prompt> prompts) {
        return new EmbeddingRequest(List.copyOf(prompts), Optional.empty(), 0, true, 0, "", "", Optional.empty());
    }

    public EmbeddingRequest withPooling(Pooling value) {
        return new EmbeddingRequest(
                prompts, Optional.of(value), dimensions, isNormalised, priority, tenant, cacheSalt, timeout);
    }

    public EmbeddingRequest withDimensions(int value) {
        return new EmbeddingRequest(prompts, pooling, value, isNormalised, priority, tenant, cacheSalt, timeout);
    }

    /** Vectors as the model gives them. */
    public EmbeddingRequest notNormalised() {
        return new EmbeddingRequest(prompts, pooling, dimensions, false, priority, tenant, cacheSalt, timeout);
    }

    public EmbeddingRequest withPriority(int value) {
        return new EmbeddingRequest(prompts, pooling, dimensions, isNormalised, value, tenant, cacheSalt, timeout);
    }

    public EmbeddingRequest withTenant(String value) {
        return new EmbeddingRequest(prompts, pooling, dimensions, isNormalised, priority, value, cacheSalt, timeout);
    }

    public EmbeddingRequest withCacheSalt(String value) {
        return new EmbeddingRequest(prompts, pooling, dimensions, isNormalised, priority, tenant, value, timeout);
    }

    public EmbeddingRequest withTimeout(Duration value) {
        return new EmbeddingRequest(
                prompts, pooling, dimensions, isNormalised, priority, tenant, cacheSalt, Optional.of(value));
    }
}
