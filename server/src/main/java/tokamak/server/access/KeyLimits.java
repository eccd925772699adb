package tokamak.server.access;

import java.util.Set;

/**
 * What a key may do; 0 and empty are no limit.
 *
 * @param tokensPerMinute prompt and answer together; what a request takes is known when it ends, so a key that has taken
 *     too much waits until it has made up for it
 * @param maxConcurrent requests at once
 * @param bestPriority the lowest (soonest served) priority the key may ask for
 * @param models names of the models it may use
 */
public record KeyLimits(
        int requestsPerMinute, int tokensPerMinute, int maxConcurrent, int bestPriority, Set<String> models) {
    /** The lowest priority that there is. */
    public static final int ANY_PRIORITY = -1000;

    public KeyLimits {
        models = Set.copyOf(models);
        require("requests_per_minute", requestsPerMinute);
        require("tokens_per_minute", tokensPerMinute);
        require("max_concurrent", maxConcurrent);
    }

    private static void require(String name, int value) {
        if (value < 0) {
            throw new IllegalArgumentException(name + " must not be negative, found " + value);
        }
    }

    public static KeyLimits none() {
        return new KeyLimits(0, 0, 0, ANY_PRIORITY, Set.of());
    }
}
