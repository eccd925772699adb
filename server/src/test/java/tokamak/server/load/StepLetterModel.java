package tokamak.server.load;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicLongArray;
import tokamak.backend.BlockMemory;
import tokamak.backend.StepInput;
import tokamak.model.LanguageModel;

/**
 * Computes what a real model computes, but says in every answer which step a token comes from: the letters of the alphabet
 * below, one per step, round and round. Whoever reads an answer can tell when each of its tokens was made, and that none is
 * missing or out of order.
 */
final class StepLetterModel implements LanguageModel {
    static final String LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    private static final int MAX_STEPS = 1 << 20;
    private static final float CERTAIN = 1e6f;

    private final LanguageModel model;
    private final AtomicLongArray stepEndNanos = new AtomicLongArray(MAX_STEPS);
    private volatile int numSteps;

    StepLetterModel(LanguageModel model) {
        this.model = model;
    }

    int numSteps() {
        return numSteps;
    }

    /** When the logits of a step were complete, a little before its tokens were given out; by {@link System#nanoTime}. */
    long stepEndNanos(int step) {
        return stepEndNanos.get(step);
    }

    @Override
    public MemorySegment forward(StepInput step) {
        MemorySegment logits = model.forward(step);
        int number = numSteps;
        char letter = LETTERS.charAt(number % LETTERS.length());
        for (int row = 0; row < step.numLogitRows(); row++) {
            logits.setAtIndex(ValueLayout.JAVA_FLOAT, (long) row * model.vocabSize() + letter, CERTAIN);
        }
        stepEndNanos.set(number, System.nanoTime());
        numSteps = number + 1;
        return logits;
    }

    @Override
    public int vocabSize() {
        return model.vocabSize();
    }

    @Override
    public int maxPositions() {
        return model.maxPositions();
    }

    @Override
    public BlockMemory kvMemory() {
        return model.kvMemory();
    }

    @Override
    public String kvFormat() {
        return model.kvFormat();
    }

    @Override
    public int numKvBlocks() {
        return model.numKvBlocks();
    }

    @Override
    public int kvBlockSize() {
        return model.kvBlockSize();
    }

    @Override
    public int maxStepTokens() {
        return model.maxStepTokens();
    }

    @Override
    public int maxLogitRows() {
        return model.maxLogitRows();
    }

    @Override
    public void close() {
        model.close();
    }
}
