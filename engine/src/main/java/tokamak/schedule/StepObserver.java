package tokamak.schedule;

/** Told about every step by the engine thread; must be quick. */
public interface StepObserver {
    /** @param numPrefillTokens of the tokens, those of sequences that have more than one in this step */
    void stepStarted(int numSequences, int numTokens, int numPrefillTokens);

    /** @param stats the engine thread's own; to be read now, not kept */
    void stepFinished(SchedulerStats stats);

    /** Something went wrong that no sequence caused. */
    void loopFailed(Throwable failure);
}
