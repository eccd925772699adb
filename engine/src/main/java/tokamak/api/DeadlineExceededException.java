package tokamak.api;

import java.time.Duration;

/** The request's timeout passed before its answer was complete. */
public final class DeadlineExceededException extends TokamakException {
    private final Duration timeout;

    public DeadlineExceededException(Duration timeout, int completionTokens) {
        super(
                "the request's timeout of " + timeout.toMillis() + " ms passed after " + completionTokens
                        + " generated tokens; raise timeout or lower max_tokens",
                null);
        this.timeout = timeout;
    }

    public Duration timeout() {
        return timeout;
    }
}
