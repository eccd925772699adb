package tokamak.backend.cpu.x64;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.DoubleBinaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tokamak.backend.Activation;
import tokamak.backend.Buffer;
import tokamak.backend.Norm;

/** Every routine against doubles, for all lengths around a register's, in memory that ends at a guard page. */
class RowMathTest {
    private static final int MAX_LENGTH = 50;
    private static final float EPSILON = 1e-3f;

    private static Kernels kernels(Isa isa) {
        try {
            return Kernels.forIsa(isa);
        } catch (IllegalArgumentException | ExecutableMemoryException e) {
            return Assumptions.abort(e.getMessage());
        }
    }

    @ParameterizedTest
    @EnumSource(Isa.class)
    void normsEqualTheFormula(Isa isa) {
        SplittableRandom random = new SplittableRandom(1);
        try (Kernels kernels = kernels(isa);
                Arena arena = new GuardedArena()) {
            RowMath math = new RowMath(kernels);
            MemorySegment scratch = arena.allocate(8, 1);
            for (int count = 1; count < MAX_LENGTH; count++) {
                int vectors = 3;
                MemorySegment x = floats(count * vectors, 3, random, arena);
                MemorySegment out = floats(count * vectors, 1, random, arena);
                Buffer weight = new Buffer(floats(count, 2, random, arena), 1, count);
                Buffer bias = new Buffer(floats(count, 2, random, arena), 1, count);
                for (Norm.Kind kind : Norm.Kind.values()) {
                    for (Norm norm : List.of(
                            new Norm(kind, null, null, EPSILON),
                            new Norm(kind, weight, null, EPSILON),
                            new Norm(kind, null, bias, EPSILON),
                            new Norm(kind, weight, bias, EPSILON))) {
                        math.norm(norm, x, 0, out, 0, count, vectors, scratch);
                        assertNormalised(norm, x, out, count, vectors);
                    }
                }
            }
        }
    }

    private static void assertNormalised(Norm norm, MemorySegment x, MemorySegment out, int count, int vectors) {
        for (int vector = 0; vector < vectors; vector++) {
            int first = vector * count;
            double mean = norm.kind() == Norm.Kind.RMS
                    ? 0
                    : IntStream.range(first, first + count)
                            .mapToDouble(i -> get(x, i))
                            .average()
                            .orElseThrow();
            double variance = IntStream.range(first, first + count)
                    .mapToDouble(i -> (get(x, i) - mean) * (get(x, i) - mean))
                    .average()
                    .orElseThrow();
            for (int i = 0; i < count; i++) {
                double expected = (get(x, first + i) - mean) / Math.sqrt(variance + EPSILON);
                expected *= norm.weight() == null ? 1 : get(norm.weight().memory(), i);
                expected += norm.bias() == null ? 0 : get(norm.bias().memory(), i);
                assertThat(get(out, first + i)).isCloseTo(expected, within(4e-6 * (1 + Math.abs(expected))));
            }
        }
    }

    /** The mean alone takes most bits of such numbers, and its rounding must not become a part of the result. */
    @ParameterizedTest
    @EnumSource(Isa.class)
    void layerNormsOfNumbersFarFromZeroAreAccurate(Isa isa) {
        SplittableRandom random = new SplittableRandom(4);
        try (Kernels kernels = kernels(isa);
                Arena arena = new GuardedArena()) {
            int count = 1003;
            MemorySegment x = floats(count, 1, random, arena);
            MemorySegment out = floats(count, 1, random, arena);
            for (int i = 0; i < count; i++) {
                x.set(JAVA_FLOAT_UNALIGNED, 4L * i, (float) (4000 + get(x, i)));
            }
            Norm norm = new Norm(Norm.Kind.LAYER, null, null, EPSILON);
            new RowMath(kernels).norm(norm, x, 0, out, 0, count, 1, arena.allocate(8, 1));
            assertNormalised(norm, x, out, count, 1);
        }
    }

