package tokamak.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Writes the super-blocks that {@link KBlocks} reads. */
final class QuantizeK {
    private static final int SIZE = 256;

    private QuantizeK() {}

    static void q4(float[] x, int index, CodeFit fit, MemorySegment target, long block) {
        int[] codes = new int[SIZE];
        scalesAndMinimums(x, index, 15, fit, target, block, codes);
        nibbles(codes, target, block + 16);
    }

    static void q5(float[] x, int index, CodeFit fit, MemorySegment target, long block) {
        int[] codes = new int[SIZE];
        scalesAndMinimums(x, index, 31, fit, target, block, codes);
        for (int i = 0; i < 32; i++) {
            int fifths = 0;
            for (int sub = 0; sub < 8; sub++) {
                fifths |= codes[32 * sub + i] >> 4 << sub;
            }
            target.set(ValueLayout.JAVA_BYTE, block + 16 + i, (byte) fifths);
        }
        nibbles(codes, target, block + 48);
    }

    /** Sub-blocks of 32 by pairs: the even one low, the odd one high. */
    private static void nibbles(int[] codes, MemorySegment target, long offset) {
        for (int pair = 0; pair < 4; pair++) {
            for (int i = 0; i < 32; i++) {
                int low = codes[64 * pair + i] & 15;
                int high = codes[64 * pair + 32 + i] & 15;
                target.set(ValueLayout.JAVA_BYTE, offset + 32L * pair + i, (byte) (low | high << 4));
            }
        }
    }

    /** The first 16 bytes of a block of either format; fills in the codes for what these will be read as. */
    private static void scalesAndMinimums(
            float[] x, int index, int levels, CodeFit fit, MemorySegment target, long block, int[] codes) {
        float[] scales = new float[8];
        float[] minimums = new float[8];
        float maxScale = 0;
        float maxMinimum = 0;
        for (int sub = 0; sub < 8; sub++) {
            fit.from(32 * sub).affine(x, index + 32 * sub, 32, levels, 0);
            scales[sub] = fit.scale;
            minimums[sub] = -fit.offset;
            maxScale = Math.max(maxScale, scales[sub]);
            maxMinimum = Math.max(maxMinimum, minimums[sub]);
        }
        float d = CodeFit.asFloat16(maxScale / 63);
        float dmin = CodeFit.asFloat16(maxMinimum / 63);
        target.set(LittleEndian.SHORT, block, Float.floatToFloat16(d));
        target.set(LittleEndian.SHORT, block + 2, Float.floatToFloat16(dmin));
        byte[] packed = new byte[12];
        for (int sub = 0; sub < 8; sub++) {
            int scale = CodeFit.clamp(scales[sub] * CodeFit.inverse(d), 0, 63);
            int minimum = CodeFit.clamp(minimums[sub] * CodeFit.inverse(dmin), 0, 63);
            putSixBits(packed, sub, scale, minimum);
            float inverse = CodeFit.inverse(d * scale);
            for (int i = 32 * sub; i < 32 * sub + 32; i++) {
                codes[i] = CodeFit.clamp((x[index + i] + dmin * minimum) * inverse, 0, levels);
            }
        }
        MemorySegment.copy(packed, 0, target, ValueLayout.JAVA_BYTE, block + 4, 12);
    }

    /** The first four sub-blocks have a byte for each number; the others' lie in nibbles and the spare upper bits. */
    private static void putSixBits(byte[] packed, int sub, int scale, int minimum) {
        if (sub < 4) {
            packed[sub] |= (byte) scale;
            packed[sub + 4] |= (byte) minimum;
        } else {
            packed[sub + 4] = (byte) (scale & 15 | (minimum & 15) << 4);
            packed[sub - 4] |= (byte) (scale >> 4 << 6);
            packed[sub] |= (byte) (minimum >> 4 << 6);
        }
    }

    static void q6(float[] x, int index, CodeFit fit, MemorySegment target, long block) {
        float[] scales = new float[16];
        float extreme = 0;
        for (int sub = 0; sub < 16; sub++) {
            fit.from(16 * sub).symmetric(x, index + 16 * sub, 16, -32, 31);
            scales[sub] = fit.scale;
            if (Math.abs(scales[sub]) > Math.abs(extreme)) {
                extreme = scales[sub];
            }
        }
        // The extreme scale becomes -128, the longer side of a byte.
        float d = extreme == 0 ? 0 : CodeFit.asFloat16(extreme / -128);
        target.set(LittleEndian.SHORT, block + 208, Float.floatToFloat16(d));
        int[] codes = new int[SIZE];
        for (int sub = 0; sub < 16; sub++) {
            int scale = CodeFit.clamp(scales[sub] * CodeFit.inverse(d), -128, 127);
            target.set(ValueLayout.JAVA_BYTE, block + 192 + sub, (byte) scale);
            float inverse = CodeFit.inverse(d * scale);
            for (int i = 16 * sub; i < 16 * sub + 16; i++) {
                codes[i] = CodeFit.clamp(x[index + i] * inverse, -32, 31) + 32;
            }
        }
        for (int half = 0; half < 2; half++) {
            for (int i = 0; i < 32; i++) {
                int a = codes[128 * half + i];
                int b = codes[128 * half + 32 + i];
                int c = codes[128 * half + 64 + i];
                int e = codes[128 * half + 96 + i];
                target.set(ValueLayout.JAVA_BYTE, block + 64L * half + i, (byte) (a & 15 | (c & 15) << 4));
                target.set(ValueLayout.JAVA_BYTE, block + 64L * half + 32 + i, (byte) (b & 15 | (e & 15) << 4));
                int high = a >> 4 | b >> 4 << 2 | c >> 4 << 4 | e >> 4 << 6;
                target.set(ValueLayout.JAVA_BYTE, block + 128 + 32L * half + i, (byte) high);
            }
        }
    }
}
