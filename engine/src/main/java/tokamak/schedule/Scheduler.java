package tokamak.schedule;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import tokamak.api.DeadlineExceededException;
import tokamak.api.FinishReason;
import tokamak.api.InvalidRequestException;
import tokamak.api.RepetitionDetection;
import tokamak.api.StepFailedException;
import tokamak.api.TokamakException;
import tokamak.api.TokenLogprobs;
import tokamak.grammar.GrammarException;
import tokamak.grammar.Matcher;
import tokamak.sample.InvalidLogitsException;

/**
 * Decides who is served in each step, and keeps the books of all sequences.
 *
 * <p>A sequence has tokens and a count of how many are computed; there is no prefill phase and no decode phase, only
 * tokens that remain. A step has a budget of tokens. Running sequences that have one token left come first, each gets its
 * one. What is left of the budget goes to those with more to compute, running or waiting, in the order (priority, what
 * the tenant has had, arrival). When blocks run out, the last in the order (priority, arrival) gives up its own, is
 * computed again later, and nobody is admitted in that step: the first in that order always gets on.
 */
final class Scheduler {
    private final SchedulerConfig config;
    private final int blockSize;
    private final LongSupplier nanoClock;
    private final BlockPool pool;
    private final KeptBlocks kept;
    private final PrefixCache prefixes;
    private final PrefillPacer pacer;
    private final ServingOrder order;
    private final Tenants tenants = new Tenants();
    private final SchedulerStats stats = new SchedulerStats();

    /** Who is kept longest first. */
    private final List<Sequence> running = new ArrayList<>();

    /** In no order. */
    private final List<Sequence> waiting = new ArrayList<>();

    private long numArrivals;
    private long stepNumber;
    private long now;
    /** Whether this step may still start waiting sequences. */
    private boolean admitting;
    /** Rows of logits this step can have beyond one for each sequence. */
    private int spareLogitRows;

    Scheduler(SchedulerConfig config, int numBlocks, int blockSize, BlockStore store, LongSupplier nanoClock) {
        this.config = config;
        this.blockSize = blockSize;
        this.nanoClock = nanoClock;
        this.pool = new BlockPool(numBlocks);
        this.kept = new KeptBlocks(store, pool);
        this.prefixes = new PrefixCache(config.prefixCaching(), blockSize, pool, kept, stats);
        this.pacer = new PrefillPacer(config.maxSlowdown(), config.maxNumSeqs());
        this.order = new ServingOrder(config.agingNanos());
        stats.numBlocks = numBlocks;
    }

    // ---- arrivals and departures

    void add(Sequence sequence) {
        if (sequence.state != Sequence.State.NEW) {
            throw new IllegalStateException(sequence + " was added before");
        }
        sequence.arrivalNumber = numArrivals++;
        sequence.arrivalNanos = nanoClock.getAsLong();
        sequence.tenant = tenants.enter(sequence.request.tenant());
        order.enter(sequence);
        sequence.state = Sequence.State.WAITING;
        waiting.add(sequence);
    }

    /** Ends a sequence at its caller's wish. One that is done already is left alone. */
    void cancel(Sequence sequence) {
        if (isActive(sequence)) {
            stats.numAborted++;
            retire(sequence);
            sequence.sink.finished(FinishReason.ABORT);
        }
    }

    void fail(Sequence sequence, TokamakException why) {
        if (isActive(sequence)) {
            stats.numFailures++;
            retire(sequence);
            sequence.sink.failed(why);
        }
    }

    /** Ends every sequence for the same reason. */
    void failAll(TokamakException why) {
        while (!running.isEmpty()) {
            fail(running.getLast(), why);
        }
        while (!waiting.isEmpty()) {
            fail(waiting.getLast(), why);
        }
    }

    private static boolean isActive(Sequence sequence) {
        return sequence.state == Sequence.State.WAITING || sequence.state == Sequence.State.RUNNING;
    }

    private void finish(Sequence sequence, FinishReason reason) {
        stats.numFinished++;
        retire(sequence);
        sequence.sink.finished(reason);
    }

    private void retire(Sequence sequence) {
        if (sequence.state == Sequence.State.RUNNING) {
            stopRunning(sequence);
        } else {
            removeWaiting(sequence);
        }
        tenants.leave(sequence.tenant);
        order.leave(sequence);
        sequence.state = Sequence.State.DONE;
    }

    private void stopRunning(Sequence sequence) {
        stopLoading(sequence);
        while (sequence.numBlocks() > 0) {
            pool.release(sequence.removeBlock());
        }
        sequence.numComputed = 0;
        sequence.numRegistered = 0;
        sequence.tenant.numRunning--;
        running.remove(sequence);
    }

    private static void stopLoading(Sequence sequence) {
        if (sequence.load != null) {
            sequence.load.abandon();
            sequence.load = null;
        }
    }

