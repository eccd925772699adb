package tokamak;

import java.time.Duration;
import java.util.List;

/**
 * How an engine is doing: gauges of the moment it last completed a step, and counts since it was opened.
 *
 * @param numRequestsRunning sequences that run
 * @param numRequestsWaiting sequences that wait
 * @param numKvBlocks KV blocks in the pool
 * @param numKvBlocksUsed of these, blocks of running sequences
 * @param numKvSlotsEmpty places for tokens in the used blocks that hold none
 * @param numSteps steps that computed something
 * @param numComputedTokens rows computed, recomputed ones included
 * @param numPromptTokens prompt tokens of started sequences
 * @param numCachedTokens of these, tokens found in the prefix cache
 * @param numLoadedBlocks KV blocks that came from the folder of the prefix cache
 * @param numStoreQueriedTokens prompt tokens looked up in that folder
 * @param numRecomputedTokens prompt tokens that were in the prefix cache and computed all the same: the last one has to be
 * @param numGeneratedTokens tokens chosen
 * @param numForcedTokens of these, tokens that guides left no choice about: nothing was computed to choose them
 * @param numPreemptions times a running sequence gave up its blocks
 * @param numFinished sequences that came to their own end
 * @param numAborted sequences ended by their callers
 * @param numFailed sequences that failed, timeouts included
 * @param numCorrupted of these, sequences whose logits were no numbers
 * @param numTimeouts sequences whose deadline passed
 * @param numRejected requests that found the queue full
 * @param numSlowSteps steps that took longer than {@code slowStep}
 * @param numLoopFailures errors of the scheduler itself
 * @param numOpenAnswers answers that have been submitted and have not ended
 * @param lastStep how long the last step took
 * @param stepSizes steps by the tokens they computed: element i counts those of at most {@link #STEP_SIZE_BOUNDS}'s element i
 *     and more than the one before, the last one those of more
 */
public record EngineStats(
        int numRequestsRunning,
        int numRequestsWaiting,
        int numKvBlocks,
        int numKvBlocksUsed,
        int numKvSlotsEmpty,
        long numSteps,
        long numComputedTokens,
        long numPromptTokens,
        long numCachedTokens,
        long numLoadedBlocks,
        long numStoreQueriedTokens,
        long numRecomputedTokens,
        long numGeneratedTokens,
        long numForcedTokens,
        long numPreemptions,
        long numFinished,
        long numAborted,
        long numFailed,
        long numCorrupted,
        long numTimeouts,
        long numRejected,
        long numSlowSteps,
        long numLoopFailures,
        int numOpenAnswers,
        Duration lastStep,
        List<Long> stepSizes) {
    /** Upper bounds of {@link #stepSizes}. */
    public static final List<Integer> STEP_SIZE_BOUNDS =
            List.of(1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384);

    public EngineStats {
        stepSizes = List.copyOf(stepSizes);
    }

    /** The share of KV blocks in use, 0 to 1. */
    public double kvCacheUsage() {
        return numKvBlocks == 0 ? 0 : (double) numKvBlocksUsed / numKvBlocks;
    }
}
