package tokamak.tensor;

import java.lang.foreign.MemorySegment;

/**
 * The I formats: codes are indices into grids of eight or four small integers ({@link IqGrids}), or into a fixed list of 16
 * unevenly spaced levels. Super-blocks of 256 numbers, sub-blocks of 32 or 16 with a scale of three or four bits.
 */
final class IqBlocks {
    private static final float[] LEVELS = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
    private static final float DELTA = 0.125f;

    private IqBlocks() {}

    /** d, then per 32 numbers four grid indices and a word: four seven-bit sign codes and a four-bit scale. */
    static void iq2xxs(MemorySegment source, long block, float[] target, int index) {
        float d = LittleEndian.f16(source, block);
        for (int sub = 0; sub < 8; sub++) {
            long at = block + 2 + 8 * sub;
            int word = LittleEndian.i32(source, at + 4);
            float scale = d * (0.5f + (word >>> 28)) * 0.25f;
            for (int k = 0; k < 4; k++) {
                int grid = 8 * LittleEndian.u8(source, at + k);
                signed(IqGrids.IQ2_XXS, grid, 8, signs(word >>> 7 * k), scale, target, index + 32 * sub + 8 * k);
            }
        }
    }

    /** d, 32 shorts of a nine-bit grid index and a seven-bit sign code, 8 bytes of two four-bit scales. */
    static void iq2xs(MemorySegment source, long block, float[] target, int index) {
        float d = LittleEndian.f16(source, block);
        for (int k = 0; k < 32; k++) {
            int code = LittleEndian.u16(source, block + 2 + 2 * k);
            float scale = d * (0.5f + nibble(source, block + 66, k >> 1)) * 0.25f;
            signed(IqGrids.IQ2_XS, 8 * (code & 511), 8, signs(code >> 9), scale, target, index + 8 * k);
        }
    }

    /** d, 32 low bytes of grid indices, 32 bytes of signs, 8 bytes of two upper index bits each, 8 of scales. */
    static void iq2s(MemorySegment source, long block, float[] target, int index) {
        float d = LittleEndian.f16(source, block);
        for (int k = 0; k < 32; k++) {
            int high = LittleEndian.u8(source, block + 66 + (k >> 2)) >> 2 * (k & 3) & 3;
            int grid = LittleEndian.u8(source, block + 2 + k) | high << 8;
            float scale = d * (0.5f + nibble(source, block + 74, k >> 1)) * 0.25f;
            signed(IqGrids.IQ2_S, 8 * grid, 8, LittleEndian.u8(source, block + 34 + k), scale, target, index + 8 * k);
        }
    }

    /** d, 64 grid indices, then per 32 numbers a word of four seven-bit sign codes and a four-bit scale. */
    static void iq3xxs(MemorySegment source, long block, float[] target, int index) {
        float d = LittleEndian.f16(source, block);
        for (int sub = 0; sub < 8; sub++) {
            int word = LittleEndian.i32(source, block + 66 + 4 * sub);
            float scale = d * (0.5f + (word >>> 28)) * 0.5f;
            for (int k = 0; k < 8; k++) {
                int grid = 4 * LittleEndian.u8(source, block + 2 + 8 * sub + k);
                int signs = signs(word >>> 7 * (k >> 1)) >> 4 * (k & 1);
                signed(IqGrids.IQ3_XXS, grid, 4, signs, scale, target, index + 32 * sub + 4 * k);
            }
        }
    }

    /** d, 64 low bytes of grid indices, 8 bytes of ninth bits, 32 bytes of signs, 4 bytes of two scales each. */
    static void iq3s(MemorySegment source, long block, float[] target, int index) {
        float d = LittleEndian.f16(source, block);
        for (int k = 0; k < 64; k++) {
            int high = LittleEndian.u8(source, block + 66 + (k >> 3)) >> (k & 7) & 1;
            int grid = LittleEndian.u8(source, block + 2 + k) | high << 8;
            int signs = LittleEndian.u8(source, block + 74 + (k >> 1)) >> 4 * (k & 1);
            float scale = d * (1 + 2 * nibble(source, block + 106, k >> 3));
            signed(IqGrids.IQ3_S, 4 * grid, 4, signs, scale, target, index + 4 * k);
        }
    }

