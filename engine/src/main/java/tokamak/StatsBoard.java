package tokamak;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import tokamak.schedule.SchedulerStats;
import tokamak.schedule.StepObserver;

/**
 * Where the engine thread puts up what others may read. One writer; readers get numbers of one step, give or take the one
 * that is being written.
 */
final class StatsBoard implements StepObserver {
    private static final System.Logger LOG = System.getLogger("tokamak.engine");
    private static final double SMOOTHING = 0.05;

    private final LongSupplier nanoClock;
    final AtomicLong numRejected = new AtomicLong();
    final AtomicLong numSlowSteps = new AtomicLong();
    final AtomicInteger numOpenAnswers = new AtomicInteger();
    private final AtomicLong numLoopFailures = new AtomicLong();

    private int numRunning;
    private int numWaiting;
    private int numBlocks;
    private int numUsedBlocks;
    private int numEmptySlots;
    private long numSteps;
    private long numComputedTokens;
    private long numPromptTokens;
    private long numCachedTokens;
    private long numLoadedBlocks;
    private long numStoreQueriedTokens;
    private long numRecomputedTokens;
    private long numGeneratedTokens;
    private long numForcedTokens;
    private long numPreemptions;
    private long numFinished;
    private long numAborted;
    private long numFailed;
    private long numCorrupted;
    private long numTimeouts;
    private long lastStepNanos;
    private double tokensPerSecond;
    private int tokensInStep;
    private final AtomicLongArray stepSizes = new AtomicLongArray(EngineStats.STEP_SIZE_BOUNDS.size() + 1);
    private final FlightRecords flight = new FlightRecords();
    /** 0 between steps. Written last and read first, so that whoever reads it sees the rest. */
    private volatile long stepStartNanos;

    StatsBoard(LongSupplier nanoClock) {
        this.nanoClock = nanoClock;
    }

    long nanoTime() {
        return nanoClock.getAsLong();
    }

    @Override
    public void stepStarted(int numSequences, int numTokens, int numPrefillTokens) {
        tokensInStep = numTokens;
        stepSizes.incrementAndGet(bucket(numTokens));
        flight.stepStarted(numSequences, numTokens, numPrefillTokens);
        stepStartNanos = Math.max(1, nanoClock.getAsLong());
    }

    private static int bucket(int numTokens) {
        int bucket = 0;
        while (bucket < EngineStats.STEP_SIZE_BOUNDS.size() && numTokens > EngineStats.STEP_SIZE_BOUNDS.get(bucket)) {
            bucket++;
        }
        return bucket;
    }

    @Override
    public void stepFinished(SchedulerStats stats) {
        long started = stepStartNanos;
        if (started != 0) {
            flight.stepFinished(stats);
            lastStepNanos = nanoClock.getAsLong() - started;
            double speed = tokensInStep * 1e9 / Math.max(1, lastStepNanos);
            tokensPerSecond += SMOOTHING * (speed - tokensPerSecond);
        }
        numRunning = stats.numRunning();
        numWaiting = stats.numWaiting();
        numBlocks = stats.numBlocks();
        numUsedBlocks = stats.numUsedBlocks();
        numEmptySlots = stats.numEmptySlots();
        numSteps = stats.numSteps();
        numComputedTokens = stats.numComputedTokens();
        numPromptTokens = stats.numPromptTokens();
        numCachedTokens = stats.numCachedTokens();
        numLoadedBlocks = stats.numLoadedBlocks();
        numStoreQueriedTokens = stats.numStoreQueriedTokens();
        numRecomputedTokens = stats.numRecomputedTokens();
        numGeneratedTokens = stats.numGeneratedTokens();
        numForcedTokens = stats.numForcedTokens();
        numPreemptions = stats.numPreemptions();
        numFinished = stats.numFinished();
        numAborted = stats.numAborted();
        numFailed = stats.numFailures();
        numCorrupted = stats.numCorrupted();
        numTimeouts = stats.numTimeouts();
        stepStartNanos = 0;
    }

    @Override
    public void loopFailed(Throwable failure) {
        numLoopFailures.incrementAndGet();
        LOG.log(System.Logger.Level.ERROR, "the scheduler failed; its sequences are ended and it starts over", failure);
    }

    /** When the step that is being computed began, 0 if none is. */
    long stepStartNanos() {
        return stepStartNanos;
    }

    /** Rows computed per second, smoothed; 0 before the first step. */
    double tokensPerSecond() {
        return stepStartNanos == -1 ? 0 : tokensPerSecond;
    }

    EngineStats read() {
        long ignored = stepStartNanos; // makes the engine thread's writes visible
        return new EngineStats(
                numRunning,
                numWaiting,
                numBlocks,
                numUsedBlocks,
                numEmptySlots,
                numSteps,
                numComputedTokens,
                numPromptTokens,
                numCachedTokens,
                numLoadedBlocks,
                numStoreQueriedTokens,
                numRecomputedTokens,
                numGeneratedTokens,
                numForcedTokens,
                numPreemptions,
                numFinished,
                numAborted,
                numFailed,
                numCorrupted,
                numTimeouts,
                numRejected.get(),
                numSlowSteps.get(),
                numLoopFailures.get(),
                numOpenAnswers.get(),
                Duration.ofNanos(lastStepNanos),
                IntStream.range(0, stepSizes.length()).mapToObj(stepSizes::get).toList());
    }
}
