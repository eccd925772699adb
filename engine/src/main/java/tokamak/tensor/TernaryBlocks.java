package tokamak.tensor;

import java.lang.foreign.MemorySegment;

/** Blocks of 256 numbers that are {@code -d}, {@code 0} or {@code d}; the float16 scale {@code d} comes last. */
final class TernaryBlocks {
    private TernaryBlocks() {}

    /**
     * Base-3 digits as a fraction: a byte is {@code ceil(256 * 0.abcde)} in base 3, so multiplying it by 3^k modulo 256
     * moves digit k to the front. Five digits a byte in runs of 32 and 16 bytes, then four digits in each of 4 bytes.
     */
    static void tq1(MemorySegment source, long block, float[] target, int index) {
        float d = LittleEndian.f16(source, block + 52);
        digits(source, block, 32, 5, d, target, index);
        digits(source, block + 32, 16, 5, d, target, index + 160);
        digits(source, block + 48, 4, 4, d, target, index + 240);
    }

    /** Digit {@code k} of byte {@code i} is number {@code k * numBytes + i}. */
    private static void digits(
            MemorySegment source, long at, int numBytes, int numDigits, float d, float[] target, int index) {
        int power = 1;
        for (int k = 0; k < numDigits; k++) {
            for (int i = 0; i < numBytes; i++) {
                int fraction = LittleEndian.u8(source, at + i) * power & 0xFF;
                target[index + k * numBytes + i] = d * ((fraction * 3 >> 8) - 1);
            }
            power *= 3;
        }
    }

    /** Two bits a number; bits {@code 2k} of byte {@code i} in a run of 32 are number {@code 32 k + i}. */
    static void tq2(MemorySegment source, long block, float[] target, int index) {
        float d = LittleEndian.f16(source, block + 64);
        for (int run = 0; run < 2; run++) {
            for (int k = 0; k < 4; k++) {
                for (int i = 0; i < 32; i++) {
                    int code = LittleEndian.u8(source, block + 32 * run + i) >> 2 * k & 3;
                    target[index + 128 * run + 32 * k + i] = d * (code - 1);
                }
            }
        }
    }
}
