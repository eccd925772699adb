package tokamak.schedule;

import tokamak.model.LanguageModel;

/** The engine's parts without its thread: steps are made one by one, on a clock that the test moves. */
final class StepRig {
    final LanguageModel model;
    final Scheduler scheduler;
    final ModelRunner runner;
    final Batch batch;
    long nanos = 1;
    Runnable beforeStep = () -> {};

    StepRig(LanguageModel model, SchedulerConfig config) {
        this(model, config, BlockStore.NONE);
    }

    StepRig(LanguageModel model, SchedulerConfig config, BlockStore store) {
        this.model = model;
        this.scheduler = new Scheduler(config, model.numKvBlocks(), model.kvBlockSize(), store, () -> nanos);
        this.runner = new ModelRunner(model, model.vocabSize(), config);
        this.batch = new Batch(config.maxNumSeqs());
    }

    static SchedulerConfig config(int maxNumSeqs, int maxNumBatchedTokens) {
        return new SchedulerConfig(
                maxNumSeqs,
                maxNumBatchedTokens,
                maxNumBatchedTokens,
                maxNumBatchedTokens,
                Double.POSITIVE_INFINITY,
                Admission.WHOLE_PROMPT,
                true,
                1_000_000_000L);
    }

    Sequence sequence(SequenceRequest request, RecordingSink sink) {
        return new Sequence(request, sink, model.kvBlockSize());
    }

    /** Whether anything was computed. */
    boolean step() {
        nanos += 1_000_000;
        beforeStep.run();
        scheduler.schedule(batch);
        scheduler.checkIntegrity();
        if (batch.size() == 0) {
            return false;
        }
        runner.run(batch);
        scheduler.update(batch);
        scheduler.checkIntegrity();
        return true;
    }

    void runToEnd() {
        int idle = 0;
        while (scheduler.hasWork()) {
            idle = step() ? 0 : idle + 1;
            if (idle > 100) {
                throw new IllegalStateException("there is work but no step does any");
            }
        }
    }

    RecordingSink run(SequenceRequest request) {
        RecordingSink sink = new RecordingSink();
        scheduler.add(sequence(request, sink));
        runToEnd();
        return sink;
    }
}
