package tokamak.server;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import tokamak.TestEngines;
import tokamak.backend.BlockMemory;
import tokamak.backend.StepInput;
import tokamak.model.LanguageModel;

/** A model over bytes that knows nothing: its logits are noise, with some weight on what ends things. */
public final class RandomModel implements LanguageModel {
    private static final int MAX_ROWS = 512;
    private static final int BLOCK = 16;
    private static final String LIKELY = "\"}])>:,</0 \n";

    private final int contextLength;
    private final Arena arena = Arena.ofShared();
    private final int vocabSize;
    private final MemorySegment logits;
    private final SplittableRandom random = new SplittableRandom(5);

    public RandomModel(int contextLength) {
        this(contextLength, 1);
    }

    /** @param numSpecials tokens behind the bytes */
    public RandomModel(int contextLength, int numSpecials) {
        this.contextLength = contextLength;
        this.vocabSize = 256 + numSpecials;
        this.logits = arena.allocate((long) MAX_ROWS * vocabSize * Float.BYTES, Float.BYTES);
    }

    @Override
    public MemorySegment forward(StepInput step) {
        for (int i = 0; i < step.numLogitRows(); i++) {
            for (int token = 0; token < vocabSize; token++) {
                double bias = token >= TestEngines.END || LIKELY.indexOf(token) >= 0 ? 5 : token > 126 ? -2 : 0;
                logits.setAtIndex(ValueLayout.JAVA_FLOAT, (long) i * vocabSize + token, (float)
                        (random.nextGaussian() * 2 + bias));
            }
        }
        return logits;
    }

    @Override
    public int vocabSize() {
        return vocabSize;
    }

    @Override
    public int maxPositions() {
        return contextLength;
    }

    @Override
    public int numKvBlocks() {
        return 8 * (contextLength / BLOCK + 1);
    }

    @Override
    public String kvFormat() {
        return "none";
    }

    @Override
    public BlockMemory kvMemory() {
        throw new UnsupportedOperationException("nothing is kept of this model");
    }

    @Override
    public int kvBlockSize() {
        return BLOCK;
    }

    @Override
    public int maxStepTokens() {
        return MAX_ROWS;
    }

    @Override
    public int maxLogitRows() {
        return MAX_ROWS;
    }

    @Override
    public void close() {
        arena.close();
    }
}