    private void removeWaiting(Sequence sequence) {
        int index = waiting.indexOf(sequence);
        Sequence last = waiting.removeLast();
        if (last != sequence) {
            waiting.set(index, last);
        }
    }

    boolean hasWork() {
        return !running.isEmpty() || !waiting.isEmpty();
    }

    // ---- one step

    /** Fills the batch with what is to be computed next; empty if nothing can be. */
    void schedule(Batch batch) {
        batch.clear();
        stepNumber++;
        now = nanoClock.getAsLong();
        failExpired(running);
        failExpired(waiting);
        order.age(running, waiting, now);
        admitting = true;
        spareLogitRows = config.maxLogitRows() - config.maxNumSeqs();
        serveLastTokens(batch);
        serveRemaining(batch);
    }

    private void failExpired(List<Sequence> sequences) {
        for (int i = sequences.size() - 1; i >= 0; i--) {
            Sequence sequence = sequences.get(i);
            if (now >= sequence.request.deadlineNanos()) {
                stats.numTimeouts++;
                fail(sequence, new DeadlineExceededException(sequence.request.timeout(), sequence.numOutputTokens()));
            }
        }
    }

    /**
     * Every running sequence that is one token short of choosing the next gets it; what guides forced behind a token goes with it
     * as far as there is room.
     */
    private void serveLastTokens(Batch batch) {
        for (int i = 0; i < running.size(); i++) {
            Sequence sequence = running.get(i);
            if (sequence.numRemaining() == 1 && sequence.load == null) {
                serve(sequence, 1, batch);
            }
        }
        for (int i = 0; i < running.size(); i++) {
            Sequence sequence = running.get(i);
            int count = sequence.numRemaining();
            if (count > 1
                    && count <= 1 + sequence.numForced
                    && sequence.load == null
                    && sequence.stepNumber != stepNumber
                    && batch.numTokens() + count <= config.maxNumBatchedTokens()) {
                serve(sequence, count, batch);
            }
        }
    }

    /** The rest of the budget goes to those with more to compute, in order. */
    private void serveRemaining(Batch batch) {
        pacer.begin(batch.size());
        while (batch.numTokens() < config.maxNumBatchedTokens() && pacer.allowance(0) > 0) {
            Sequence next = nextToServe();
            if (next == null) {
                return;
            }
            if (next.state == Sequence.State.WAITING && !admit(next, batch)) {
                continue;
            }
            int depth = next.numComputed;
            int count = Math.min(next.numRemaining(), config.longPrefillCap());
            if (next.wantsPromptLogprobs()) {
                // Every row may need logits, and rows of logits are long: such a prompt is computed in small pieces.
                count = Math.min(count, spareLogitRows + 1);
                spareLogitRows -= count - 1;
            }
            int room = Math.min(config.maxNumBatchedTokens() - batch.numTokens(), Math.max(1, pacer.allowance(depth)));
            count = Math.min(count, room);
            serve(next, count, batch);
            pacer.letIn(count, depth);
        }
    }

    private void serve(Sequence sequence, int count, Batch batch) {
        sequence.stepNumber = stepNumber;
        if (growBlocks(sequence, sequence.numComputed + count, batch)) {
            batch.add(sequence, count);
            charge(sequence, sequence.numComputed + count);
        }
    }

    private void charge(Sequence sequence, int numComputed) {
        if (numComputed > sequence.numCharged) {
            sequence.tenant.counter += numComputed - sequence.numCharged;
            sequence.numCharged = numComputed;
        }
    }

    /** Gives the sequence blocks for so many tokens, at the cost of others if need be; false if it had to give up its own. */
    private boolean growBlocks(Sequence sequence, int numTokens, Batch batch) {
        while ((long) sequence.numBlocks() * blockSize < numTokens) {
            int block = pool.allocate();
            if (block != BlockPool.NONE) {
                sequence.addBlock(block);
                continue;
            }
            admitting = false;
            Sequence victim = running.getLast();
            preempt(victim, batch);
            if (victim == sequence) {
                return false;
            }
        }
        return true;
    }

    private void preempt(Sequence victim, Batch batch) {
        batch.remove(victim);
        int lostTokens = victim.numComputed;
        stopRunning(victim);
        victim.state = Sequence.State.WAITING;
        victim.stepNumber = stepNumber;
        waiting.add(victim);
        stats.numPreemptions++;
        victim.sink.preempted(lostTokens);
    }

    /** The first in order that has not been served or passed over in this step; null if there is none. */
    private @Nullable Sequence nextToServe() {
        Sequence best = null;
        for (int i = 0; i < running.size(); i++) {
            if (running.get(i).load == null) {
                best = firstOf(best, running.get(i));
            }
        }
        for (int i = 0; admitting && i < waiting.size(); i++) {
            best = firstOf(best, waiting.get(i));
        }
        return best;
    }

