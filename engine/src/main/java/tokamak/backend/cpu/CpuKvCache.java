package tokamak.backend.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.function.IntUnaryOperator;
import java.util.stream.Stream;
import tokamak.backend.KvCache;
import tokamak.backend.KvLayout;
import tokamak.backend.KvType;
import tokamak.backend.StepInput;
import tokamak.backend.cpu.x64.BlockAttention;
import tokamak.backend.cpu.x64.LargeMemory;

/**
 * KV blocks in native memory. Per layer one segment of keys and one of values, each
 * {@code [numBlocks, numKvHeads, blockSize * dim]}, so that a head reads a block front to back. What the
 * block's tokens have of scales and the like stands before the head's numbers.
 */
final class CpuKvCache implements KvCache {
    /** How the numbers of a block's tokens lie within the part of one head. */
    enum Arrangement {
        /** {@code [blockSize, dim]}: token after token. */
        ROWS,
        /** As {@link BlockAttention} reads them. */
        KEYS_IN_TILES
    }

    private final Arena arena = Arena.ofShared();
    private final KvLayout layout;
    private final Arrangement arrangement;
    private final int numBlocks;
    private final MemorySegment[] keys;
    private final MemorySegment[] values;
    private final FirstTouch firstTouch;

    CpuKvCache(KvLayout layout, int numBlocks, Arrangement arrangement) {
        this.layout = layout;
        this.numBlocks = numBlocks;
        this.arrangement = arrangement;
        int numLayers = layout.layers().size();
        keys = new MemorySegment[numLayers];
        values = new MemorySegment[numLayers];
        for (int i = 0; i < numLayers; i++) {
            KvLayout.Layer layer = layout.layers().get(i);
            keys[i] = LargeMemory.allocate(arena, blockBytes(layer, layer.headDim()) * numBlocks);
            values[i] = LargeMemory.allocate(arena, blockBytes(layer, layer.valueDim()) * numBlocks);
        }
        firstTouch = new FirstTouch(
                Stream.concat(Arrays.stream(keys), Arrays.stream(values)).toList(), numBlocks);
    }

    /** To be told before keys and values are stored. */
    void willStore(StepInput input) {
        int highest = -1;
        for (int i = 0; i < input.numTokens(); i++) {
            highest = Math.max(highest, input.slotMapping()[i]);
        }
        firstTouch.used(highest < 0 ? -1 : highest / layout.blockSize());
    }

    @Override
    public KvLayout layout() {
        return layout;
    }

    @Override
    public int numBlocks() {
        return numBlocks;
    }

    Arrangement arrangement() {
        return arrangement;
    }

    MemorySegment keys(int layer) {
        return keys[layer];
    }

    MemorySegment values(int layer) {
        return values[layer];
    }

    /** Bytes from block to block in a layer's keys or values. */
    long blockBytes(KvLayout.Layer layer, int dim) {
        return layout.type().vectorBytes(dim) * layer.numKvHeads() * layout.blockSize();
    }

    /** A token's key of one head. */
    StoredVector key(int layer, int slot, int kvHead) {
        KvLayout.Layer shape = layout.layers().get(layer);
        return vector(
                keys[layer],
                slot,
                kvHead,
                shape,
                shape.headDim(),
                (type, _, token, i) -> BlockAttention.keyIndex(type, token, i));
    }

    /** A token's value of one head. */
    StoredVector value(int layer, int slot, int kvHead) {
        KvLayout.Layer shape = layout.layers().get(layer);
        return vector(values[layer], slot, kvHead, shape, shape.valueDim(), BlockAttention::valueIndex);
    }

    /** Where a number of a token of the block is among those of its head. */
    private interface Order {
        int index(KvType type, int dim, int tokenInBlock, int number);
    }

    private StoredVector vector(
            MemorySegment memory, int slot, int kvHead, KvLayout.Layer shape, int dim, Order inTiles) {
        KvType type = layout.type();
        int blockSize = layout.blockSize();
        int inBlock = slot % blockSize;
        long partBytes = type.vectorBytes(dim) * blockSize;
        long part = slot / blockSize * blockBytes(shape, dim) + kvHead * partBytes;
        IntUnaryOperator order = switch (arrangement) {
            // tokens share no byte: two threads may write neighbours
            case ROWS -> i -> inBlock * (type == KvType.INT4 ? dim + dim % 2 : dim) + i;
            case KEYS_IN_TILES -> i -> inTiles.index(type, dim, inBlock, i);
        };
        return new StoredVector(memory.asSlice(part, partBytes), type, blockSize, inBlock, dim, order);
    }

    @Override
    public String format() {
        return layout + " " + arrangement;
    }

    @Override
    public void copyOut(int block, MemorySegment target) {
        long at = 0;
        for (int i = 0; i < keys.length; i++) {
            KvLayout.Layer layer = layout.layers().get(i);
            at = copyOut(keys[i], block, blockBytes(layer, layer.headDim()), target, at);
            at = copyOut(values[i], block, blockBytes(layer, layer.valueDim()), target, at);
        }
    }

    private static long copyOut(MemorySegment blocks, int block, long bytes, MemorySegment target, long at) {
        MemorySegment.copy(blocks, block * bytes, target, at, bytes);
        return at + bytes;
    }

    @Override
    public void copyIn(int block, MemorySegment source) {
        long at = 0;
        for (int i = 0; i < keys.length; i++) {
            KvLayout.Layer layer = layout.layers().get(i);
            at = copyIn(keys[i], block, blockBytes(layer, layer.headDim()), source, at);
            at = copyIn(values[i], block, blockBytes(layer, layer.valueDim()), source, at);
        }
    }

    private static long copyIn(MemorySegment blocks, int block, long bytes, MemorySegment source, long at) {
        MemorySegment.copy(source, at, blocks, block * bytes, bytes);
        return at + bytes;
    }

    long bytes() {
        return Math.multiplyExact(layout.blockBytes(), (long) numBlocks);
    }

    @Override
    public void close() {
        firstTouch.close();
        arena.close();
    }
}
