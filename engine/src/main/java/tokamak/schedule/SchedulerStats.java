package tokamak.schedule;

/** What has happened since the engine started, and how things stand. Written and read by the engine thread. */
public final class SchedulerStats {
    long numSteps;
    long numComputedTokens;
    long numGeneratedTokens;
    long numForcedTokens;
    long numPromptTokens;
    long numCachedTokens;
    long numLoadedBlocks;
    long numStoreQueriedTokens;
    long numRecomputedTokens;
    long numPreemptions;
    long numFailures;
    long numCorrupted;
    long numFinished;
    long numTimeouts;
    long numAborted;
    int numRunning;
    int numWaiting;
    int numUsedBlocks;
    int numBlocks;
    int numEmptySlots;

    SchedulerStats() {}

    /** Steps that computed something. */
    public long numSteps() {
        return numSteps;
    }

    /** Rows computed, recomputed ones included. */
    public long numComputedTokens() {
        return numComputedTokens;
    }

    public long numGeneratedTokens() {
        return numGeneratedTokens;
    }

    /** Of these, tokens that a guide forced, so that nothing was computed to choose them. */
    public long numForcedTokens() {
        return numForcedTokens;
    }

    /** Prompt tokens of admitted sequences. */
    public long numPromptTokens() {
        return numPromptTokens;
    }

    /** Of these, tokens found in the prefix cache. */
    public long numCachedTokens() {
        return numCachedTokens;
    }

    /** Blocks that a {@link BlockStore} gave back. */
    public long numLoadedBlocks() {
        return numLoadedBlocks;
    }

    /** Prompt tokens that a {@link BlockStore} was asked for. */
    public long numStoreQueriedTokens() {
        return numStoreQueriedTokens;
    }

    /** Prompt tokens that were in the prefix cache and computed all the same, because the last one has to be. */
    public long numRecomputedTokens() {
        return numRecomputedTokens;
    }

    public long numPreemptions() {
        return numPreemptions;
    }

    public long numFailures() {
        return numFailures;
    }

    /** Of these, failures because the model's logits were no numbers. */
    public long numCorrupted() {
        return numCorrupted;
    }

    public long numFinished() {
        return numFinished;
    }

    public long numTimeouts() {
        return numTimeouts;
    }

    public long numAborted() {
        return numAborted;
    }

    public int numRunning() {
        return numRunning;
    }

    public int numWaiting() {
        return numWaiting;
    }

    public int numUsedBlocks() {
        return numUsedBlocks;
    }

    /** Places in the running sequences' blocks that hold nothing. */
    public int numEmptySlots() {
        return numEmptySlots;
    }

    public int numBlocks() {
        return numBlocks;
    }
}
