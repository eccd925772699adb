package tokamak.tensor;

import java.lang.foreign.MemorySegment;

/** Numbers that stand alone, rounded to the nearest, halves to even. */
final class QuantizePlain {
    private QuantizePlain() {}

    static void f32(float[] source, int sourceIndex, int count, MemorySegment target, long offset) {
        MemorySegment.copy(source, sourceIndex, target, LittleEndian.FLOAT, offset, count);
    }

    static void f16(float[] source, int sourceIndex, int count, MemorySegment target, long offset) {
        for (int i = 0; i < count; i++) {
            target.set(LittleEndian.SHORT, offset + 2L * i, Float.floatToFloat16(source[sourceIndex + i]));
        }
    }

    static void bf16(float[] source, int sourceIndex, int count, MemorySegment target, long offset) {
        for (int i = 0; i < count; i++) {
            int bits = Float.floatToRawIntBits(source[sourceIndex + i]);
            target.set(LittleEndian.SHORT, offset + 2L * i, (short) (bits + 0x7FFF + (bits >>> 16 & 1) >>> 16));
        }
    }
}
