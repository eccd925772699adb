package tokamak.schedule;

import java.time.Duration;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tokamak.api.SamplingParams;
import tokamak.grammar.Grammar;

/**
 * What a sequence is to do, checked and in token ids.
 *
 * @param promptIds at least one
 * @param params how to choose tokens; {@code seed}, {@code n}, {@code maxTokens} and stop strings are not read here
 * @param seed of this answer
 * @param maxTokens most tokens to generate; prompt and these fit the context
 * @param stopIds every token id that ends the answer
 * @param promptTopLogprobs how many best tokens to report for the prompt's positions; empty: nothing is reported
 * @param priority lower is served first
 * @param tenant whose share it is served from
 * @param cacheSalt prefixes are shared with the same salt only
 * @param deadlineNanos on the scheduler's clock, {@link Long#MAX_VALUE} for none
 * @param timeout what the caller set, for messages
 * @param grammar what the answer must be; null: anything
 */
public record SequenceRequest(
        int[] promptIds,
        SamplingParams params,
        long seed,
        int maxTokens,
        Set<Integer> stopIds,
        OptionalInt promptTopLogprobs,
        int priority,
        String tenant,
        String cacheSalt,
        long deadlineNanos,
        Duration timeout,
        @Nullable Grammar grammar) {
    public SequenceRequest {
        if (promptIds.length == 0 || maxTokens < 1) {
            throw new IllegalArgumentException(
                    promptIds.length + " prompt tokens, " + maxTokens + " tokens to generate");
        }
        stopIds = Set.copyOf(stopIds);
    }
}
