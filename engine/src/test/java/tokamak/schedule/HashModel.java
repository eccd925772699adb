package tokamak.schedule;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Consumer;
import tokamak.backend.BlockMemory;
import tokamak.backend.StepInput;
import tokamak.model.LanguageModel;

/**
 * A model for tests whose logits are a hash of what really lies in its paged KV memory: every slot stores the token, its
 * position and a hash of all that was before it, and every row reads its whole context back through the block table. A
 * wrong slot, block table, position, prefix hit or a block given away too early changes the tokens.
 */
public final class HashModel implements LanguageModel {
    /** Numbers in a state: bytes of the hash. */
    public static final int STATE_SIZE = 8;

    private final int vocabSize;
    private final int numBlocks;
    private final int blockSize;
    private final int maxStepTokens;
    private final int maxPositions;
    private final long[] kv; // [numBlocks * blockSize] hash of (token, position, everything before)
    private final Arena arena = Arena.ofShared();
    private final MemorySegment logits;
    private final MemorySegment states; // [maxStepTokens, STATE_SIZE]
    private Consumer<StepInput> beforeStep = step -> {};
    private int poison = -1;
    private int nanToken = -1;
    private boolean closed;

    public HashModel(int vocabSize, int numBlocks, int blockSize, int maxStepTokens, int maxPositions) {
        this.vocabSize = vocabSize;
        this.numBlocks = numBlocks;
        this.blockSize = blockSize;
        this.maxStepTokens = maxStepTokens;
        this.maxPositions = maxPositions;
        this.kv = new long[numBlocks * blockSize];
        this.states = arena.allocate((long) maxStepTokens * STATE_SIZE * Float.BYTES, Long.BYTES);
        this.logits = arena.allocate((long) maxStepTokens * vocabSize * Float.BYTES, Long.BYTES);
    }

    /** Called with every step before it is computed; may throw. */
    public HashModel beforeStep(Consumer<StepInput> hook) {
        beforeStep = hook;
        return this;
    }

    /** A step with this token throws. */
    public HashModel poison(int tokenId) {
        poison = tokenId;
        return this;
    }

    /** The logits after this token are NaN. */
    public HashModel nanAfter(int tokenId) {
        nanToken = tokenId;
        return this;
    }

    @Override
    public int vocabSize() {
        return vocabSize;
    }

    @Override
    public int maxPositions() {
        return maxPositions;
    }

    @Override
    public int numKvBlocks() {
        return numBlocks;
    }

    @Override
    public int kvBlockSize() {
        return blockSize;
    }

    @Override
    public BlockMemory kvMemory() {
        return new BlockMemory() {
            @Override
            public int numBlocks() {
                return numBlocks;
            }

            @Override
            public long blockBytes() {
                return (long) blockSize * Long.BYTES;
            }

            @Override
            public void copyOut(int block, MemorySegment target) {
                MemorySegment.copy(kv, block * blockSize, target, ValueLayout.JAVA_LONG_UNALIGNED, 0, blockSize);
            }

            @Override
            public void copyIn(int block, MemorySegment source) {
                MemorySegment.copy(source, ValueLayout.JAVA_LONG_UNALIGNED, 0, kv, block * blockSize, blockSize);
            }
        };
    }

    @Override
    public String kvFormat() {
        return "hashes";
    }

    @Override
    public int maxStepTokens() {
        return maxStepTokens;
    }

    @Override
    public int maxLogitRows() {
        return maxStepTokens;
    }

    public boolean isClosed() {
        return closed;
    }

    @Override
    public MemorySegment forward(StepInput step) {
        if (step.numTokens() > maxStepTokens) {
            throw new IllegalArgumentException(step.numTokens() + " rows");
        }
        beforeStep.accept(step);
        int logitRow = 0;
        int stateRow = 0;
        for (int s = 0; s < step.numSequences(); s++) {
            int from = step.queryStarts()[s];
            int to = step.queryStarts()[s + 1];
            for (int row = from; row < to; row++) {
                long hash = store(step, s, row, step.contextLens()[s] - (to - row));
                if (logitRow < step.numLogitRows() && step.logitRows()[logitRow] == row) {
                    writeLogits(logitRow++, hash, step.tokenIds()[row]);
                }
                if (stateRow < step.numStateRows() && step.stateRows()[stateRow] == row) {
                    writeState(stateRow++, hash);
                }
            }
        }
        if (logitRow != step.numLogitRows() || stateRow != step.numStateRows()) {
            throw new IllegalArgumentException("logit or state rows are not ascending query rows");
        }
        return logits;
    }

    private long store(StepInput step, int sequence, int row, int position) {
        int tokenId = step.tokenIds()[row];
        if (tokenId == poison) {
            throw new IllegalStateException("poisoned token " + tokenId);
        }
        if (step.positions()[row] != position) {
            throw new IllegalArgumentException("row " + row + " has position " + step.positions()[row]);
        }
        int slot = slot(step, sequence, position);
        if (step.slotMapping()[row] != slot) {
            throw new IllegalArgumentException("row " + row + " has slot " + step.slotMapping()[row] + " not " + slot);
        }
        long context = 1;
        for (int i = 0; i < position; i++) {
            context = mix(context ^ kv[slot(step, sequence, i)]);
        }
        long hash = mix(context + mix(tokenId * 31L + position));
        kv[slot] = hash;
        return hash;
    }

    private int slot(StepInput step, int sequence, int position) {
        int block = step.blockTables()[sequence * step.blockTableStride() + position / blockSize];
        return block * blockSize + position % blockSize;
    }

    private void writeLogits(int row, long hash, int tokenId) {
        for (int v = 0; v < vocabSize; v++) {
            float value = (mix(hash ^ v * 0x9E3779B97F4A7C15L) >> 40) * 0x1p-20f;
            if (v == poison || v == nanToken) {
                value = -1000; // only prompts may have them
            }
            if (tokenId == nanToken) {
                value = Float.NaN;
            }
            logits.setAtIndex(ValueLayout.JAVA_FLOAT, (long) row * vocabSize + v, value);
        }
    }

    private void writeState(int row, long hash) {
        for (int i = 0; i < STATE_SIZE; i++) {
            states.setAtIndex(
                    ValueLayout.JAVA_FLOAT, (long) row * STATE_SIZE + i, (byte) (hash >> i * Byte.SIZE) + 0.5f);
        }
    }

    @Override
    public int stateSize() {
        return STATE_SIZE;
    }

    @Override
    public MemorySegment states() {
        return states;
    }

    private static long mix(long z) {
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    @Override
    public void close() {
        closed = true;
        arena.close();
    }
}
