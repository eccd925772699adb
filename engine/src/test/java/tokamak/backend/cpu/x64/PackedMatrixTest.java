package tokamak.backend.cpu.x64;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import tokamak.tensor.DType;
import tokamak.tensor.Dequantizers;
import tokamak.tensor.Tensor;

class PackedMatrixTest {
    /** A value no product here can give: shows what was left alone. */
    private static final float UNTOUCHED = 12345.5f;

    static Stream<Arguments> formatsOnEveryIsa() {
        List<Arguments> all = new ArrayList<>();
        for (Isa isa : availableIsas()) {
            for (DType dtype : formats()) {
                // of the other formats the kernels are those of AVX-512
                if (isa != Isa.AVX512_BF16 || dtype == DType.BF16) {
                    all.add(Arguments.of(isa, dtype));
                }
            }
        }
        return all.stream();
    }

    /** Without those whose codes and zero points are shifted where codes have to be signed: their sums are rounded elsewhere. */
    static Stream<DType> quantisedFormats() {
        return formats().stream()
                .filter(dtype -> QuantFormat.of(dtype).isPresent())
                .filter(dtype -> dtype != DType.U8_G32 && dtype != DType.U8_G128);
    }

    private static List<DType> formats() {
        List<DType> formats = new ArrayList<>();
        for (QuantFormat format : QuantFormat.values()) {
            formats.add(format.dtype);
        }
        for (FloatFormat format : FloatFormat.values()) {
            formats.add(format.dtype);
        }
        // blocks of two groups differ from those of four in a count alone
        formats.removeIf(dtype -> dtype.name().endsWith("_G64"));
        return formats;
    }

    private static List<Isa> availableIsas() {
        OperatingSystem system;
        try {
            system = OperatingSystem.current();
        } catch (ExecutableMemoryException e) {
            return List.of();
        }
        try (ExecutableMemory memory = new ExecutableMemory(system)) {
            return Isa.availableOn(CpuFeatures.detect(memory, system));
        }
    }

