package tokamak.tensor;

import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** Reads one block after another. */
record BlockLoop(DType dtype, BlockDecoder decoder) implements Dequantizer {
    /** How one block becomes floats. */
    @FunctionalInterface
    interface BlockDecoder {
        void decode(MemorySegment source, long block, float[] target, int index);
    }

    @Override
    public void dequantize(MemorySegment source, long offset, float[] target, int targetIndex, int count) {
        long byteSize = dtype.bytes(count);
        Objects.checkFromIndexSize(offset, byteSize, source.byteSize());
        Objects.checkFromIndexSize(targetIndex, count, target.length);
        int blockSize = dtype.blockSize();
        int blockBytes = dtype.blockBytes();
        long block = offset;
        for (int i = 0; i < count; i += blockSize) {
            decoder.decode(source, block, target, targetIndex + i);
            block += blockBytes;
        }
    }
}
