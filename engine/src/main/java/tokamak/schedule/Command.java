package tokamak.schedule;

import tokamak.api.TokamakException;

/** What other threads ask of the engine thread. */
public sealed interface Command {
    /** Take a new sequence. */
    record Submit(Sequence sequence) implements Command {}

    /** End a sequence, if it has not ended. */
    record Cancel(Sequence sequence) implements Command {}

    /** A {@link BlockStore} has done with a load. */
    record BlocksLoaded(BlockLoad load) implements Command {}

    /** Stop when nothing waits or runs any more. */
    record Drain() implements Command {}

    /** Stop now: whatever waits or runs fails with this. */
    record Abort(TokamakException why) implements Command {}
}
