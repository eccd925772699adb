package tokamak;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import tokamak.backend.StepInput;
import tokamak.model.LanguageModel;
import tokamak.model.LinearInput;

/** A model with room for one sequence, fed step by step without a scheduler. */
final class LoneSequence implements AutoCloseable {
    private final LoadedModel loaded;
    private final LanguageModel model;
    private final int[] blockTable;

    private LoneSequence(LoadedModel loaded) {
        this.loaded = loaded;
        this.model = loaded.model();
        this.blockTable = IntStream.range(0, model.numKvBlocks()).toArray();
    }

    /** @throws tokamak.api.ModelLoadException if the model cannot be opened */
    static LoneSequence open(EngineConfig config, int contextLength, int maxStepTokens) {
        return new LoneSequence(CheckpointLoader.load(
                config.withMaxModelLen(contextLength).withBatchLimits(1, maxStepTokens), share -> {}));
    }

    String name() {
        return loaded.name();
    }

    int vocabSize() {
        return model.vocabSize();
    }

    int maxLogitRows() {
        return model.maxLogitRows();
    }

    int[] encode(String text) {
        return loaded.tokenizer().encode(text);
    }

    void observe(LinearInput.Observer observer) {
        model.observe(observer);
    }

    /** The token that begins every text, if the tokenizer has such a one. */
    OptionalInt bos() {
        OptionalInt bos = loaded.tokenizer().bosId();
        int[] begun = loaded.tokenizer().withSpecials(new int[0]);
        return bos.isPresent() && begun.length > 0 && begun[0] == bos.getAsInt() ? bos : OptionalInt.empty();
    }

    /** Computes tokens {@code [from, from + count)}; logits of the last {@code rows} of them. */
    MemorySegment step(int[] window, int from, int count, int rows) {
        int[] positions = IntStream.range(from, from + count).toArray();
        return model.forward(new StepInput(
                count,
                1,
                rows,
                Arrays.copyOfRange(window, from, from + count),
                positions,
                new int[] {0, count},
                new int[] {from + count},
                positions,
                blockTable,
                blockTable.length,
                IntStream.range(count - rows, count).toArray()));
    }

    @Override
    public void close() {
        model.close();
        try {
            loaded.resources().close();
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException("closing " + loaded.name() + " failed", e);
        }
    }
}
