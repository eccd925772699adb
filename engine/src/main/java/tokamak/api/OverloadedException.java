package tokamak.api;

import java.time.Duration;

/** The queue is full; the request was not taken. */
public final class OverloadedException extends TokamakException {
    private final String limit;
    private final Duration retryAfter;

    /**
     * @param limit the configured limit that is reached, such as {@code max_num_queued_reqs}
     * @param retryAfter when there is likely to be room
     */
    public OverloadedException(String limit, String message, Duration retryAfter) {
        super(message, null);
        this.limit = limit;
        this.retryAfter = retryAfter;
    }

    public String limit() {
        return limit;
    }

    public Duration retryAfter() {
        return retryAfter;
    }
}