    @ParameterizedTest
    @EnumSource(Isa.class)
    void sumsAndGatesEqualTheFormulas(Isa isa) {
        SplittableRandom random = new SplittableRandom(2);
        try (Kernels kernels = kernels(isa);
                Arena arena = new GuardedArena()) {
            RowMath math = new RowMath(kernels);
            MemorySegment scratch = arena.allocate(8, 1);
            for (int n = 1; n < MAX_LENGTH; n++) {
                MemorySegment gate = floats(n, 30, random, arena);
                MemorySegment x = floats(n, 2, random, arena);
                MemorySegment out = floats(n, 1, random, arena);
                math.sigmoid(gate, 0, x, 0, out, 0, n);
                assertEach(out, gate, x, n, (g, v) -> sigmoid(g) * v);
                MemorySegment sum = floats(n, 2, random, arena);
                MemorySegment.copy(x, 0, sum, 0, 4L * n);
                math.addScaled(sum, 0, gate, 0, n, 0.5f, scratch);
                assertEach(sum, gate, x, n, (g, v) -> v + 0.5 * g);
                sum.copyFrom(gate);
                math.scale(sum, 0, n, 0.7f, scratch);
                assertEach(sum, gate, x, n, (g, _) -> 0.7 * g);
                sum.copyFrom(gate);
                math.cap(sum, 0, n, 2, 15, scratch);
                assertEach(sum, gate, x, n, (g, _) -> 15 * Math.tanh(2 * g / 15));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Isa.class)
    void activationsEqualTheirFormulas(Isa isa) {
        SplittableRandom random = new SplittableRandom(5);
        try (Kernels kernels = kernels(isa);
                Arena arena = new GuardedArena()) {
            RowMath math = new RowMath(kernels);
            for (Activation activation : Activation.values()) {
                DoubleBinaryOperator formula = formula(activation);
                for (int n = 1; n < MAX_LENGTH; n++) {
                    MemorySegment gate = floats(n, n % 2 == 0 ? 3 : 30, random, arena);
                    MemorySegment x = floats(n, 9, random, arena);
                    MemorySegment out = floats(n, 1, random, arena);
                    math.activateGated(activation, gate, 0, x, 0, out, 0, n);
                    assertEach(out, gate, x, n, formula);
                    if (activation == Activation.CLAMPED_SWIGLU) {
                        assertThatThrownBy(() -> math.activate(activation, x, 0, 1))
                                .hasMessageContaining("gate");
                        continue;
                    }
                    out.copyFrom(gate);
                    math.activate(activation, out, 0, n);
                    assertEach(out, gate, x, n, (g, _) -> formula.applyAsDouble(g, 1));
                }
            }
        }
    }

    private static DoubleBinaryOperator formula(Activation activation) {
        return switch (activation) {
            case SILU -> (g, v) -> g * sigmoid(g) * v;
            case GELU -> (g, v) -> g * normalDistribution(g) * v;
            case GELU_TANH ->
                (g, v) -> 0.5 * g * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (g + 0.044715 * g * g * g))) * v;
            case RELU -> (g, v) -> Math.max(g, 0) * v;
            case RELU_SQUARED -> (g, v) -> Math.max(g, 0) * Math.max(g, 0) * v;
            case CLAMPED_SWIGLU ->
                (g, v) -> Math.min(g, 7) * sigmoid(1.702 * Math.min(g, 7)) * (Math.clamp(v, -7.0, 7.0) + 1);
        };
    }

    private static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    /** By Simpson's rule over the density: slow and simple. */
    private static double normalDistribution(double x) {
        double from = Math.max(-12, Math.min(x, 0) - 8);
        int steps = 2000;
        double width = (Math.min(x, 12) - from) / steps;
        double sum = 0;
        for (int i = 0; i <= steps; i++) {
            double at = from + i * width;
            sum += Math.exp(-at * at / 2) * (i == 0 || i == steps ? 1 : i % 2 == 0 ? 2 : 4);
        }
        return x < -12 ? 0 : sum * width / 3 / Math.sqrt(2 * Math.PI);
    }

