package tokamak.schedule;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import tokamak.api.TokenLogprobs;
import tokamak.backend.StepInput;
import tokamak.grammar.Matcher;
import tokamak.model.LanguageModel;
import tokamak.sample.LogprobReader;
import tokamak.sample.Sampler;

/** Computes a batch: one forward pass, then a token for every sequence that is complete up to its end. */
final class ModelRunner implements AutoCloseable {
    private final LanguageModel model;
    private final Workspace workspace;
    private final Sampler sampler;
    private final LogprobReader logprobReader;
    private final MaskThread masks;

    /** @param numTokens ids below this exist; the model's logits may be more */
    ModelRunner(LanguageModel model, int numTokens, SchedulerConfig config) {
        this.model = model;
        this.workspace = new Workspace(
                config.maxNumBatchedTokens(), config.maxNumSeqs(), config.maxLogitRows(), model.kvBlockSize());
        this.sampler = new Sampler(model.vocabSize(), numTokens);
        this.logprobReader = new LogprobReader(model.vocabSize());
        this.masks = new MaskThread(config.maxNumSeqs());
    }

    /**
     * Computes the batch and notes in it what came of each sequence. If the forward pass throws, its sequences are
     * computed one by one, so that only those that fail alone as well are lost: a step can be repeated, and its results
     * do not depend on who shares it.
     */
    void run(Batch batch) {
        try {
            run(batch, 0, batch.size());
        } catch (Throwable failure) {
            if (batch.size() == 1) {
                batch.fail(0, failure);
            } else {
                runOneByOne(batch);
            }
        }
    }

    private void runOneByOne(Batch batch) {
        for (int i = 0; i < batch.size(); i++) {
            try {
                run(batch, i, i + 1);
            } catch (Throwable failure) {
                batch.fail(i, failure);
            }
        }
    }

    private void run(Batch batch, int from, int to) {
        StepInput input = workspace.fill(batch, from, to);
        beginMasks(batch, from, to);
        MemorySegment logits;
        try {
            logits = model.forward(input);
        } finally {
            masks.join();
        }
        int row = 0;
        int stateRow = 0;
        for (int i = from; i < to; i++) {
            Sequence sequence = batch.sequence(i);
            if (sequence.states != null) {
                stateRow = sequence.states.addRows(
                        model.states(), stateRow, sequence.numComputed, sequence.numComputed + batch.numTokens(i));
                continue;
            }
            int numRows = countRows(sequence, batch.numTokens(i));
            try {
                sample(batch, i, logits, row);
            } catch (Throwable failure) {
                batch.fail(i, failure);
            }
            row += numRows;
        }
    }

    /** What guides allow is worked out beside the forward pass. */
    private void beginMasks(Batch batch, int from, int to) {
        for (int i = from; i < to; i++) {
            Sequence sequence = batch.sequence(i);
            Matcher matcher = sequence.sampling.unprepared();
            if (matcher != null && sequence.numComputed + batch.numTokens(i) == sequence.numTokens()) {
                masks.add(matcher);
            }
        }
        masks.begin();
    }

    @Override
    public void close() {
        masks.close();
    }

    private static int countRows(Sequence sequence, int count) {
        int rows = 0;
        for (int i = 0; i < count; i++) {
            if (sequence.needsLogits(sequence.numComputed + i)) {
                rows++;
            }
        }
        return rows;
    }

    private void sample(Batch batch, int index, MemorySegment logits, int firstRow) {
        Sequence sequence = batch.sequence(index);
        int row = firstRow;
        int end = sequence.numComputed + batch.numTokens(index);
        if (sequence.wantsPromptLogprobs()) {
            int numTop = sequence.request.promptTopLogprobs().getAsInt();
            for (int position = sequence.numComputed; position < end; position++) {
                if (sequence.isPromptLogprobDue(position)) {
                    sequence.promptLogprobs.add(
                            logprobReader.read(logits, row++, sequence.tokenId(position + 1), numTop));
                }
            }
        }
        if (end == sequence.numTokens()) {
            int tokenId = sampler.sample(logits, row, sequence.sampling, end);
            batch.choose(index, tokenId, logprobs(sequence, logits, row, tokenId));
        }
    }

    private @Nullable TokenLogprobs logprobs(Sequence sequence, MemorySegment logits, int row, int tokenId) {
        var wanted = sequence.request.params().logprobs();
        return wanted.isPresent() ? logprobReader.read(logits, row, tokenId, wanted.getAsInt()) : null;
    }
}
