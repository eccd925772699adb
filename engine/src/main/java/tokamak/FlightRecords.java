package tokamak;

import jdk.jfr.FlightRecorder;
import org.jspecify.annotations.Nullable;
import tokamak.schedule.SchedulerStats;

/**
 * Tells JDK Flight Recorder of steps, for as long as somebody records. Before that no event is made: the first of a process
 * would cost a tenth of a second, which a short command would feel.
 */
final class FlightRecords {
    private @Nullable StepEvent step;
    private boolean stepIsRecorded;

    /** Whether anybody has recorded in this process. */
    static boolean areWanted() {
        return FlightRecorder.isInitialized();
    }

    void stepStarted(int numSequences, int numTokens, int numPrefillTokens) {
        if (!areWanted()) {
            return;
        }
        if (step == null) {
            step = new StepEvent();
        }
        // An event that began while nobody recorded does not know when it began.
        stepIsRecorded = step.isEnabled();
        step.sequences = numSequences;
        step.tokens = numTokens;
        step.prefillTokens = numPrefillTokens;
        step.begin();
    }

    void stepFinished(SchedulerStats stats) {
        if (step == null) {
            return;
        }
        step.end();
        if (stepIsRecorded && step.shouldCommit()) {
            step.running = stats.numRunning();
            step.waiting = stats.numWaiting();
            step.kvBlocksUsed = stats.numUsedBlocks();
            step.commit();
        }
    }
}