    /** One in a million of the tail itself, not of one. */
    @ParameterizedTest
    @EnumSource(Isa.class)
    void gaussianUnitsAreAccurateFarBelowZero(Isa isa) {
        try (Kernels kernels = kernels(isa);
                Arena arena = new GuardedArena()) {
            int n = 33;
            MemorySegment x = arena.allocate(4L * n, 1);
            for (int i = 0; i < n; i++) {
                x.set(JAVA_FLOAT_UNALIGNED, 4L * i, -i / 8f);
            }
            new RowMath(kernels).activate(Activation.GELU, x, 0, n);
            for (int i = 1; i < n; i++) {
                double expected = -i / 8.0 * normalDistribution(-i / 8.0);
                assertThat(get(x, i)).isCloseTo(expected, withinPercentage(1e-4));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Isa.class)
    void extremeGatesAreFiniteAndWhatIsNoNumberStays(Isa isa) {
        try (Kernels kernels = kernels(isa);
                Arena arena = new GuardedArena()) {
            RowMath math = new RowMath(kernels);
            float[] gates = {-3e38f, -200, -88, 0, 88, 200, 1e30f, Float.POSITIVE_INFINITY, Float.NaN};
            for (Activation activation : List.of(Activation.SILU, Activation.GELU, Activation.GELU_TANH)) {
                MemorySegment x = arena.allocate(4L * gates.length, 1);
                MemorySegment.copy(gates, 0, x, JAVA_FLOAT_UNALIGNED, 0, gates.length);
                math.activate(activation, x, 0, gates.length);
                double[] expected = {0, 0, 0, 0, 88, 200, 1e30f, Double.POSITIVE_INFINITY};
                for (int i = 0; i < expected.length; i++) {
                    assertThat(get(x, i)).isCloseTo(expected[i], within(1e-6 * (1 + expected[i])));
                }
                assertThat(get(x, gates.length - 1)).isNaN();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Isa.class)
    void rotationsEqualTheFormula(Isa isa) {
        SplittableRandom random = new SplittableRandom(3);
        try (Kernels kernels = kernels(isa);
                Arena arena = new GuardedArena()) {
            RowMath math = new RowMath(kernels);
            for (int pairs : new int[] {8, 16, 24, 32, 40, 64}) {
                int heads = 3;
                int headDim = 2 * pairs + 4;
                MemorySegment angles = floats(2 * pairs, 1, random, arena);
                MemorySegment x = floats(heads * headDim, 1, random, arena);
                MemorySegment before = arena.allocate(x.byteSize(), 1).copyFrom(x);
                math.rotateHalves(angles, 0, pairs, x, 0, heads, headDim);
                assertRotated(x, before, angles, pairs, heads, headDim, 1, pairs);
                x.copyFrom(before);
                math.rotateNeighbours(angles, 0, pairs, x, 0, heads, headDim);
                assertRotated(x, before, angles, pairs, heads, headDim, 2, 1);
            }
            assertThat(RowMath.rotates(4)).isFalse();
        }
    }

    @ParameterizedTest
    @EnumSource(Isa.class)
    void sizesAreChecked(Isa isa) {
        try (Kernels kernels = kernels(isa);
                Arena arena = Arena.ofConfined()) {
            RowMath math = new RowMath(kernels);
            MemorySegment small = arena.allocate(32);
            assertThatThrownBy(() -> math.sigmoid(small, 0, small, 0, small, 1, 8))
                    .hasMessageContaining("out");
            assertThatThrownBy(() -> math.activate(Activation.SILU, small, 1, 8))
                    .hasMessageContaining("x");
            assertThatThrownBy(() -> math.addScaled(small, 0, small, -1, 8, 1, small))
                    .hasMessageContaining("y:");
            assertThatThrownBy(() -> math.rotateHalves(small, 0, 8, small, 0, 1, 16))
                    .hasMessageContaining("angles");
            Norm norm = new Norm(Norm.Kind.LAYER, new Buffer(small, 1, 7), null, 1);
            assertThatThrownBy(() -> math.norm(norm, small, 0, small, 0, 0, 1, small))
                    .hasMessageContaining("at least 1");
            assertThatThrownBy(() -> math.norm(norm, small, 0, small, 0, 9, 1, small))
                    .hasMessageContaining("9 floats");
            MemorySegment large = arena.allocate(64);
            assertThatThrownBy(() -> math.norm(norm, large, 0, large, 0, 9, 1, large))
                    .hasMessageContaining("weight");
        }
    }

    private static void assertRotated(
            MemorySegment x,
            MemorySegment before,
            MemorySegment angles,
            int pairs,
            int heads,
            int headDim,
            int step,
            int distance) {
        for (int head = 0; head < heads; head++) {
            for (int i = 0; i < pairs; i++) {
                int first = head * headDim + i * step;
                double cos = get(angles, 2 * i);
                double sin = get(angles, 2 * i + 1);
                double a = get(before, first);
                double b = get(before, first + distance);
                assertThat(get(x, first)).isCloseTo(a * cos - b * sin, within(1e-6));
                assertThat(get(x, first + distance)).isCloseTo(b * cos + a * sin, within(1e-6));
            }
            for (int i = 2 * pairs; i < headDim; i++) {
                assertThat(get(x, head * headDim + i)).isEqualTo(get(before, head * headDim + i));
            }
        }
    }

    private static void assertEach(
            MemorySegment out, MemorySegment gate, MemorySegment x, int count, DoubleBinaryOperator formula) {
        for (int i = 0; i < count; i++) {
            double expected = formula.applyAsDouble(get(gate, i), get(x, i));
            assertThat(get(out, i))
                    .as("gate %s", get(gate, i))
                    .isCloseTo(expected, within(3e-6 * (1 + Math.abs(expected))));
        }
    }

    private static double get(MemorySegment segment, int i) {
        return segment.get(JAVA_FLOAT_UNALIGNED, 4L * i);
    }

    private static MemorySegment floats(int count, double bound, SplittableRandom random, Arena arena) {
        MemorySegment segment = arena.allocate(4L * count, 1);
        for (int i = 0; i < count; i++) {
            segment.set(JAVA_FLOAT_UNALIGNED, 4L * i, (float) random.nextDouble(-bound, bound));
        }
        return segment;
    }
}
