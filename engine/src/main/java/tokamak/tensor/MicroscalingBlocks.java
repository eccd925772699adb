package tokamak.tensor;

import java.lang.foreign.MemorySegment;

/**
 * Four-bit floats (E2M1: sign, two exponent bits, one mantissa bit) under shared eight-bit scales. Sources: OCP
 * Microscaling Formats 1.0; ggml's block layouts. The table holds twice the values, so the scales are halved.
 */
final class MicroscalingBlocks {
    private static final float[] DOUBLED_E2M1 = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

    private MicroscalingBlocks() {}

    /** One power of two, then nibbles of 32 numbers: number {@code i} low, number {@code i + 16} high. */
    static void mxfp4(MemorySegment source, long block, float[] target, int index) {
        float scale = halfPowerOfTwo(LittleEndian.u8(source, block));
        nibbles(source, block + 1, 16, scale, target, index);
    }

    /** Four E4M3 scales whose sign is ignored, then four runs of 16 numbers. */
    static void nvfp4(MemorySegment source, long block, float[] target, int index) {
        for (int run = 0; run < 4; run++) {
            int bits = LittleEndian.u8(source, block + run);
            // Of the two codes that mean "not a number" elsewhere, ggml reads one as zero and the other as a number.
            float scale = bits == 0x7F ? 0 : PlainNumbers.e4m3Magnitude(bits & 0x7F) * 0.5f;
            nibbles(source, block + 4 + 8 * run, 8, scale, target, index + 16 * run);
        }
    }

    private static void nibbles(MemorySegment source, long at, int numBytes, float scale, float[] target, int index) {
        for (int i = 0; i < numBytes; i++) {
            int pair = LittleEndian.u8(source, at + i);
            target[index + i] = scale * DOUBLED_E2M1[pair & 15];
            target[index + i + numBytes] = scale * DOUBLED_E2M1[pair >> 4];
        }
    }

    /** 2^(exponent - 128), subnormal for the two smallest exponents. */
    private static float halfPowerOfTwo(int exponent) {
        return Float.intBitsToFloat(exponent < 2 ? 0x00200000 << exponent : exponent - 1 << 23);
    }
}
