package tokamak.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

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

    /** What is too large becomes the largest number, 448. */
    static void f8e4m3(float[] source, int sourceIndex, int count, MemorySegment target, long offset) {
        for (int i = 0; i < count; i++) {
            target.set(ValueLayout.JAVA_BYTE, offset + i, e4m3(source[sourceIndex + i]));
        }
    }

    private static byte e4m3(float value) {
        float magnitude = Math.min(Math.abs(value), 448);
        int exponent = Math.max(Math.getExponent(magnitude), -6);
        // In units of the last place, of which there are eight to sixteen above the subnormals.
        int units = (int) Math.rint(Math.scalb((double) magnitude, 3 - exponent));
        int bits = units < 8 ? units : (exponent + 7 << 3) + (units - 8);
        return (byte) (bits | (value < 0 ? 0x80 : 0));
    }
}
