package tokamak.workload;

/**
 * A request to come.
 *
 * @param seconds after the start
 * @param inputTokens of the prompt, at least 1
 * @param outputTokens to be generated, at least 1
 * @param prefix requests with the same name here begin with the same tokens
 * @param prefixTokens how many of the prompt's tokens those are
 * @param tenant who asks
 * @param priority lower is served first
 */
public record Arrival(
        double seconds,
        int inputTokens,
        int outputTokens,
        String prefix,
        int prefixTokens,
        String tenant,
        int priority) {
    private static final int MOST_TOKENS = 1 << 24;
    private static final double MOST_SECONDS = 1e7;

    public Arrival {
        if (!(seconds >= 0 && seconds <= MOST_SECONDS)) {
            throw new IllegalArgumentException("arrival must be 0 or more seconds, found " + seconds);
        }
        require("input_tokens", inputTokens, 1, MOST_TOKENS);
        require("output_tokens", outputTokens, 1, MOST_TOKENS);
        require("prefix_tokens", prefixTokens, 0, inputTokens);
    }

    private static void require(String what, int value, int min, int max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(what + " must be in [" + min + ", " + max + "], found " + value);
        }
    }
}
