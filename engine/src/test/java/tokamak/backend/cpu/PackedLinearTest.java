package tokamak.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tokamak.backend.Buffer;
import tokamak.backend.Weight;
import tokamak.tensor.DType;
import tokamak.tensor.Tensor;

class PackedLinearTest {
    private static final int COLUMNS = 256;

    @BeforeEach
    void needsMachineCode() {
        try (CpuBackend backend = new CpuBackend(1)) {
            Assumptions.assumeFalse(backend.describe().contains("plain Java"), "no machine code here");
        }
    }

    @Test
    void stackedPartsBiasAndViewsGiveWhatPlainJavaGives() {
        try (Arena arena = Arena.ofShared();
                CpuBackend fast = new CpuBackend(2);
                CpuBackend scalar = new CpuBackend(1, CpuArithmetic.scalar())) {
            SplittableRandom random = new SplittableRandom(3);
            List<Tensor> parts = List.of(
                    tensor(DType.Q8_0, 70, random, arena),
                    tensor(DType.F32, 33, random, arena),
                    tensor(DType.Q8_0, 16, random, arena));
            for (int rows : new int[] {1, 3, 29}) {
                float[] expected = linear(scalar, parts, rows);
                float[] found = linear(fast, parts, rows);
                for (int i = 0; i < expected.length; i++) {
                    // activations of 8 bits: an error of about a part in 256 of each of 256 products of size 1
                    assertThat(found[i]).isCloseTo(expected[i], within(0.5f));
                }
            }
        }
    }

    @Test
    void resultsDoNotDependOnThreads() {
        try (Arena arena = Arena.ofShared();
                CpuBackend one = new CpuBackend(1);
                CpuBackend two = new CpuBackend(2);
                CpuBackend three = new CpuBackend(3)) {
            List<Tensor> parts = List.of(tensor(DType.Q8_0, 3000, new SplittableRandom(4), arena));
            for (int rows : new int[] {1, 7}) {
                float[] expected = linear(one, parts, rows);
                assertThat(linear(two, parts, rows)).isEqualTo(expected);
                assertThat(linear(three, parts, rows)).isEqualTo(expected);
            }
        }
    }

    @Test
    void formatsWithoutKernelUseTheScalarPath() {
        try (Arena arena = Arena.ofShared();
                CpuBackend backend = new CpuBackend(1)) {
            Tensor tensor = tensor(DType.F64, 4, new SplittableRandom(5), arena);
            assertThat(backend.loadWeight(List.of(tensor))).isInstanceOf(ScalarWeight.class);
        }
    }

    private static Tensor tensor(DType dtype, int rows, SplittableRandom random, Arena arena) {
        MemorySegment data = arena.allocate(dtype.bytes((long) rows * COLUMNS), 64);
        for (long at = 0; at < data.byteSize(); at += dtype.blockBytes()) {
            if (dtype == DType.F32) {
                data.set(JAVA_FLOAT, at, (float) random.nextDouble(-1, 1));
            } else {
                for (int i = 0; i < dtype.blockBytes(); i++) {
                    data.set(JAVA_BYTE, at + i, (byte) random.nextInt());
                }
                short scale = Float.floatToFloat16((float) random.nextDouble(0, 1.0 / 128));
                data.set(JAVA_SHORT_UNALIGNED, at, scale);
            }
        }
        return new Tensor("random", dtype, new long[] {rows, COLUMNS}, data);
    }

    private static float[] linear(CpuBackend backend, List<Tensor> parts, int rows) {
        SplittableRandom random = new SplittableRandom(rows);
        Weight weight = backend.loadWeight(parts);
        int outputs = weight.outFeatures();
        float[] inputs = new float[rows * COLUMNS];
        for (int i = 0; i < inputs.length; i++) {
            inputs[i] = (float) random.nextDouble(-1, 1);
        }
        float[] biases = new float[outputs];
        for (int i = 0; i < outputs; i++) {
            biases[i] = i;
        }
        Buffer x = backend.upload(inputs, rows, COLUMNS);
        Buffer bias = backend.upload(biases, 1, outputs);
        Buffer out = backend.allocate(rows, outputs + 5).columns(3, outputs);
        backend.linear(rows, x, weight, bias, out);
        float[] results = new float[rows * outputs];
        for (int row = 0; row < rows; row++) {
            MemorySegment.copy(out.memory(), JAVA_FLOAT, out.at(row) * 4, results, row * outputs, outputs);
        }
        return results;
    }
}
