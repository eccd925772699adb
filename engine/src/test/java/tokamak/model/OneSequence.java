package tokamak.model;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import java.util.stream.IntStream;
import tokamak.backend.StepInput;

/** Runs one sequence through a model, its KV blocks in an order of its own, so that nothing works by accident of 0, 1, 2. */
public final class OneSequence {
    private final LanguageModel model;
    private int computed;

    public OneSequence(LanguageModel model) {
        this.model = model;
    }

    /** Computes the next tokens in one step; returns their logits {@code [tokens][vocabSize]}. */
    public float[][] append(int... tokenIds) {
        int n = tokenIds.length;
        int blockSize = model.kvBlockSize();
        int numBlocks = model.numKvBlocks();
        int[] table = IntStream.range(0, numBlocks).map(i -> numBlocks - 1 - i).toArray();
        int[] positions = IntStream.range(computed, computed + n).toArray();
        int[] slots = IntStream.of(positions)
                .map(p -> table[p / blockSize] * blockSize + p % blockSize)
                .toArray();
        computed += n;
        MemorySegment logits = model.forward(new StepInput(
                n,
                1,
                n,
                tokenIds,
                positions,
                new int[] {0, n},
                new int[] {computed},
                slots,
                table,
                table.length,
                IntStream.range(0, n).toArray()));
        float[][] rows = new float[n][model.vocabSize()];
        for (int row = 0; row < n; row++) {
            MemorySegment.copy(logits, JAVA_FLOAT, (long) row * model.vocabSize() * 4, rows[row], 0, model.vocabSize());
        }
        return rows;
    }
}
