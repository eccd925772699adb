package tokamak.schedule;

import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import tokamak.api.StepFailedException;
import tokamak.model.LanguageModel;

/**
 * The engine thread: takes commands, schedules, computes, hands out results, again and again; waits when there is nothing
 * to do. Whatever is thrown ends sequences, never the loop.
 */
public final class EngineLoop implements Runnable {
    /** While something waits that can't be served yet, look again after this. */
    private static final long RETRY_NANOS = 5_000_000;

    private final CommandSource commands;
    private final StepObserver observer;
    private final Scheduler scheduler;
    private final ModelRunner runner;
    private final Batch batch;
    private boolean draining;
    private boolean stopped;

    /**
     * @param numTokens ids below this exist; the model's logits may be more
     * @param store keeps blocks beyond this engine
     * @param nanoClock the clock of deadlines and aging
     */
    public EngineLoop(
            LanguageModel model,
            int numTokens,
            SchedulerConfig config,
            CommandSource commands,
            StepObserver observer,
            BlockStore store,
            LongSupplier nanoClock) {
        this.commands = commands;
        this.observer = observer;
        this.scheduler = new Scheduler(config, model.numKvBlocks(), model.kvBlockSize(), store, nanoClock);
        this.runner = new ModelRunner(model, numTokens, config);
        this.batch = new Batch(config.maxNumSeqs());
    }

    @Override
    public void run() {
        while (!stopped) {
            try {
                obeyCommands();
                if (!stopped && !step()) {
                    rest();
                }
            } catch (Throwable failure) {
                recover(failure);
            }
        }
        runner.close();
    }

    private void obeyCommands() {
        for (@Nullable Command command = commands.poll(); command != null; command = commands.poll()) {
            switch (command) {
                case Command.Submit submit -> scheduler.add(submit.sequence());
                case Command.Cancel cancel -> scheduler.cancel(cancel.sequence());
                case Command.BlocksLoaded loaded -> scheduler.finish(loaded.load());
                case Command.Drain() -> draining = true;
                case Command.Abort abort -> {
                    scheduler.failAll(abort.why());
                    draining = true;
                }
            }
        }
        if (draining && !scheduler.hasWork()) {
            stopped = true;
            finishStep();
        }
    }

    private boolean step() {
        scheduler.schedule(batch);
        if (batch.size() == 0) {
            return false;
        }
        observer.stepStarted(batch.size(), batch.numTokens(), batch.numTokens() - batch.numSingles());
        runner.run(batch);
        scheduler.update(batch);
        finishStep();
        return true;
    }

    private void rest() {
        finishStep();
        commands.await(scheduler.hasWork() ? RETRY_NANOS : Long.MAX_VALUE);
    }

    private void finishStep() {
        scheduler.refreshGauges();
        observer.stepFinished(scheduler.stats());
    }

    /** What is thrown in here is swallowed: memory may be short, and the next step may go better. */
    private void recover(Throwable failure) {
        try {
            scheduler.abandon(new StepFailedException("the scheduler failed: " + failure, failure));
            observer.loopFailed(failure);
        } catch (Throwable again) {
            commands.await(RETRY_NANOS);
        }
    }
}
