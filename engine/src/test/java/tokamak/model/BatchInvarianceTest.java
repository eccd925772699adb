package tokamak.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tokamak.backend.Backend;
import tokamak.backend.KvType;
import tokamak.backend.cpu.CpuBackend;
import tokamak.file.Checkpoint;
import tokamak.model.arch.Families;
import tokamak.tensor.DType;

/** Logits do not depend on how a sequence is cut into steps, nor on the number of threads: the same bits, always. */
class BatchInvarianceTest {
    private static final int LENGTH = 70;

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"F32", "F16", "BF16", "Q8_0", "Q4_0"})
    void sameBitsForAnyChunkingAndAnyThreads(DType dtype) throws IOException {
        SplittableRandom random = new SplittableRandom(dtype.ordinal());
        int[] ids = random.ints(LENGTH, 0, TinyModel.VOCAB_SIZE).toArray();
        float[][] alone = logits(dtype, ids, 1, List.of(LENGTH));
        for (int round = 0; round < 4; round++) {
            List<Integer> chunks = randomChunks(random);
            int threads = 1 + round % 3;
            assertThat(logits(dtype, ids, threads, chunks))
                    .as("chunks %s on %d threads", chunks, threads)
                    .isDeepEqualTo(alone);
        }
    }

    private static List<Integer> randomChunks(SplittableRandom random) {
        List<Integer> chunks = new ArrayList<>();
        for (int left = LENGTH; left > 0; left -= chunks.getLast()) {
            chunks.add(1 + random.nextInt(Math.min(left, random.nextBoolean() ? 3 : 30)));
        }
        return chunks;
    }

    private static float[][] logits(DType dtype, int[] ids, int threads, List<Integer> chunks) throws IOException {
        ModelOptions options = new ModelOptions(LENGTH, LENGTH, LENGTH, KvType.F32, LENGTH / 16 + 1, 16);
        try (Checkpoint checkpoint = TinyModel.checkpoint(dtype, 7);
                Backend backend = new CpuBackend(threads);
                LanguageModel model =
                        ModelLoader.load(checkpoint, Families.of(checkpoint), backend, options, share -> {})) {
            OneSequence sequence = new OneSequence(model);
            List<float[]> rows = new ArrayList<>();
            int at = 0;
            for (int chunk : chunks) {
                rows.addAll(Arrays.asList(sequence.append(Arrays.copyOfRange(ids, at, at + chunk))));
                at += chunk;
            }
            return rows.toArray(float[][]::new);
        }
    }
}
