package tokamak.schedule;

/** How much memory must be free for a sequence to be started. */
public enum Admission {
    /** Its whole prompt. A running sequence may have to give up its blocks later and be computed again. */
    WHOLE_PROMPT,
    /** Prompt and the most tokens it may generate: what has been started is never interrupted. */
    GUARANTEED_NO_EVICT
}
