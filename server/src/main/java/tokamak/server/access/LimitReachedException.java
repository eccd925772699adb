package tokamak.server.access;

import java.time.Duration;

/** A key has used up what it may; the message is one sentence for its owner. */
public final class LimitReachedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final transient Duration retryAfter;

    LimitReachedException(String message, Duration retryAfter) {
        super(message, null, false, false);
        this.retryAfter = retryAfter;
    }

    public Duration retryAfter() {
        return retryAfter;
    }
}
