package tokamak;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.OptionalInt;
import java.util.function.DoubleConsumer;
import java.util.stream.IntStream;
import tokamak.api.InvalidRequestException;
import tokamak.backend.Buffer;
import tokamak.model.LinearInput;
import tokamak.quantize.Importance;
import tokamak.tensor.LittleEndian;

/** What a model's linear layers get to see while it reads a text, for a {@link Quantization} that minds it. */
public final class Calibration {
    private static final int CONTEXT_LENGTH = 512;
    private static final int STEP_TOKENS = 256;
    private static final int MIN_TOKENS = 64;

    private final Importance importance;
    private final String identity;

    private Calibration(Importance importance, String identity) {
        this.importance = importance;
        this.identity = identity;
    }

    /**
     * Runs a model over a text, 512 tokens at a time.
     *
     * @param maxTokens of the text, from its beginning
     * @param progress told the share of the text that was read, 0 to 1
     * @throws tokamak.api.ModelLoadException if the model cannot be opened
     * @throws InvalidRequestException if the text is too short to say anything
     */
    public static Calibration of(Path model, String text, int maxTokens, DoubleConsumer progress) {
        Importance importance = new Importance();
        try (LoneSequence sequence = LoneSequence.open(EngineConfig.of(model), CONTEXT_LENGTH, STEP_TOKENS)) {
            int[] ids = sequence.encode(text);
            ids = Arrays.copyOf(ids, Math.min(ids.length, maxTokens));
            if (ids.length < MIN_TOKENS) {
                throw new InvalidRequestException(
                        "calibration",
                        "the calibration text has " + ids.length + " tokens: at least " + MIN_TOKENS
                                + " are needed, some ten thousand are better");
            }
            sequence.observe((layer, input, rows, x) -> add(importance, layer, input, rows, x));
            OptionalInt bos = sequence.bos();
            int room = CONTEXT_LENGTH - (bos.isPresent() ? 1 : 0);
            for (int start = 0; start < ids.length; start += room) {
                int[] window = Arrays.copyOfRange(ids, start, Math.min(ids.length, start + room));
                read(
                        sequence,
                        bos.isEmpty()
                                ? window
                                : IntStream.concat(IntStream.of(bos.getAsInt()), Arrays.stream(window))
                                        .toArray());
                progress.accept(Math.min(1, (double) (start + room) / ids.length));
            }
            String identity = ids.length + " tokens, hash " + Integer.toHexString(Arrays.hashCode(ids));
            importance.describe(identity);
            return new Calibration(importance, identity);
        }
    }

    private static void read(LoneSequence sequence, int[] window) {
        for (int from = 0; from < window.length; from += STEP_TOKENS) {
            int count = Math.min(STEP_TOKENS, window.length - from);
            sequence.step(window, from, count, Math.min(count, sequence.maxLogitRows()));
        }
    }

    private static void add(Importance importance, int layer, LinearInput input, int rows, Buffer x) {
        float[] row = new float[x.columns()];
        for (int r = 0; r < rows; r++) {
            MemorySegment.copy(x.memory(), LittleEndian.FLOAT, 4 * x.at(r), row, 0, row.length);
            importance.add(layer, input, row);
        }
    }

    Importance importance() {
        return importance;
    }

    /** Tells one calibration from another. */
    String identity() {
        return identity;
    }
}
