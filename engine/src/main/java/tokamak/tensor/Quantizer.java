package tokamak.tensor;

import java.lang.foreign.MemorySegment;

/** Turns floats into stored numbers of one {@link DType}, block by block; the inverse of {@link Dequantizer} up to rounding. */
@FunctionalInterface
public interface Quantizer {
    /**
     * Stores {@code count} numbers.
     *
     * @param source holds the numbers from {@code sourceIndex} on; all of them finite
     * @param count a multiple of the type's block size
     * @param target receives the blocks from byte {@code offset} on
     */
    void quantize(float[] source, int sourceIndex, int count, MemorySegment target, long offset);
}
