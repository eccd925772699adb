package tokamak.tensor;

import java.lang.foreign.MemorySegment;

/** Numbers that stand alone. Integers beyond 24 bits and doubles are rounded to the nearest float. */
final class PlainNumbers {
    private static final float[] E4M3 = e4m3();

    private PlainNumbers() {}

    static void f64(MemorySegment source, long offset, float[] target, int targetIndex, int count) {
        for (int i = 0; i < count; i++) {
            target[targetIndex + i] = (float) source.get(LittleEndian.DOUBLE, offset + i * 8L);
        }
    }

    static void f32(MemorySegment source, long offset, float[] target, int targetIndex, int count) {
        MemorySegment.copy(source, LittleEndian.FLOAT, offset, target, targetIndex, count);
    }

    static void f16(MemorySegment source, long offset, float[] target, int targetIndex, int count) {
        for (int i = 0; i < count; i++) {
            target[targetIndex + i] = Float.float16ToFloat(source.get(LittleEndian.SHORT, offset + i * 2L));
        }
    }

    static void bf16(MemorySegment source, long offset, float[] target, int targetIndex, int count) {
        for (int i = 0; i < count; i++) {
            target[targetIndex + i] = Float.intBitsToFloat(source.get(LittleEndian.SHORT, offset + i * 2L) << 16);
        }
    }

    static void f8e4m3(MemorySegment source, long offset, float[] target, int targetIndex, int count) {
        for (int i = 0; i < count; i++) {
            target[targetIndex + i] = E4M3[LittleEndian.u8(source, offset + i)];
        }
    }

    /** E5M2 is the upper half of a float16. */
    static void f8e5m2(MemorySegment source, long offset, float[] target, int targetIndex, int count) {
        for (int i = 0; i < count; i++) {
            target[targetIndex + i] = Float.float16ToFloat((short) (LittleEndian.u8(source, offset + i) << 8));
        }
    }

    static void f8e8m0(MemorySegment source, long offset, float[] target, int targetIndex, int count) {
        for (int i = 0; i < count; i++) {
            target[targetIndex + i] = powerOfTwo(LittleEndian.u8(source, offset + i));
        }
    }

    static void i64(MemorySegment source, long offset, float[] target, int targetIndex, int count) {
        for (int i = 0; i < count; i++) {
            target[targetIndex + i] = LittleEndian.i64(source, offset + i * 8L);
        }
    }

    static void i32(MemorySegment source, long offset, float[] target, int targetIndex, int count) {
        for (int i = 0; i < count; i++) {
            target[targetIndex + i] = LittleEndian.i32(source, offset + i * 4L);
        }
    }

    static void i16(MemorySegment source, long offset, float[] target, int targetIndex, int count) {
        for (int i = 0; i < count; i++) {
            target[targetIndex + i] = source.get(LittleEndian.SHORT, offset + i * 2L);
        }
    }

    static void i8(MemorySegment source, long offset, float[] target, int targetIndex, int count) {
        for (int i = 0; i < count; i++) {
            target[targetIndex + i] = LittleEndian.i8(source, offset + i);
        }
    }

    static void u8(MemorySegment source, long offset, float[] target, int targetIndex, int count) {
        for (int i = 0; i < count; i++) {
            target[targetIndex + i] = LittleEndian.u8(source, offset + i);
        }
    }

    static void bool(MemorySegment source, long offset, float[] target, int targetIndex, int count) {
        for (int i = 0; i < count; i++) {
            target[targetIndex + i] = LittleEndian.i8(source, offset + i) == 0 ? 0 : 1;
        }
    }

    /** 2^(exponent - 127); 255 is not a number. */
    private static float powerOfTwo(int exponent) {
        if (exponent == 255) {
            return Float.NaN;
        }
        return exponent == 0 ? 0x1p-127f : Float.intBitsToFloat(exponent << 23);
    }

    private static float e4m3(int bits) {
        int magnitude = bits & 0x7F;
        float value = magnitude == 0x7F ? Float.NaN : e4m3Magnitude(magnitude);
        return bits < 0x80 ? value : -value;
    }

    /** Value of seven bits of an E4M3FN number, all of them taken as numbers: bias 7, subnormals below exponent 1. */
    static float e4m3Magnitude(int bits) {
        int exponent = bits >> 3;
        int mantissa = bits & 7;
        return exponent == 0 ? mantissa * 0x1p-9f : (8 + mantissa) * Math.scalb(1f, exponent - 10);
    }

    static float e4m3Value(int bits) {
        return E4M3[bits];
    }

    private static float[] e4m3() {
        float[] values = new float[256];
        for (int bits = 0; bits < values.length; bits++) {
            values[bits] = e4m3(bits);
        }
        return values;
    }
}