    /** d, 32 low bytes of grid indices, then per 32 numbers a short: four times three upper bits, scale, shift's sign. */
    static void iq1s(MemorySegment source, long block, float[] target, int index) {
        float d = LittleEndian.f16(source, block);
        for (int k = 0; k < 32; k++) {
            int packed = LittleEndian.u16(source, block + 34 + 2 * (k >> 2));
            int grid = LittleEndian.u8(source, block + 2 + k) | (packed >> 3 * (k & 3) & 7) << 8;
            float scale = d * (2 * (packed >> 12 & 7) + 1);
            shifted(grid, packed >> 15, scale, target, index + 8 * k);
        }
    }

    /**
     * 32 low bytes of grid indices, 16 bytes of two times three upper bits and the shift's sign, four shorts of four
     * three-bit scales (one per 16 numbers) whose upper nibbles together are the float16 d.
     */
    static void iq1m(MemorySegment source, long block, float[] target, int index) {
        long scales = block + 48;
        int bits = LittleEndian.u16(source, scales) >> 12
                | LittleEndian.u16(source, scales + 2) >> 12 << 4
                | LittleEndian.u16(source, scales + 4) >> 12 << 8
                | LittleEndian.u16(source, scales + 6) >> 12 << 12;
        float d = Float.float16ToFloat((short) bits);
        for (int k = 0; k < 32; k++) {
            int high = nibble(source, block + 32, k);
            int grid = LittleEndian.u8(source, block + k) | (high & 7) << 8;
            int scaleBits = LittleEndian.u16(source, scales + 2 * (k >> 3)) >> 3 * (k >> 1 & 3) & 7;
            shifted(grid, high >> 3, d * (2 * scaleBits + 1), target, index + 8 * k);
        }
    }

    /** d and 16 bytes of nibbles for 32 numbers. */
    static void iq4nl(MemorySegment source, long block, float[] target, int index) {
        levels(source, block + 2, LittleEndian.f16(source, block), target, index);
    }

    /** d, eight upper pairs of scale bits, eight lower nibbles of scales, then nibbles per 32 numbers. */
    static void iq4xs(MemorySegment source, long block, float[] target, int index) {
        float d = LittleEndian.f16(source, block);
        int highs = LittleEndian.u16(source, block + 2);
        for (int sub = 0; sub < 8; sub++) {
            int scale = nibble(source, block + 4, sub) | (highs >> 2 * sub & 3) << 4;
            levels(source, block + 8 + 16 * sub, d * (scale - 32), target, index + 32 * sub);
        }
    }

    private static void levels(MemorySegment source, long at, float scale, float[] target, int index) {
        for (int i = 0; i < 16; i++) {
            int pair = LittleEndian.u8(source, at + i);
            target[index + i] = scale * LEVELS[pair & 15];
            target[index + i + 16] = scale * LEVELS[pair >> 4];
        }
    }

    /** {@code length} magnitudes of a grid point; bit {@code i} of {@code signs} set makes number {@code i} negative. */
    private static void signed(byte[] grid, int point, int length, int signs, float scale, float[] target, int index) {
        for (int i = 0; i < length; i++) {
            int magnitude = Float.floatToRawIntBits(scale * grid[point + i]);
            // Without a branch, because the signs are random.
            target[index + i] = Float.intBitsToFloat(magnitude ^ signs >> i << 31);
        }
    }

    /** A grid point of eight values -1, 0, 1, all moved by an eighth up or down. */
    private static void shifted(int point, int down, float scale, float[] target, int index) {
        float delta = down == 0 ? DELTA : -DELTA;
        for (int i = 0; i < 8; i++) {
            target[index + i] = scale * (IqGrids.IQ1_S[8 * point + i] + delta);
        }
    }

    /** Seven stored signs; the eighth makes the number of negative ones even. */
    private static int signs(int code) {
        int seven = code & 127;
        return seven | (Integer.bitCount(seven) & 1) << 7;
    }

    private static int nibble(MemorySegment source, long at, int i) {
        return LittleEndian.u8(source, at + (i >> 1)) >> 4 * (i & 1) & 15;
    }
}
