package tokamak.backend.cpu.x64;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tokamak.backend.KvType;

class BlockAttentionTest {
    private static final int DIM = 48;
    private static final int HEADS = 2;

    /** All memory ends at a guard page, the cache too: the last head of the last block is used. */
    @ParameterizedTest
    @EnumSource(Isa.class)
    void nothingIsReadOrWrittenBeyondItsMemory(Isa isa) {
        for (KvType type : KvType.values()) {
            try (Kernels kernels = kernels(isa);
                    Arena arena = new GuardedArena()) {
                BlockAttention code = new BlockAttention(kernels, type, DIM, DIM);
                for (int rows = 1; rows <= code.maxRows(); rows++) {
                    runTile(code, type, rows, arena);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Isa.class)
    void sizesAreChecked(Isa isa) {
        try (Kernels kernels = kernels(isa);
                Arena arena = Arena.ofConfined()) {
            BlockAttention code = new BlockAttention(kernels, KvType.F32, DIM, DIM);
            MemorySegment small = arena.allocate(64);
            assertThatThrownBy(() -> code.loadQuery(small, 0, small, 0, 1)).hasMessageContaining("queries");
            assertThatThrownBy(() -> code.storeKeys(small, 0, 1, small, 0)).hasMessageContaining("x:");
            assertThatThrownBy(() -> code.finish(small, 0, small, small, 0)).hasMessageContaining("sums");
            assertThatThrownBy(() -> code.softmax(small, 99, 1, small, 1)).hasMessageContaining("scores");
        }
    }

    private static Kernels kernels(Isa isa) {
        try {
            return Kernels.forIsa(isa);
        } catch (IllegalArgumentException | ExecutableMemoryException e) {
            return Assumptions.abort(e.getMessage());
        }
    }

    /** Keys of zero weigh all tokens alike, so the result is the mean of the values: token t has the value t everywhere. */
    private static void runTile(BlockAttention code, KvType type, int rows, Arena arena) {
        int numBlocks = 2;
        int numTokens = 29;
        long blockBytes = HEADS * BlockAttention.BLOCK * type.vectorBytes(DIM);
        MemorySegment keys = arena.allocate(numBlocks * blockBytes, 1);
        MemorySegment values = arena.allocate(numBlocks * blockBytes, 1);
        MemorySegment vectors = arena.allocate(4L * HEADS * DIM, 1);
        for (int t = 0; t < numTokens; t++) {
            MemorySegment block = values.asSlice(t / 16 * blockBytes, blockBytes);
            for (int i = 0; i < HEADS * DIM; i++) {
                vectors.set(JAVA_FLOAT_UNALIGNED, 4L * i, t);
            }
            code.storeValues(vectors, 0, HEADS, block, t % 16);
            vectors.fill((byte) 0);
            code.storeKeys(vectors, 0, HEADS, keys.asSlice(t / 16 * blockBytes, blockBytes), t % 16);
        }
        MemorySegment ids = arena.allocate(12, 1);
        ids.set(JAVA_INT.withByteAlignment(1), 4, 1);
        ids.set(JAVA_INT.withByteAlignment(1), 8, 1);
        MemorySegment tile = arena.allocate(4 * code.tileFloats(rows), 1);
        MemorySegment scores = arena.allocate(4L * numBlocks * rows * 16, 16);
        MemorySegment states = arena.allocate((long) rows * BlockAttention.STATE_BYTES, 16);
        MemorySegment sums = arena.allocate(4L * rows * DIM, 16);
        MemorySegment out = arena.allocate(4L * rows * DIM, 16);
        long head = blockBytes / HEADS * (HEADS - 1);
        for (int r = 0; r < rows; r++) {
            code.loadQuery(vectors, DIM, tile, r, rows);
            code.start(states, sums, r, Float.NEGATIVE_INFINITY);
        }
        code.scores(tile, rows, 1, keys.asSlice(head), blockBytes, ids, 0, numBlocks, scores);
        for (int r = 0; r < rows; r++) {
            for (int t = numTokens; t < 32; t++) {
                scores.set(JAVA_FLOAT_UNALIGNED, 4L * ((t / 16 * rows + r) * 16 + t % 16), Float.NEGATIVE_INFINITY);
            }
        }
        code.softmax(scores, rows, numBlocks, states, 1);
        code.addValues(scores, rows, 1, values.asSlice(head), blockBytes, ids, 0, numTokens, sums, states);
        for (int r = 0; r < rows; r++) {
            code.finish(sums, r, states, out, (long) r * DIM);
        }
        for (int i = 0; i < rows * DIM; i++) {
            assertThat(out.get(JAVA_FLOAT_UNALIGNED, 4L * i)).isCloseTo((numTokens - 1) / 2f, within(1e-4f));
        }
    }
}
