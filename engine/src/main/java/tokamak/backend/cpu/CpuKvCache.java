package tokamak.backend.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import tokamak.backend.KvCache;
import tokamak.backend.KvLayout;
import tokamak.tensor.DType;

/**
 * KV blocks in native memory. Per layer one segment of keys and one of values, each
 * {@code [numBlocks, numKvHeads, blockSize, headDim]}, so that a head reads a block front to back.
 */
final class CpuKvCache implements KvCache {
    /** Cache lines are 64 bytes; heads of one block never share one between threads by accident of the start address. */
    private static final long ALIGNMENT = 64;

    private final Arena arena = Arena.ofShared();
    private final KvLayout layout;
    private final int numBlocks;
    private final MemorySegment[] keys;
    private final MemorySegment[] values;

    CpuKvCache(KvLayout layout, int numBlocks) {
        if (layout.dtype() != DType.F32 && layout.dtype() != DType.F16) {
            throw new IllegalArgumentException(
                    "KV cache type " + layout.dtype() + " is not supported on the CPU; expected F32 or F16");
        }
        this.layout = layout;
        this.numBlocks = numBlocks;
        int numLayers = layout.layers().size();
        keys = new MemorySegment[numLayers];
        values = new MemorySegment[numLayers];
        for (int i = 0; i < numLayers; i++) {
            KvLayout.Layer layer = layout.layers().get(i);
            long tokenHeads = (long) numBlocks * layout.blockSize() * layer.numKvHeads();
            keys[i] = arena.allocate(layout.dtype().bytes(tokenHeads * layer.headDim()), ALIGNMENT);
            values[i] = arena.allocate(layout.dtype().bytes(tokenHeads * layer.valueDim()), ALIGNMENT);
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

    MemorySegment keys(int layer) {
        return keys[layer];
    }

    MemorySegment values(int layer) {
        return values[layer];
    }

    /** Index of the first number of a head's vector of {@code dim} numbers in {@code slot}. */
    long index(int slot, int kvHead, int numKvHeads, int dim) {
        int blockSize = layout.blockSize();
        long block = slot / blockSize;
        int inBlock = slot % blockSize;
        return ((block * numKvHeads + kvHead) * blockSize + inBlock) * dim;
    }

    void store(MemorySegment target, long index, float value) {
        switch (layout.dtype()) {
            case F32 -> target.setAtIndex(ValueLayout.JAVA_FLOAT, index, value);
            case F16 -> target.setAtIndex(ValueLayout.JAVA_SHORT, index, Float.floatToFloat16(value));
            default -> throw new AssertionError(layout.dtype());
        }
    }

    /** Copies {@code count} numbers from {@code index} on to {@code target}. */
    void load(MemorySegment source, long index, float[] target, int count) {
        if (layout.dtype() == DType.F32) {
            MemorySegment.copy(source, ValueLayout.JAVA_FLOAT, index * Float.BYTES, target, 0, count);
        } else {
            for (int i = 0; i < count; i++) {
                target[i] = Float.float16ToFloat(source.getAtIndex(ValueLayout.JAVA_SHORT, index + i));
            }
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