    @ParameterizedTest
    @MethodSource("formatsOnEveryIsa")
    void productsEqualThoseOfTheDequantisedWeights(Isa isa, DType dtype) {
        SplittableRandom random = new SplittableRandom(7);
        try (Kernels kernels = Kernels.forIsa(isa);
                Arena arena = new GuardedArena()) {
            int unit = dtype.isBlocked() ? dtype.blockSize() : 1;
            for (int[] shape : new int[][] {{1, 1, 1}, {2, 31, 2}, {5, 33, 3}, {13, 70, 1}, {32, 48, 1}}) {
                int columns = dtype.isBlocked() ? unit * shape[2] : 5 + 37 * shape[2];
                Tensor weight = RandomTensors.create(dtype, shape[1], columns, random, arena);
                float[] x = randomFloats(shape[0] * columns, random);
                float[] y = multiply(kernels, weight, x, shape[0], arena);
                assertClose(y, weight, x, shape[0], PackedMatrix.rounding(kernels, dtype));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("formatsOnEveryIsa")
    void aTokensResultIsTheSameInAnyBatchAndUnderAnySplit(Isa isa, DType dtype) {
        SplittableRandom random = new SplittableRandom(8);
        try (Kernels kernels = Kernels.forIsa(isa);
                Arena arena = Arena.ofConfined()) {
            int columns = dtype.isBlocked() ? 2 * Math.max(64, dtype.blockSize()) : 131;
            Tensor weight = RandomTensors.create(dtype, 75, columns, random, arena);
            PackedMatrix matrix = pack(kernels, weight, arena);
            float[] x = randomFloats(32 * columns, random);
            float[][] alone = new float[32][];
            for (int token = 0; token < 32; token++) {
                float[] row = Arrays.copyOfRange(x, token * columns, (token + 1) * columns);
                alone[token] = multiply(matrix, row, 1, arena, 1);
            }
            for (int tokens = 1; tokens <= 32; tokens++) {
                float[] y = multiply(matrix, x, tokens, arena, 1 + random.nextInt(matrix.numPanels()));
                for (int token = 0; token < tokens; token++) {
                    float[] row = Arrays.copyOfRange(y, token * 75, (token + 1) * 75);
                    assertThat(row).as("token %d of %d", token, tokens).isEqualTo(alone[token]);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("quantisedFormats")
    void integerFormatsGiveTheSameBitsUnderEveryInstructionSet(DType dtype) {
        List<Isa> isas = availableIsas();
        Assumptions.assumeTrue(isas.size() > 1, "this processor has fewer than two instruction sets to compare");
        List<float[]> results = new ArrayList<>();
        for (Isa isa : isas) {
            SplittableRandom random = new SplittableRandom(9);
            try (Kernels kernels = Kernels.forIsa(isa);
                    Arena arena = Arena.ofConfined()) {
                Tensor weight = RandomTensors.create(dtype, 40, 512, random, arena);
                results.add(multiply(kernels, weight, randomFloats(7 * 512, random), 7, arena));
            }
        }
        for (float[] result : results) {
            assertThat(result).isEqualTo(results.getFirst());
        }
    }

    @ParameterizedTest
    @MethodSource("formatsOnEveryIsa")
    void whatIsNotFiniteStaysSo(Isa isa, DType dtype) {
        SplittableRandom random = new SplittableRandom(10);
        try (Kernels kernels = Kernels.forIsa(isa);
                Arena arena = Arena.ofConfined()) {
            Tensor weight = RandomTensors.create(dtype, 20, 256, random, arena);
            for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
                float[] x = randomFloats(3 * 256, random);
                x[256 + 100] = bad;
                float[] y = multiply(kernels, weight, x, 3, arena);
                for (int n = 0; n < 20; n++) {
                    assertThat(Float.isFinite(y[n])).isTrue();
                    assertThat(Float.isFinite(y[20 + n])).as("row %d", n).isFalse();
                    assertThat(Float.isFinite(y[40 + n])).isTrue();
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("formatsOnEveryIsa")
    void zeroAndTinyActivationsGiveZero(Isa isa, DType dtype) {
        SplittableRandom random = new SplittableRandom(11);
        try (Kernels kernels = Kernels.forIsa(isa);
                Arena arena = Arena.ofConfined()) {
            Tensor weight = RandomTensors.create(dtype, 20, 256, random, arena);
            float[] x = new float[256];
            assertThat(multiply(kernels, weight, x, 1, arena)).containsOnly(0f);
            Arrays.fill(x, Float.MIN_VALUE);
            for (float y : multiply(kernels, weight, x, 1, arena)) {
                assertThat(y).isBetween(-1e-30f, 1e-30f);
            }
        }
    }

    @Test
    void packedBytesAreAtMostFivePercentMoreThanTheFiles() {
        for (Isa isa : Isa.values()) {
            for (QuantFormat format : QuantFormat.values()) {
                double packed = PackedLayout.of(format, isa).bytes(1024, 1024);
                assertThat(packed / format.dtype.bytes(1024 * 1024))
                        .as(format.name())
                        .isBetween(1.0, 1.05);
            }
        }
    }

    @Test
    void sizesAreCheckedBeforeMachineCodeRuns() {
        Assumptions.assumeFalse(availableIsas().isEmpty(), "no machine code here");
        try (Kernels kernels = Kernels.forThisMachine();
                Arena arena = Arena.ofConfined()) {
            Tensor weight = RandomTensors.create(DType.Q8_0, 32, 64, new SplittableRandom(1), arena);
            PackedMatrix matrix = pack(kernels, weight, arena);
            MemorySegment x = arena.allocate(4 * 64);
            MemorySegment prepared = arena.allocate(matrix.activationBytes(1));
            MemorySegment y = arena.allocate(4 * 32);
            matrix.prepare(x, 0, 256, 1, 0, 1, prepared);
            assertThatThrownBy(() -> matrix.prepare(x, 0, 256, 2, 0, 2, prepared))
                    .hasMessageContaining("512 bytes");
            assertThatThrownBy(() -> matrix.multiply(prepared, 2, y, 0, 128, 0, 1))
                    .hasMessageContaining("prepared");
            assertThatThrownBy(() -> matrix.multiply(prepared, 1, y, 4, 128, 0, 1))
                    .hasMessageContaining("y:");
            assertThatThrownBy(() -> matrix.multiply(prepared, 1, y, 0, 128, 0, 9))
                    .hasMessageContaining("panels");
            assertThatThrownBy(() -> matrix.multiply(prepared, 1, x, 132, y, 0, 128, 0, 1))
                    .hasMessageContaining("bias");
            assertThatThrownBy(() -> matrix.prepare(MemorySegment.ofArray(new float[64]), 0, 256, 1, 0, 1, prepared))
                    .hasMessageContaining("native");
        }
    }

    @ParameterizedTest
    @EnumSource(Isa.class)
    void aBiasIsAddedToEveryTokensResults(Isa isa) {
        Assumptions.assumeTrue(availableIsas().contains(isa), isa + " is not on this processor");
        SplittableRandom random = new SplittableRandom(11);
        try (Kernels kernels = Kernels.forIsa(isa);
                Arena arena = new GuardedArena()) {
            for (int[] shape : new int[][] {{1, 1}, {2, 15}, {5, 33}, {33, 70}}) {
                int tokens = shape[0];
                int rows = shape[1];
                PackedMatrix matrix = pack(kernels, RandomTensors.create(DType.Q8_0, rows, 64, random, arena), arena);
                float[] x = randomFloats(tokens * 64, random);
                float[] plain = multiply(matrix, x, tokens, arena, 1);
                float[] numbers = randomFloats(rows + 1, random);
                MemorySegment bias = arena.allocate(4L * (rows + 1), 1);
                MemorySegment.copy(numbers, 0, bias, JAVA_FLOAT_UNALIGNED, 0, rows + 1);
                float[] found = multiply(matrix, x, tokens, bias, arena, 1 + random.nextInt(matrix.numPanels()));
                for (int i = 0; i < found.length; i++) {
                    assertThat(found[i]).isEqualTo(plain[i] + numbers[1 + i % rows]);
                }
            }
        }
    }

    /** Subnormal ones, zero, and the two that are no numbers elsewhere: a product with one weight shows the weight itself. */
    @ParameterizedTest
    @EnumSource(Isa.class)
    void everyScaleOfNvfp4IsWhatItsDequantiserSays(Isa isa) {
        Assumptions.assumeTrue(availableIsas().contains(isa), isa + " is not on this processor");
        int rows = 256;
        int columns = 64;
        try (Kernels kernels = Kernels.forIsa(isa);
                Arena arena = Arena.ofConfined()) {
            Tensor weight = RandomTensors.create(DType.NVFP4, rows, columns, new SplittableRandom(12), arena);
            for (int row = 0; row < rows; row++) {
                for (int run = 0; run < 4; run++) {
                    weight.data().set(JAVA_BYTE, 36L * row + run, (byte) (row + 64 * run));
                }
            }
            PackedMatrix matrix = pack(kernels, weight, arena);
            float[] weights = new float[rows * columns];
            Dequantizers.of(DType.NVFP4).dequantize(weight.data(), 0, weights, 0, rows * columns);
            float[] x = new float[columns * columns];
            for (int k = 0; k < columns; k++) {
                x[k * columns + k] = 127;
            }
            float[] y = multiply(matrix, x, columns, arena, matrix.numPanels());
            for (int k = 0; k < columns; k++) {
                for (int row = 0; row < rows; row++) {
                    assertThat(y[k * rows + row]).isEqualTo(127 * weights[row * columns + k] + 0f);
                }
            }
        }
    }

    @Test
    void anFp8TensorWithNotANumberIsLeftToTheScalarPath() {
        Assumptions.assumeFalse(availableIsas().isEmpty(), "no machine code here");
        try (Kernels kernels = Kernels.forThisMachine();
                Arena arena = Arena.ofConfined()) {
            Tensor weight = RandomTensors.create(DType.F8_E4M3, 4, 8, new SplittableRandom(1), arena);
            assertThat(PackedMatrix.covers(kernels, weight)).isTrue();
            weight.data().set(JAVA_BYTE, 9, (byte) 0xFF);
            assertThat(PackedMatrix.covers(kernels, weight)).isFalse();
        }
    }

    private static float[] randomFloats(int count, SplittableRandom random) {
        float[] floats = new float[count];
        for (int i = 0; i < count; i++) {
            floats[i] = (float) random.nextDouble(-2, 2);
        }
        return floats;
    }

    private static PackedMatrix pack(Kernels kernels, Tensor weight, Arena arena) {
        PackedMatrix matrix = PackedMatrix.allocate(kernels, weight, arena);
        int middle = matrix.numPanels() / 2;
        matrix.pack(weight, 0, middle);
        matrix.pack(weight, middle, matrix.numPanels());
        return matrix;
    }

    private static float[] multiply(Kernels kernels, Tensor weight, float[] x, int tokens, Arena arena) {
        return multiply(pack(kernels, weight, arena), x, tokens, arena, 1);
    }

    private static float[] multiply(PackedMatrix matrix, float[] x, int tokens, Arena arena, int panelsAtOnce) {
        return multiply(matrix, x, tokens, null, arena, panelsAtOnce);
    }

    /**
     * Runs the product in pieces of {@code panelsAtOnce} panels into rows with a gap between them, which must stay untouched.
     *
     * @param bias behind one number that is none; null: none
     */
    private static float[] multiply(
            PackedMatrix matrix, float[] x, int tokens, @Nullable MemorySegment bias, Arena arena, int panelsAtOnce) {
        int columns = (int) matrix.columns();
        int rows = (int) matrix.rows();
        int stride = rows + 3;
        MemorySegment xs = arena.allocate(4L * columns * tokens, 1);
        MemorySegment.copy(x, 0, xs, JAVA_FLOAT_UNALIGNED, 0, columns * tokens);
        MemorySegment prepared = arena.allocate(matrix.activationBytes(tokens), 1);
        matrix.prepare(xs, 0, 4L * columns, tokens, 0, tokens / 2, prepared);
        matrix.prepare(xs, 0, 4L * columns, tokens, tokens / 2, tokens, prepared);
        MemorySegment ys = arena.allocate(4L * (stride * (tokens - 1) + rows), 1);
        for (long i = 0; i < ys.byteSize() / 4; i++) {
            ys.set(JAVA_FLOAT_UNALIGNED, 4 * i, UNTOUCHED);
        }
        for (int panel = 0; panel < matrix.numPanels(); panel += panelsAtOnce) {
            int end = Math.min(panel + panelsAtOnce, matrix.numPanels());
            matrix.multiply(prepared, tokens, bias, Float.BYTES, ys, 0, 4L * stride, panel, end);
        }
        float[] y = new float[rows * tokens];
        for (int token = 0; token < tokens; token++) {
            MemorySegment.copy(ys, JAVA_FLOAT_UNALIGNED, 4L * stride * token, y, rows * token, rows);
            for (int gap = rows; gap < stride && token < tokens - 1; gap++) {
                assertThat(ys.get(JAVA_FLOAT_UNALIGNED, 4L * (stride * token + gap)))
                        .isEqualTo(UNTOUCHED);
            }
        }
        return y;
    }

    private static void assertClose(float[] y, Tensor weight, float[] x, int tokens, Rounding rounding) {
        int columns = (int) weight.columns();
        int rows = (int) weight.rows();
        float[] w = new float[columns];
        for (int n = 0; n < rows; n++) {
            Dequantizers.of(weight.dtype())
                    .dequantize(weight.data(), n * weight.dtype().bytes(columns), w, 0, columns);
            for (int token = 0; token < tokens; token++) {
                double sum = 0;
                double magnitude = 0;
                for (int k = 0; k < columns; k++) {
                    double product = w[k] * rounded(rounding, x, token * columns, k);
                    sum += product;
                    magnitude += Math.abs(product);
                }
                assertThat((double) y[token * rows + n])
                        .as("token %d of %d, row %d of %d, %d columns", token, tokens, n, rows, columns)
                        .isCloseTo(sum, within(1e-5 * magnitude + 1e-30));
            }
        }
    }

    private static double rounded(Rounding rounding, float[] x, int row, int k) {
        return switch (rounding) {
            case NONE -> x[row + k];
            case BYTES -> quantised(x, row, k);
            case BFLOAT16 -> {
                double unit = Math.ulp(x[row + k]) * 0x1p16;
                yield Math.rint(x[row + k] / unit) * unit;
            }
        };
    }

    /** Number k of a row after rounding to 8 bits with its group's scale. */
    private static double quantised(float[] x, int row, int k) {
        float largest = 0;
        int group = row + k / 32 * 32;
        for (int i = group; i < group + 32; i++) {
            largest = Math.max(largest, Math.abs(x[i]));
        }
        return (double) (largest / 127f) * Math.rint(x[row + k] * (127f / largest));
    }

    @Test
    void tilesCoverEveryTokenOnceAndEvenly() {
        for (int tokens = 1; tokens < 60; tokens++) {
            TokenTiles tiles = TokenTiles.of(tokens, 12);
            int next = 0;
            for (int tile = 0; tile < tiles.numTiles(); tile++) {
                assertThat(tiles.firstTokenOf(tile)).isEqualTo(next);
                assertThat(tiles.tokensOf(tile)).isBetween(1, 12);
                for (int i = 0; i < tiles.tokensOf(tile); i++) {
                    assertThat(tiles.tileOf(next++)).isEqualTo(tile);
                }
            }
            assertThat(next).isEqualTo(tokens);
        }
    }
}
