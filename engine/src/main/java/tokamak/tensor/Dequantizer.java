package tokamak.tensor;

import java.lang.foreign.MemorySegment;

/** Turns stored numbers of one {@link DType} into floats, block by block. The scalar truth of every number format. */
@FunctionalInterface
public interface Dequantizer {
    /**
     * Reads {@code count} numbers.
     *
     * @param source holds the blocks
     * @param offset byte offset of the first block
     * @param target receives {@code count} floats from {@code targetIndex} on
     * @param count a multiple of the type's block size
     */
    void dequantize(MemorySegment source, long offset, float[] target, int targetIndex, int count);
}