    private @Nullable Sequence firstOf(@Nullable Sequence best, Sequence other) {
        if (other.stepNumber == stepNumber) {
            return best;
        }
        return best == null || ServingOrder.isServedBefore(other, best) ? other : best;
    }

    // ---- admission

    /**
     * Starts a waiting sequence if there is a place and memory for it.
     *
     * @return whether it can be computed now
     */
    private boolean admit(Sequence sequence, Batch batch) {
        int numHits = prefixes.countHits(sequence);
        if (prefixes.isBeingComputed(sequence, numHits, running)) {
            sequence.stepNumber = stepNumber;
            return false;
        }
        while (!fits(sequence, numHits)) {
            Sequence victim = overServed(sequence);
            if (victim == null) {
                admitting = false;
                return false;
            }
            preempt(victim, batch);
            numHits = prefixes.countHits(sequence);
        }
        prefixes.take(sequence, numHits);
        start(sequence);
        return sequence.load == null;
    }

    /** Blocks that were kept elsewhere are in memory, as many as could be had; the rest is computed. */
    void finish(BlockLoad load) {
        prefixes.finish(load);
    }

    private void start(Sequence sequence) {
        removeWaiting(sequence);
        sequence.startPriority = sequence.priorityClass.effectivePriority;
        int index = running.size();
        while (index > 0 && ServingOrder.isKeptLonger(sequence, running.get(index - 1))) {
            index--;
        }
        running.add(index, sequence);
        sequence.state = Sequence.State.RUNNING;
        sequence.tenant.numRunning++;
        if (!sequence.admitted) {
            sequence.admitted = true;
            stats.numPromptTokens += sequence.promptLength;
            sequence.sink.admitted();
        }
        if (sequence.load == null) {
            prefixes.noteCached(sequence);
        }
    }

    private boolean fits(Sequence sequence, int numHits) {
        if (running.size() >= config.maxNumSeqs()) {
            return false;
        }
        long spare = pool.numFree();
        for (int i = 0; i < running.size(); i++) {
            spare -= Math.max(
                    0, numBlocksReserved(running.get(i)) - running.get(i).numBlocks());
        }
        for (int i = 0; i < numHits; i++) {
            if (pool.isFree(pool.find(sequence.hashes(), sequence.hashIndex(i)))) {
                spare--;
            }
        }
        return numBlocksReserved(sequence) - numHits <= spare;
    }

    /** Blocks that a sequence is sure to get once it runs. Its last token is not computed again: it needs no place. */
    private int numBlocksReserved(Sequence sequence) {
        int numTokens = switch (config.admission()) {
            case WHOLE_PROMPT -> Math.min(sequence.numTokens() + 1, sequence.maxTokens() - 1);
            case GUARANTEED_NO_EVICT -> sequence.maxTokens() - 1;
        };
        return (numTokens + blockSize - 1) / blockSize;
    }

    /**
     * Whoever has to make way for a sequence that finds no room: the last of a lower priority, or else the last of the
     * tenant that has most running, if that is two more than the sequence's own has, so that the two can't take turns in
     * interrupting each other. Null if the sequence has to wait.
     */
    private @Nullable Sequence overServed(Sequence sequence) {
        if (config.admission() == Admission.GUARANTEED_NO_EVICT || running.isEmpty()) {
            return null;
        }
        Sequence last = running.getLast();
        if (sequence.request.priority() < last.startPriority) {
            return last;
        }
        Sequence victim = null;
        for (int i = running.size() - 1; i >= 0; i--) {
            Sequence other = running.get(i);
            if (other.request.priority() >= sequence.request.priority()
                    && other.tenant.numRunning >= sequence.tenant.numRunning + 2
                    && (victim == null || other.tenant.numRunning > victim.tenant.numRunning)) {
                victim = other;
            }
        }
        return victim;
    }

    // ---- after the step

    /** Takes over what came of the batch. */
    void update(Batch batch) {
        stats.numSteps++;
        stats.numComputedTokens += batch.numTokens();
        int numAnswers = batch.numSingles();
        int numPromptTokens = batch.numTokens() - numAnswers;
        pacer.observe(numAnswers, numPromptTokens, batch.meanDepth(), nanoClock.getAsLong() - now);
        for (int i = 0; i < batch.size(); i++) {
            Sequence sequence = batch.sequence(i);
            Throwable failure = batch.failure(i);
            if (failure != null) {
                stats.numCorrupted += failure instanceof InvalidLogitsException ? 1 : 0;
                fail(sequence, asTyped(failure));
            } else {
                sequence.numComputed += batch.numTokens(i);
                prefixes.registerFullBlocks(sequence);
                if (batch.chosen(i) != Batch.NO_TOKEN) {
                    append(sequence, batch.chosen(i), batch.logprobs(i));
                    appendForced(sequence);
                } else if (sequence.states != null && sequence.numRemaining() == 0) {
                    reportPrompt(sequence);
                    finish(sequence, FinishReason.STOP);
                }
            }
        }
        refreshGauges();
    }

