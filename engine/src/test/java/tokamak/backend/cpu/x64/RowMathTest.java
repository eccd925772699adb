package tokamak.backend.cpu.x64;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every routine against doubles, for all lengths around a register's, in memory that ends at a guard page. */
class RowMathTest {
    private static final int MAX_LENGTH = 50;

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
                MemorySegment weight = floats(count, 2, random, arena);
                math.rmsNorm(x, 0, out, 0, count, vectors, weight, 0, 1e-3f, scratch);
                for (int i = 0; i < count * vectors; i++) {
                    double expected = get(x, i) * inverseRoot(x, i / count, count) * get(weight, i % count);
                    assertThat(get(out, i)).isCloseTo(expected, within(2e-6 * (1 + Math.abs(expected))));
                }
                math.rmsNorm(x, 0, out, 0, count, vectors, null, 0, 1e-3f, scratch);
                assertThat(get(out, 0)).isCloseTo(get(x, 0) * inverseRoot(x, 0, count), within(1e-5));
            }
        }
    }

    private static double inverseRoot(MemorySegment x, int vector, int count) {
        double squares = 0;
        for (int i = vector * count; i < (vector + 1) * count; i++) {
            squares += get(x, i) * get(x, i);
        }
        return 1 / Math.sqrt(squares / count + 1e-3);
    }

    @ParameterizedTest
    @EnumSource(Isa.class)
    void sumsAndGatesEqualTheFormulas(Isa isa) {
        DoubleUnaryOperator sigmoid = g -> 1 / (1 + Math.exp(-g));
        DoubleUnaryOperator gelu = g -> 0.5 * g * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (g + 0.044715 * g * g * g)));
        SplittableRandom random = new SplittableRandom(2);
        try (Kernels kernels = kernels(isa);
                Arena arena = new GuardedArena()) {
            RowMath math = new RowMath(kernels);
            MemorySegment scratch = arena.allocate(4, 1);
            for (int count = 1; count < MAX_LENGTH; count++) {
                int n = count;
                MemorySegment gate = floats(n, 30, random, arena);
                MemorySegment x = floats(n, 2, random, arena);
                MemorySegment out = floats(n, 1, random, arena);
                math.silu(gate, 0, x, 0, out, 0, n);
                assertEach(out, gate, x, n, (g, v) -> g * sigmoid.applyAsDouble(g) * v);
                math.geluTanh(gate, 0, x, 0, out, 0, n);
                assertEach(out, gate, x, n, (g, v) -> gelu.applyAsDouble(g) * v);
                math.sigmoid(gate, 0, x, 0, out, 0, n);
                assertEach(out, gate, x, n, (g, v) -> sigmoid.applyAsDouble(g) * v);
                MemorySegment sum = floats(n, 2, random, arena);
                MemorySegment.copy(x, 0, sum, 0, 4L * n);
                math.addScaled(sum, 0, gate, 0, n, 0.5f, scratch);
                assertEach(sum, gate, x, n, (g, v) -> v + 0.5 * g);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Isa.class)
    void extremeGatesAreFiniteAndNotANumberStays(Isa isa) {
        try (Kernels kernels = kernels(isa);
                Arena arena = new GuardedArena()) {
            RowMath math = new RowMath(kernels);
            float[] gates = {-1e30f, -200, -88, 0, 88, 200, 1e30f, Float.NaN};
            MemorySegment gate = arena.allocate(4L * gates.length, 1);
            MemorySegment x = arena.allocate(4L * gates.length, 1);
            for (int i = 0; i < gates.length; i++) {
                gate.set(JAVA_FLOAT_UNALIGNED, 4L * i, gates[i]);
                x.set(JAVA_FLOAT_UNALIGNED, 4L * i, 1);
            }
            math.silu(gate, 0, x, 0, x, 0, gates.length);
            double[] expected = {0, 0, 0, 0, 88, 200, 1e30f};
            for (int i = 0; i < expected.length; i++) {
                assertThat(get(x, i)).isCloseTo(expected[i], within(1e-6 * (1 + expected[i])));
            }
            assertThat(get(x, 7)).isNaN();
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
            assertThatThrownBy(() -> math.silu(small, 0, small, 0, small, 1, 8)).hasMessageContaining("out");
            assertThatThrownBy(() -> math.addScaled(small, 0, small, -1, 8, 1, small))
                    .hasMessageContaining("y:");
            assertThatThrownBy(() -> math.rotateHalves(small, 0, 8, small, 0, 1, 16))
                    .hasMessageContaining("angles");
            assertThatThrownBy(() -> math.rmsNorm(small, 0, small, 0, 0, 1, null, 0, 1, small))
                    .hasMessageContaining("at least 1");
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
