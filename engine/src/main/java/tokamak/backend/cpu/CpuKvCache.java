package tokamak.backend.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import tokamak.backend.KvCache;
import tokamak.backend.KvLayout;
import tokamak.backend.cpu.x64.BlockAttention;
import tokamak.backend.cpu.x64.LargeMemory;
import tokamak.tensor.DType;

/**
 * KV blocks in native memory. Per layer one segment of keys and one of values, each
 * {@code [numBlocks, numKvHeads, blockSize * dim]}, so that a head reads a block front to back.
 */
final class CpuKvCache implements KvCache {
    /** How the numbers of a block's tokens lie within the part of one head. */
    enum Arrangement {
        /** {@code [blockSize, dim]}: token after token. */
        ROWS,
        /** As {@link BlockAttention} reads them. */
        TILES
    }

    private final Arena arena = Arena.ofShared();
    private final KvLayout layout;
    private final Arrangement arrangement;
    private final int numBlocks;
    private final MemorySegment[] keys;
    private final MemorySegment[] values;

    CpuKvCache(KvLayout layout, int numBlocks, Arrangement arrangement) {
        if (layout.dtype() != DType.F32 && layout.dtype() != DType.F16) {
            throw new IllegalArgumentException(
                    "KV cache type " + layout.dtype() + " is not supported on the CPU; expected F32 or F16");
        }
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
        return layout.dtype().bytes((long) layer.numKvHeads() * layout.blockSize() * dim);
    }

    /** Copies a token's key of one head to {@code target}. */
    void loadKey(int layer, int slot, int kvHead, float[] target) {
        KvLayout.Layer shape = layout.layers().get(layer);
        long part = part(slot, kvHead, shape, shape.headDim());
        int inBlock = slot % layout.blockSize();
        for (int i = 0; i < shape.headDim(); i++) {
            target[i] = get(keys[layer], part + keyIndex(inBlock, i, shape.headDim()));
        }
    }

    /** Copies a token's value of one head to {@code target}. */
    void loadValue(int layer, int slot, int kvHead, float[] target) {
        KvLayout.Layer shape = layout.layers().get(layer);
        long part = part(slot, kvHead, shape, shape.valueDim());
        int inBlock = slot % layout.blockSize();
        for (int i = 0; i < shape.valueDim(); i++) {
            target[i] = get(values[layer], part + valueIndex(inBlock, i, shape.valueDim()));
        }
    }

    void storeKey(int layer, int slot, int kvHead, int i, float value) {
        KvLayout.Layer shape = layout.layers().get(layer);
        int inBlock = slot % layout.blockSize();
        long part = part(slot, kvHead, shape, shape.headDim());
        put(keys[layer], part + keyIndex(inBlock, i, shape.headDim()), value);
    }

    void storeValue(int layer, int slot, int kvHead, int i, float value) {
        KvLayout.Layer shape = layout.layers().get(layer);
        int inBlock = slot % layout.blockSize();
        long part = part(slot, kvHead, shape, shape.valueDim());
        put(values[layer], part + valueIndex(inBlock, i, shape.valueDim()), value);
    }

    /** Index of the first number of a head's part of the block that a slot is in. */
    private long part(int slot, int kvHead, KvLayout.Layer shape, int dim) {
        long block = slot / layout.blockSize();
        return (block * shape.numKvHeads() + kvHead) * layout.blockSize() * dim;
    }

    private int keyIndex(int inBlock, int i, int dim) {
        return switch (arrangement) {
            case ROWS -> inBlock * dim + i;
            case TILES -> BlockAttention.keyIndex(inBlock, i);
        };
    }

    private int valueIndex(int inBlock, int i, int dim) {
        return switch (arrangement) {
            case ROWS -> inBlock * dim + i;
            case TILES -> BlockAttention.valueIndex(inBlock, i);
        };
    }

    private float get(MemorySegment source, long index) {
        return layout.dtype() == DType.F32
                ? source.getAtIndex(ValueLayout.JAVA_FLOAT, index)
                : Float.float16ToFloat(source.getAtIndex(ValueLayout.JAVA_SHORT, index));
    }

    private void put(MemorySegment target, long index, float value) {
        if (layout.dtype() == DType.F32) {
            target.setAtIndex(ValueLayout.JAVA_FLOAT, index, value);
        } else {
            target.setAtIndex(ValueLayout.JAVA_SHORT, index, Float.floatToFloat16(value));
        }
    }

    long bytes() {
        return Math.multiplyExact(layout.blockBytes(), (long) numBlocks);
    }

    @Override
    public void close() {
        arena.close();
    }
}
