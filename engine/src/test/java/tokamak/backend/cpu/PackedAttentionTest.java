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
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tokamak.backend.AttentionShape;
import tokamak.backend.Buffer;
import tokamak.backend.KvCache;
import tokamak.backend.KvLayout;
import tokamak.backend.KvType;
import tokamak.backend.StepInput;

class PackedAttentionTest {
    private static final int BLOCK = 16;

    /** One sequence with what it attends with; blocks are handed out in a shuffled order. */
    private record Setting(
            int numHeads,
            int numKvHeads,
            int headDim,
            int valueDim,
            int window,
            boolean sinks,
            float softcap,
            KvType type,
            int length) {}

    static Stream<Arguments> settingsOnEveryIsa() {
        List<Setting> settings = List.of(
                new Setting(4, 2, 64, 64, 0, false, 0, KvType.F16, 300),
                new Setting(2, 2, 128, 128, 0, false, 0, KvType.F32, 131),
                new Setting(8, 1, 16, 48, 37, true, 0, KvType.F32, 290),
                new Setting(6, 2, 80, 80, 150, false, 0, KvType.F16, 333),
                new Setting(14, 1, 32, 32, 0, true, 0, KvType.F16, 40),
                new Setting(4, 2, 64, 64, 0, false, 0, KvType.INT8, 300),
                new Setting(8, 1, 16, 48, 37, true, 0, KvType.INT8, 290),
                new Setting(6, 1, 128, 128, 0, true, 0, KvType.INT8, 40),
                new Setting(4, 2, 64, 64, 0, false, 0, KvType.INT4, 300),
                new Setting(8, 1, 16, 48, 37, true, 0, KvType.INT4, 290),
                new Setting(6, 1, 128, 128, 0, true, 0, KvType.INT4, 40),
                new Setting(6, 2, 80, 80, 150, false, 0, KvType.INT4, 333),
                new Setting(4, 2, 64, 64, 50, false, 0.4f, KvType.F16, 190),
                new Setting(4, 2, 32, 32, 0, true, 0, KvType.F16, 1100),
                new Setting(3, 3, 16, 16, 600, false, 0, KvType.INT8, 1300),
                new Setting(4, 2, 16, 32, 0, false, 0, KvType.INT4, 1050));
        List<Arguments> all = new ArrayList<>();
        for (String isa : List.of("avx2", "avxvnni", "avx512")) {
            try (CpuBackend ignored = new CpuBackend(1, CpuArithmetic.named(isa))) {
                assertThat(ignored.describe()).contains(isa);
                settings.forEach(setting -> all.add(Arguments.of(isa, setting)));
            } catch (RuntimeException e) {
                System.getLogger("test").log(System.Logger.Level.INFO, "not tested here: " + e.getMessage());
            }
        }
        return all.stream();
    }

    @ParameterizedTest
    @MethodSource("settingsOnEveryIsa")
    void equalsTheScalarTruth(String isa, Setting setting) {
        float[] expected = attend(CpuArithmetic.scalar(), setting, new int[] {setting.length()});
        float[] found = attend(CpuArithmetic.named(isa), setting, new int[] {setting.length()});
        for (int i = 0; i < expected.length; i++) {
            assertThat(found[i]).as("number %d", i).isCloseTo(expected[i], within(2e-5f));
        }
    }

    @ParameterizedTest
    @MethodSource("settingsOnEveryIsa")
    void aQuerysResultIsTheSameWhateverChunkItCameIn(String isa, Setting setting) {
        float[] whole = attend(CpuArithmetic.named(isa), setting, new int[] {setting.length()});
        int[] ones = new int[setting.length()];
        Arrays.fill(ones, 1);
        assertThat(attend(CpuArithmetic.named(isa), setting, ones)).isEqualTo(whole);
        int rest = setting.length() - 20;
        assertThat(attend(CpuArithmetic.named(isa), setting, new int[] {1, 5, 7, rest, 7}))
                .isEqualTo(whole);
    }

    /** Runs a whole sequence in chunks and returns all outputs. */
    private static float[] attend(CpuArithmetic arithmetic, Setting s, int[] chunks) {
        SplittableRandom random = new SplittableRandom(s.hashCode() & 0xFFFF);
        int blocks = s.length() / BLOCK + 1;
        try (CpuBackend backend = new CpuBackend(2, arithmetic);
                KvCache cache = backend.allocateKvCache(
                        new KvLayout(
                                List.of(new KvLayout.Layer(s.numKvHeads(), s.headDim(), s.valueDim())),
                                s.type(),
                                BLOCK),
                        blocks + 3)) {
            fillWithGarbage(cache);
            Buffer queries = random(backend, s.length(), s.numHeads() * s.headDim(), random);
            Buffer keys = random(backend, s.length(), s.numKvHeads() * s.headDim(), random);
            Buffer values = random(backend, s.length(), s.numKvHeads() * s.valueDim(), random);
            Buffer sinks = s.sinks() ? random(backend, 1, s.numHeads(), random) : null;
            Buffer out = backend.allocate(s.length(), s.numHeads() * s.valueDim());
            AttentionShape shape = shape(s, sinks);
            int from = 0;
            for (int chunk : chunks) {
                StepInput input = step(from, chunk, blocks);
                backend.storeKv(cache, 0, input, rows(keys, from, chunk), rows(values, from, chunk));
                backend.attention(shape, cache, 0, input, rows(queries, from, chunk), rows(out, from, chunk));
                from += chunk;
            }
            float[] result = new float[s.length() * out.columns()];
            MemorySegment.copy(out.memory(), JAVA_FLOAT, 0, result, 0, result.length);
            return result;
        }
    }

    /** What a sequence leaves in its blocks, even if its numbers were none, is nothing to the next one. */
    private static void fillWithGarbage(KvCache cache) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment garbage = arena.allocate(cache.blockBytes());
            garbage.fill((byte) 0xFF);
            for (int block = 0; block < cache.numBlocks(); block++) {
                cache.copyIn(block, garbage);
            }
        }
    }

    private static AttentionShape shape(Setting s, @Nullable Buffer sinks) {
        float scale = (float) (1 / Math.sqrt(s.headDim()));
        return new AttentionShape(
                s.numHeads(), s.numKvHeads(), s.headDim(), s.valueDim(), scale, s.softcap(), s.window(), sinks);
    }

    private static Buffer rows(Buffer buffer, int from, int count) {
        return new Buffer(buffer.memory(), count, buffer.columns(), Math.toIntExact(buffer.at(from)), buffer.stride());
    }

    private static StepInput step(int from, int count, int blocks) {
        int[] table = new int[blocks];
        for (int i = 0; i < blocks; i++) {
            table[i] = blocks + 2 - i;
        }
        int[] positions = new int[count];
        int[] slots = new int[count];
        for (int i = 0; i < count; i++) {
            positions[i] = from + i;
            slots[i] = table[(from + i) / BLOCK] * BLOCK + (from + i) % BLOCK;
        }
        return new StepInput(
                count,
                1,
                0,
                new int[count],
                positions,
                new int[] {0, count},
                new int[] {from + count},
                slots,
                table,
                blocks,
                new int[0]);
    }

    private static Buffer random(CpuBackend backend, int rows, int columns, SplittableRandom random) {
        float[] numbers = new float[rows * columns];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = (float) random.nextDouble(-1, 1);
        }
        return backend.upload(numbers, rows, columns);
    }
}
