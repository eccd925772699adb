package tokamak.server;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Consumer;
import tokamak.TestEngines;
import tokamak.backend.BlockMemory;
import tokamak.backend.StepInput;
import tokamak.model.LanguageModel;

/**
 * A model over bytes that tests can foresee: after a letter comes the next one and after z the end; digits count round
 * and round for ever; after % comes a euro sign (three bytes), then digits. A step with ! fails.
 */
public final class AlphabetModel implements LanguageModel {
    private static final int VOCAB = 257;
    private static final int MAX_ROWS = 512;
    private static final int BLOCK = 16;

    /** Numbers in a state: the token, its position, one, minus one. */
    public static final int STATE_SIZE = 4;

    private final int contextLength;
    private final Consumer<StepInput> beforeStep;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment logits = arena.allocate((long) MAX_ROWS * VOCAB * Float.BYTES, Float.BYTES);

    private final MemorySegment states = arena.allocate((long) MAX_ROWS * STATE_SIZE * Float.BYTES, Float.BYTES);

    /** @param beforeStep may wait or throw */
    public AlphabetModel(int contextLength, Consumer<StepInput> beforeStep) {
        this.contextLength = contextLength;
        this.beforeStep = beforeStep;
    }

    private static int after(int token) {
        return switch (token) {
            case 'z' -> TestEngines.END;
            case '9' -> '0';
            case '%' -> 0xE2;
            case 0xE2 -> 0x82;
            case 0x82 -> 0xAC;
            case 0xAC -> '0';
            default -> token >= 'a' && token < 'z' || token >= '0' && token < '9' ? token + 1 : 'a';
        };
    }

    @Override
    public MemorySegment forward(StepInput step) {
        beforeStep.accept(step);
        for (int row = 0; row < step.numTokens(); row++) {
            if (step.tokenIds()[row] == '!') {
                throw new IllegalStateException("this model fails at !");
            }
        }
        for (int i = 0; i < step.numLogitRows(); i++) {
            int next = after(step.tokenIds()[step.logitRows()[i]]);
            for (int token = 0; token < VOCAB; token++) {
                float value = token == next ? 20 : token == next + 1 ? 10 : 0;
                logits.setAtIndex(ValueLayout.JAVA_FLOAT, (long) i * VOCAB + token, value);
            }
        }
        for (int i = 0; i < step.numStateRows(); i++) {
            int row = step.stateRows()[i];
            float[] state = {step.tokenIds()[row], step.positions()[row], 1, -1};
            MemorySegment.copy(
                    state, 0, states, ValueLayout.JAVA_FLOAT, (long) i * STATE_SIZE * Float.BYTES, STATE_SIZE);
        }
        return logits;
    }

    @Override
    public int stateSize() {
        return STATE_SIZE;
    }

    @Override
    public MemorySegment states() {
        return states;
    }

    @Override
    public int vocabSize() {
        return VOCAB;
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
    public BlockMemory kvMemory() {
        throw new UnsupportedOperationException("nothing is kept of this model");
    }

    @Override
    public String kvFormat() {
        return "none";
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
