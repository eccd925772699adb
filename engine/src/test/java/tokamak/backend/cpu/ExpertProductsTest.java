package tokamak.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import tokamak.backend.Activation;
import tokamak.backend.Buffer;
import tokamak.backend.Experts;
import tokamak.backend.Weight;
import tokamak.backend.cpu.x64.RandomTensors;
import tokamak.tensor.DType;

class ExpertProductsTest {
    private static final int HIDDEN = 64;
    private static final int INTERMEDIATE = 96;
    private static final int EXPERTS = 7;
    private static final int USED = 3;

    @Test
    void allExpertsTogetherGiveWhatPlainJavaGives() {
        try (CpuBackend fast = new CpuBackend(2);
                CpuBackend scalar = new CpuBackend(1, CpuArithmetic.scalar())) {
            for (int rows : new int[] {1, 2, 40}) {
                float[] expected = run(scalar, DType.F32, rows, 0, rows);
                float[] found = run(fast, DType.F32, rows, 0, rows);
                for (int i = 0; i < expected.length; i++) {
                    assertThat(found[i]).isCloseTo(expected[i], within(1e-3f * Math.max(1, Math.abs(expected[i]))));
                }
            }
        }
    }

    @Test
    void aRowIsTheSameBesideAnyOthersAndWithAnyThreads() {
        for (DType dtype : List.of(DType.Q8_0, DType.BF16)) {
            try (CpuBackend one = new CpuBackend(1);
                    CpuBackend three = new CpuBackend(3)) {
                float[] together = run(three, dtype, 50, 0, 50);
                for (int row = 0; row < 50; row += 7) {
                    float[] alone = run(one, dtype, 50, row, row + 1);
                    assertThat(alone)
                            .as("row %d in %s", row, dtype)
                            .isEqualTo(Arrays.copyOfRange(together, row * HIDDEN, (row + 1) * HIDDEN));
                }
            }
        }
    }

    /** Rows {@code [from, to)} of a batch of {@code rows}; expert 0 is chosen by nobody. */
    private static float[] run(CpuBackend backend, DType dtype, int rows, int from, int to) {
        SplittableRandom random = new SplittableRandom(3);
        List<Weight> gateUp = new ArrayList<>();
        List<Weight> down = new ArrayList<>();
        List<Buffer> gateUpBias = new ArrayList<>();
        List<Buffer> downBias = new ArrayList<>();
        Arena arena = Arena.ofAuto();
        for (int e = 0; e < EXPERTS; e++) {
            gateUp.add(backend.loadWeight(List.of(
                    RandomTensors.create(dtype, INTERMEDIATE, HIDDEN, random, arena),
                    RandomTensors.create(dtype, INTERMEDIATE, HIDDEN, random, arena))));
            gateUpBias.add(backend.upload(floats(2 * INTERMEDIATE, random), 1, 2 * INTERMEDIATE));
            down.add(backend.loadWeight(List.of(RandomTensors.create(dtype, HIDDEN, INTERMEDIATE, random, arena))));
            downBias.add(backend.upload(floats(HIDDEN, random), 1, HIDDEN));
        }
        float[] x = floats(rows * HIDDEN, random);
        float[] weights = floats(rows * USED, random);
        float[] ids = new float[rows * USED];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = 1 + (i / USED * 5 + i % USED) % (EXPERTS - 1);
        }
        int count = to - from;
        Buffer out = backend.allocate(count, HIDDEN + 2).columns(1, HIDDEN);
        backend.experts(
                new Experts(gateUp, gateUpBias, down, downBias, Activation.SILU),
                count,
                backend.upload(Arrays.copyOfRange(x, from * HIDDEN, to * HIDDEN), count, HIDDEN),
                backend.upload(Arrays.copyOfRange(ids, from * USED, to * USED), count, USED),
                backend.upload(Arrays.copyOfRange(weights, from * USED, to * USED), count, USED),
                out);
        float[] results = new float[count * HIDDEN];
        for (int row = 0; row < count; row++) {
            MemorySegment.copy(out.memory(), JAVA_FLOAT, out.at(row) * 4, results, row * HIDDEN, HIDDEN);
        }
        return results;
    }

    private static float[] floats(int count, SplittableRandom random) {
        float[] floats = new float[count];
        for (int i = 0; i < count; i++) {
            floats[i] = (float) random.nextDouble(-1, 1);
        }
        return floats;
    }
}
