package tokamak.api;

/** Why an answer ended. */
public enum FinishReason {
    /** A stop token or a stop string came. */
    STOP("stop"),
    /** {@code maxTokens} or the end of the context was reached. */
    LENGTH("length"),
    /** The caller cancelled. */
    ABORT("abort"),
    /** Something went wrong; the caller has a typed exception. */
    ERROR("error"),
    /** The answer repeated itself and {@link RepetitionDetection} was asked for. */
    REPETITION("repetition");

    private final String wireName;

    FinishReason(String wireName) {
        this.wireName = wireName;
    }

    /** As JSON answers and metrics spell it. */
    public String wireName() {
        return wireName;
    }
}
