package tokamak.schedule;

/** Told about every step by the engine thread; must be quick. */
public interface StepObserver {
    void stepStarted(int numSequences, int numTokens);

    /** @param stats the engine thread's own; to be read now, not kept */
    void stepFinished(SchedulerStats stats);

    /** Something went wrong that no sequence caused. */
    void loopFailed(Throwable failure);
}
