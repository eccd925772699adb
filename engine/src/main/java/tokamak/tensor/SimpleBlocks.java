package tokamak.tensor;

import java.lang.foreign.MemorySegment;

/**
 * Blocks with one float16 scale {@code d}, in the {@code _1} formats also a float16 minimum {@code m}:
 * {@code value = d * code + m}. In those of 32 numbers, sixteen bytes of nibbles hold code {@code i} low and code
 * {@code i + 16} high.
 */
final class SimpleBlocks {
    private SimpleBlocks() {}

    static void q4x0(MemorySegment source, long block, float[] target, int index) {
        float d = LittleEndian.f16(source, block);
        for (int half = 0; half < 16; half += 8) {
            long pairs = LittleEndian.i64(source, block + 2 + half);
            for (int i = 0; i < 8; i++) {
                target[index + half + i] = d * ((int) (pairs & 15) - 8);
                target[index + half + i + 16] = d * ((int) (pairs >>> 4 & 15) - 8);
                pairs >>>= 8;
            }
        }
    }

    static void q4x1(MemorySegment source, long block, float[] target, int index) {
        float d = LittleEndian.f16(source, block);
        float m = LittleEndian.f16(source, block + 2);
        for (int half = 0; half < 16; half += 8) {
            long pairs = LittleEndian.i64(source, block + 4 + half);
            for (int i = 0; i < 8; i++) {
                target[index + half + i] = d * (pairs & 15) + m;
                target[index + half + i + 16] = d * (pairs >>> 4 & 15) + m;
                pairs >>>= 8;
            }
        }
    }

    /** Bit {@code i} of the four bytes after the scale is the fifth bit of code {@code i}. */
    static void q5x0(MemorySegment source, long block, float[] target, int index) {
        float d = LittleEndian.f16(source, block);
        int fifths = LittleEndian.i32(source, block + 2);
        for (int i = 0; i < 16; i++) {
            int pair = LittleEndian.u8(source, block + 6 + i);
            target[index + i] = d * ((pair & 15 | (fifths >>> i & 1) << 4) - 16);
            target[index + i + 16] = d * ((pair >> 4 | (fifths >>> i + 16 & 1) << 4) - 16);
        }
    }

    static void q5x1(MemorySegment source, long block, float[] target, int index) {
        float d = LittleEndian.f16(source, block);
        float m = LittleEndian.f16(source, block + 2);
        int fifths = LittleEndian.i32(source, block + 4);
        for (int i = 0; i < 16; i++) {
            int pair = LittleEndian.u8(source, block + 8 + i);
            target[index + i] = d * (pair & 15 | (fifths >>> i & 1) << 4) + m;
            target[index + i + 16] = d * (pair >> 4 | (fifths >>> i + 16 & 1) << 4) + m;
        }
    }

    static void q8x0(MemorySegment source, long block, float[] target, int index) {
        float d = LittleEndian.f16(source, block);
        for (int i = 0; i < 32; i++) {
            target[index + i] = d * LittleEndian.i8(source, block + 2 + i);
        }
    }

    /** 128 numbers of one bit each: {@code -d} or {@code d}. */
    static void q1x0(MemorySegment source, long block, float[] target, int index) {
        float d = LittleEndian.f16(source, block);
        for (int i = 0; i < 16; i++) {
            int bits = LittleEndian.u8(source, block + 2 + i);
            for (int k = 0; k < 8; k++) {
                target[index + 8 * i + k] = d * ((bits >> k & 1) * 2 - 1);
            }
        }
    }

    /** 64 numbers of two bits each: {@code -d}, {@code 0}, {@code d} or {@code 2 d}. */
    static void q2x0(MemorySegment source, long block, float[] target, int index) {
        float d = LittleEndian.f16(source, block);
        for (int i = 0; i < 64; i++) {
            int code = LittleEndian.u8(source, block + 2 + (i >> 2)) >> 2 * (i & 3) & 3;
            target[index + i] = d * (code - 1);
        }
    }
}