    private static TokamakException asTyped(Throwable failure) {
        return switch (failure) {
            case TokamakException typed -> typed;
            case GrammarException costly -> new InvalidRequestException("guide", costly.getMessage());
            default ->
                new StepFailedException("the model could not compute this request's next token: " + failure, failure);
        };
    }

    private void append(Sequence sequence, int tokenId, @Nullable TokenLogprobs logprobs) {
        reportPrompt(sequence);
        sequence.append(tokenId);
        sequence.tenant.counter++;
        stats.numGeneratedTokens++;
        sequence.sink.token(tokenId, logprobs);
        FinishReason reason = reasonToFinish(sequence, tokenId);
        if (reason != null) {
            finish(sequence, reason);
        }
    }

    /** What the guide leaves no choice about follows at once. */
    private void appendForced(Sequence sequence) {
        sequence.numForced = 0;
        while (isActive(sequence) && sequence.numForced < config.longPrefillCap()) {
            int forced = sequence.forcedToken();
            if (forced == Matcher.NO_TOKEN) {
                return;
            }
            append(sequence, forced, null);
            sequence.numForced++;
            stats.numForcedTokens++;
        }
    }

    private static void reportPrompt(Sequence sequence) {
        if (!sequence.promptReported) {
            sequence.promptReported = true;
            sequence.sink.promptDone(sequence.cachedTokens, sequence.promptLogprobs);
        }
    }

    private static @Nullable FinishReason reasonToFinish(Sequence sequence, int tokenId) {
        if (sequence.isStopId(tokenId) || sequence.sampling.isFinished()) {
            return FinishReason.STOP;
        }
        if (sequence.numOutputTokens() >= sequence.request.maxTokens()) {
            return FinishReason.LENGTH;
        }
        RepetitionDetection repetition =
                sequence.request.params().repetitionDetection().orElse(null);
        if (repetition != null && sequence.repeatsItself(repetition.maxPatternSize(), repetition.minCount())) {
            return FinishReason.REPETITION;
        }
        return null;
    }

    // ---- accounts

    SchedulerStats stats() {
        return stats;
    }

    void refreshGauges() {
        stats.numRunning = running.size();
        stats.numWaiting = waiting.size();
        stats.numUsedBlocks = pool.numUsed();
        stats.numEmptySlots = 0;
        for (int i = 0; i < running.size(); i++) {
            Sequence sequence = running.get(i);
            if (sequence.load == null) {
                stats.numEmptySlots += sequence.numBlocks() * blockSize - sequence.numComputed;
            }
        }
    }

    /** Starts over after an error in the books themselves: every sequence fails and the cache is empty. */
    void abandon(TokamakException why) {
        List<Sequence> all = new ArrayList<>(running);
        all.addAll(waiting);
        running.clear();
        waiting.clear();
        pool.clear();
        kept.claimAgain();
        tenants.clear();
        order.clear();
        for (Sequence sequence : all) {
            stopLoading(sequence);
            if (isActive(sequence)) {
                stats.numFailures++;
                sequence.state = Sequence.State.DONE;
                sequence.sink.failed(why);
            }
        }
        refreshGauges();
    }

    /**
     * Checks that the books balance.
     *
     * @throws IllegalStateException saying what is wrong
     */
    void checkIntegrity() {
        int[] usedBy = new int[pool.numBlocks()];
        for (Sequence sequence : running) {
            require(sequence.state == Sequence.State.RUNNING, sequence, "is in the running list");
            require((long) sequence.numBlocks() * blockSize >= sequence.numComputed, sequence, "has too few blocks");
            for (int i = 0; i < sequence.numBlocks(); i++) {
                usedBy[sequence.block(i)]++;
            }
        }
        for (Sequence sequence : waiting) {
            require(sequence.state == Sequence.State.WAITING, sequence, "is in the waiting list");
            require(sequence.numBlocks() == 0, sequence, "holds blocks while it waits");
        }
        for (int i = 1; i < running.size(); i++) {
            require(!ServingOrder.isKeptLonger(running.get(i), running.get(i - 1)), running.get(i), "is out of order");
        }
        kept.addUses(usedBy);
        pool.checkIntegrity(usedBy);
        tenants.checkIntegrity(running, waiting);
        if (running.isEmpty() && kept.isEmpty() && pool.numUsed() != 0) {
            throw new IllegalStateException(pool.numUsed() + " blocks are in use but nothing runs");
        }
    }

    private static void require(boolean holds, Sequence sequence, String what) {
        if (!holds) {
            throw new IllegalStateException(sequence + " " + what);
        }
    }
}
