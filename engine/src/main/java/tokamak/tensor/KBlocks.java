package tokamak.tensor;

import java.lang.foreign.MemorySegment;

/**
 * The K formats: super-blocks of 256 numbers in sub-blocks of 16 or 32. Each sub-block has a small integer scale (and in
 * some formats a minimum), which the super-block's float16 {@code d} (and {@code dmin}) scale in turn:
 * {@code value = d * scale * code - dmin * min}.
 */
final class KBlocks {
    private KBlocks() {}

    /** 16 bytes of scale (low) and minimum (high nibble), 64 bytes of two-bit codes, d, dmin; sub-blocks of 16. */
    static void q2(MemorySegment source, long block, float[] target, int index) {
        float d = LittleEndian.f16(source, block + 80);
        float dmin = LittleEndian.f16(source, block + 82);
        for (int sub = 0; sub < 16; sub++) {
            int packed = LittleEndian.u8(source, block + sub);
            float scale = d * (packed & 15);
            float min = dmin * (packed >> 4);
            int shift = sub & 6;
            long codes = block + 16 + 32 * (sub >> 3) + 16 * (sub & 1);
            for (int i = 0; i < 16; i++) {
                target[index + 16 * sub + i] = scale * (LittleEndian.u8(source, codes + i) >> shift & 3) - min;
            }
        }
    }

    /** 32 bytes of third bits, 64 bytes of two-bit codes, 12 bytes of six-bit scales, d; sub-blocks of 16. */
    static void q3(MemorySegment source, long block, float[] target, int index) {
        float d = LittleEndian.f16(source, block + 108);
        long scales = block + 96;
        for (int run = 0; run < 4; run++) { // 16 bytes of codes hold sub-blocks first, first + 2, + 4, + 6
            int first = 8 * (run >> 1) + (run & 1);
            float scale0 = d * (q3Scale(source, scales, first) - 32);
            float scale1 = d * (q3Scale(source, scales, first + 2) - 32);
            float scale2 = d * (q3Scale(source, scales, first + 4) - 32);
            float scale3 = d * (q3Scale(source, scales, first + 6) - 32);
            int highShift = 4 * (run >> 1);
            int at = index + 16 * first;
            for (int i = 0; i < 16; i++) {
                int low = LittleEndian.u8(source, block + 32 + 16 * run + i);
                int high = LittleEndian.u8(source, block + 16 * (run & 1) + i) >> highShift;
                target[at + i] = scale0 * ((low & 3 | (high & 1) << 2) - 4);
                target[at + i + 32] = scale1 * ((low >> 2 & 3 | (high & 2) << 1) - 4);
                target[at + i + 64] = scale2 * ((low >> 4 & 3 | high & 4) - 4);
                target[at + i + 96] = scale3 * ((low >> 6 | (high & 8) >> 1) - 4);
            }
        }
    }

    /** Low nibbles of the 16 scales in bytes 0 to 7 (eight low, eight high), upper two bits in bytes 8 to 11. */
    private static int q3Scale(MemorySegment source, long scales, int sub) {
        int low = LittleEndian.u8(source, scales + (sub & 7)) >> 4 * (sub >> 3) & 15;
        int high = LittleEndian.u8(source, scales + 8 + (sub & 3)) >> 2 * (sub >> 2) & 3;
        return low | high << 4;
    }

    /** d, dmin, 12 bytes of six-bit scales and minimums, 128 bytes of nibbles; sub-blocks of 32. */
    static void q4(MemorySegment source, long block, float[] target, int index) {
        float d = LittleEndian.f16(source, block);
        float dmin = LittleEndian.f16(source, block + 2);
        for (int pair = 0; pair < 4; pair++) {
            float scaleLow = d * scale(source, block + 4, 2 * pair);
            float minLow = dmin * min(source, block + 4, 2 * pair);
            float scaleHigh = d * scale(source, block + 4, 2 * pair + 1);
            float minHigh = dmin * min(source, block + 4, 2 * pair + 1);
            long codes = block + 16 + 32 * pair;
            int low = index + 64 * pair;
            for (int i = 0; i < 32; i++) {
                int code = LittleEndian.u8(source, codes + i);
                target[low + i] = scaleLow * (code & 15) - minLow;
                target[low + i + 32] = scaleHigh * (code >> 4) - minHigh;
            }
        }
    }

