package tokamak.model;

import java.lang.foreign.MemorySegment;
import tokamak.backend.BlockMemory;
import tokamak.backend.StepInput;

/** A loaded model as the scheduler sees it: numbers in, logits out. One thread at a time. */
public interface LanguageModel extends AutoCloseable {
    /** Logits per row. May exceed the tokenizer's vocabulary (padding). */
    int vocabSize();

    /** The longest sequence the weights were trained for (and rope scaling allows). */
    int maxPositions();

    /** KV blocks in the pool; ids are 0 .. numBlocks - 1. */
    int numKvBlocks();

    /** Tokens per KV block. */
    int kvBlockSize();

    /** The blocks as bytes; what a block holds depends on the weights, its tokens and those before it alone. */
    BlockMemory kvMemory();

    /** What the bytes of a block depend on besides weights, tokens and processor, in words. */
    String kvFormat();

    /** The most query rows a step may have. */
    int maxStepTokens();

    /** The most rows of a step that may need logits. */
    int maxLogitRows();

    /**
     * One forward pass: stores the keys and values of the step's tokens and computes logits of the rows that need them.
     *
     * @return host memory, float32 {@code [numLogitRows, vocabSize]}, valid until the next call
     */
    MemorySegment forward(StepInput input);

    /** Numbers in the final state of a token; 0 for models that do not show it. */
    default int stateSize() {
        return 0;
    }

    /**
     * The final states, after the last norm, of the last step's state rows.
     *
     * @return host memory, float32 {@code [numStateRows, stateSize]}, valid until the next step
     */
    default MemorySegment states() {
        throw new UnsupportedOperationException("this model does not show its states");
    }

    /** Shows the observer what linear layers see in every later step; for calibration. */
    default void observe(LinearInput.Observer observer) {
        throw new UnsupportedOperationException("this model does not show what its layers see");
    }

    @Override
    void close();
}
