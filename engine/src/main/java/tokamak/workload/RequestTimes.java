package tokamak.workload;

import java.util.Arrays;
import java.util.stream.IntStream;

/** When the tokens of one request came. Belongs to the thread that reads them until the request is over. */
public final class RequestTimes {
    private final Arrival arrival;
    private final long startNanos;
    private long[] tokenNanos = new long[64];
    private int numTokens;
    private int cachedTokens;
    private boolean completed;

    /** @param startNanos when the request was sent, or should have been */
    public RequestTimes(Arrival arrival, long startNanos) {
        this.arrival = arrival;
        this.startNanos = startNanos;
    }

    public Arrival arrival() {
        return arrival;
    }

    /** So many tokens have just come. */
    public void tokens(int count, long nanos) {
        for (int i = 0; i < count; i++) {
            if (numTokens == tokenNanos.length) {
                tokenNanos = Arrays.copyOf(tokenNanos, 2 * numTokens);
            }
            tokenNanos[numTokens++] = nanos;
        }
    }

    /** There were so many tokens, if that is more than came: the others came with the last of those. */
    public void raiseTo(int count) {
        if (numTokens > 0 && count > numTokens) {
            tokens(count - numTokens, tokenNanos[numTokens - 1]);
        }
    }

    /** The answer came to its end. */
    public void completed(int cached) {
        cachedTokens = cached;
        completed = true;
    }

    public boolean isCompleted() {
        return completed;
    }

    public int numTokens() {
        return numTokens;
    }

    public int cachedTokens() {
        return cachedTokens;
    }

    /** From the start to the first token; there must be one. */
    double secondsToFirst() {
        return (tokenNanos[0] - startNanos) * 1e-9;
    }

    /** From the start to the last token; there must be one. */
    double secondsToLast() {
        return (tokenNanos[numTokens - 1] - startNanos) * 1e-9;
    }

    long startNanos() {
        return startNanos;
    }

    /** There must be one. */
    long firstTokenNanos() {
        return tokenNanos[0];
    }

    /** Chooses some of the times between tokens. */
    @FunctionalInterface
    interface Choice {
        boolean takes(long fromNanos, long toNanos);
    }

    /** From token to token, where the choice takes it. */
    double[] secondsBetween(Choice choice) {
        return IntStream.range(1, numTokens)
                .filter(i -> choice.takes(tokenNanos[i - 1], tokenNanos[i]))
                .mapToDouble(i -> (tokenNanos[i] - tokenNanos[i - 1]) * 1e-9)
                .toArray();
    }
}