    /** As {@link #q4} with 32 bytes of fifth bits before the nibbles: bit {@code s} belongs to sub-block {@code s}. */
    static void q5(MemorySegment source, long block, float[] target, int index) {
        float d = LittleEndian.f16(source, block);
        float dmin = LittleEndian.f16(source, block + 2);
        for (int pair = 0; pair < 4; pair++) {
            float scaleLow = d * scale(source, block + 4, 2 * pair);
            float minLow = dmin * min(source, block + 4, 2 * pair);
            float scaleHigh = d * scale(source, block + 4, 2 * pair + 1);
            float minHigh = dmin * min(source, block + 4, 2 * pair + 1);
            int shift = 2 * pair;
            int low = index + 64 * pair;
            for (int i = 0; i < 32; i++) {
                int code = LittleEndian.u8(source, block + 48 + 32 * pair + i);
                int fifths = LittleEndian.u8(source, block + 16 + i) >> shift;
                target[low + i] = scaleLow * (code & 15 | (fifths & 1) << 4) - minLow;
                target[low + i + 32] = scaleHigh * (code >> 4 | (fifths & 2) << 3) - minHigh;
            }
        }
    }

    /** The first four sub-blocks' scales are the low six bits of bytes 0 to 3; the others are spread over two bytes. */
    private static int scale(MemorySegment source, long scales, int sub) {
        if (sub < 4) {
            return LittleEndian.u8(source, scales + sub) & 63;
        }
        return LittleEndian.u8(source, scales + sub + 4) & 15 | LittleEndian.u8(source, scales + sub - 4) >> 6 << 4;
    }

    /** As {@link #scale}, from bytes 4 to 7 and the other nibbles. */
    private static int min(MemorySegment source, long scales, int sub) {
        if (sub < 4) {
            return LittleEndian.u8(source, scales + sub + 4) & 63;
        }
        return LittleEndian.u8(source, scales + sub + 4) >> 4 | LittleEndian.u8(source, scales + sub) >> 6 << 4;
    }

    /** 128 bytes of low nibbles, 64 bytes of upper two bits, 16 signed scales, d; sub-blocks of 16. */
    static void q6(MemorySegment source, long block, float[] target, int index) {
        float d = LittleEndian.f16(source, block + 208);
        for (int run = 0; run < 4; run++) { // 16 bytes of upper bits belong to sub-blocks first, first + 2, + 4, + 6
            int first = 8 * (run >> 1) + (run & 1);
            float scale0 = d * LittleEndian.i8(source, block + 192 + first);
            float scale1 = d * LittleEndian.i8(source, block + 194 + first);
            float scale2 = d * LittleEndian.i8(source, block + 196 + first);
            float scale3 = d * LittleEndian.i8(source, block + 198 + first);
            long lows = block + 64 * (run >> 1) + 16 * (run & 1);
            int at = index + 16 * first;
            for (int i = 0; i < 16; i++) {
                int low = LittleEndian.u8(source, lows + i);
                int next = LittleEndian.u8(source, lows + i + 32);
                int high = LittleEndian.u8(source, block + 128 + 16 * run + i);
                target[at + i] = scale0 * ((low & 15 | (high & 3) << 4) - 32);
                target[at + i + 32] = scale1 * ((next & 15 | (high & 12) << 2) - 32);
                target[at + i + 64] = scale2 * ((low >> 4 | high & 48) - 32);
                target[at + i + 96] = scale3 * ((next >> 4 | (high & 192) >> 2) - 32);
            }
        }
    }

    /** A float32 d, 256 signed bytes, and 16 sums for dot products, which are not needed here. */
    static void q8(MemorySegment source, long block, float[] target, int index) {
        float d = LittleEndian.f32(source, block);
        for (int i = 0; i < 256; i++) {
            target[index + i] = d * LittleEndian.i8(source, block + 4 + i);
        }
    }
}
