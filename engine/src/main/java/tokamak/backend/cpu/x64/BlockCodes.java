package tokamak.backend.cpu.x64;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * One block of a quantised format taken apart into codes and scales, whatever the file's own arrangement. Reused from block
 * to block.
 */
final class BlockCodes {
    /** Half-precision bits; single-precision ones in the formats that have them; the exponent in {@link QuantFormat.Scales#E8M0}. */
    int scale;

    /** Half-precision bits; for the K formats already negated. */
    int min;

    /** What is subtracted from the codes, in formats where blocks have their own. */
    int zero;

    /** Per sub-block; nibbles of both factors in {@link QuantFormat.Scales#SUPER_NIBBLES}. */
    final byte[] scaleFactors = new byte[16];

    final byte[] minFactors = new byte[16];
    /** Unsigned codes in the order of the numbers, four to a word, the first in the lowest byte. */
    final int[] codes = new int[64];

    private static final VarHandle WORD = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private static final int LOW_NIBBLES = 0x0F0F0F0F;
    private static final int LOW_PAIRS = 0x03030303;
    private static final int LOW_BITS = 0x01010101;
    private static final int SIGNS = 0x80808080;

    private static final int HALF_SIGN = 0x8000;
    private static final int E4M3_BIAS = 7;

    /** Reads the block that begins at {@code block[at]}. */
    void read(QuantFormat format, byte[] block, int at) {
        switch (format) {
            case Q8_0 -> {
                scale = u16(block, at);
                for (int i = 0; i < 8; i++) {
                    codes[i] = word(block, at + 2 + 4 * i) ^ SIGNS;
                }
            }
            case Q4_0, IQ4_NL -> {
                scale = u16(block, at);
                nibbles(block, at + 2, 0);
            }
            case Q4_1 -> {
                scale = u16(block, at);
                min = u16(block, at + 2);
                nibbles(block, at + 4, 0);
            }
            case Q5_0 -> {
                scale = u16(block, at);
                nibbles(block, at + 6, 0);
                fifthBits(block, at + 2);
            }
            case Q5_1 -> {
                scale = u16(block, at);
                min = u16(block, at + 2);
                nibbles(block, at + 8, 0);
                fifthBits(block, at + 4);
            }
            case MXFP4 -> {
                // Below 2 the scale is subnormal: weights under 1e-37, which vanish in any sum, are packed as zero.
                scale = Math.max((block[at] & 0xFF) - 1, 0);
                nibbles(block, at + 1, 0);
            }
            case NVFP4 -> readNvfp4(block, at);
            case Q2_K -> readQ2K(block, at);
            case Q3_K -> readQ3K(block, at);
            case Q4_K -> {
                readSuper(block, at);
                for (int pair = 0; pair < 4; pair++) {
                    nibblesInTwo(block, at + 16 + 32 * pair, 16 * pair);
                }
            }
            case Q5_K -> {
                readSuper(block, at);
                for (int pair = 0; pair < 4; pair++) {
                    nibblesInTwo(block, at + 48 + 32 * pair, 16 * pair);
                }
                for (int i = 0; i < 64; i++) {
                    codes[i] |= (word(block, at + 16 + 4 * (i % 8)) >>> i / 8 & LOW_BITS) << 4;
                }
            }
            case Q6_K -> readQ6K(block, at);
            case IQ4_XS -> readIq4Xs(block, at);
            case I4_G32,
                    I4_G64,
                    I4_G128,
                    U2_G32,
                    U2_G64,
                    U2_G128,
                    U3_G32,
                    U3_G64,
                    U3_G128,
                    U4_G32,
                    U4_G64,
                    U4_G128,
                    I8_G32,
                    I8_G64,
                    I8_G128,
                    U8_G32,
                    U8_G64,
                    U8_G128,
                    NF4_G32,
                    NF4_G64,
                    NF4_G128 -> readGroup(format, block, at);
        }
    }

    private static int u16(byte[] block, int at) {
        return block[at] & 0xFF | (block[at + 1] & 0xFF) << 8;
    }

    private static int word(byte[] block, int at) {
        return (int) WORD.get(block, at);
    }

    /** Sixteen bytes: number i in the low half, number i + 16 in the high half. */
    private void nibbles(byte[] block, int at, int firstWord) {
        for (int i = 0; i < 4; i++) {
            int pairs = word(block, at + 4 * i);
            codes[firstWord + i] = pairs & LOW_NIBBLES;
            codes[firstWord + i + 4] = pairs >>> 4 & LOW_NIBBLES;
        }
    }

    /** Four runs of eight bytes: number i in the low half, number i + 8 in the high half. */
    private void readNvfp4(byte[] block, int at) {
        for (int run = 0; run < 4; run++) {
            scaleFactors[run] = ue5m3(block[at + run] & 0xFF);
            for (int i = 0; i < 2; i++) {
                int pairs = word(block, at + 4 + 8 * run + 4 * i);
                codes[4 * run + i] = pairs & LOW_NIBBLES;
                codes[4 * run + i + 2] = pairs >>> 4 & LOW_NIBBLES;
            }
        }
    }

    /** An E4M3 number without its sign, and zero for the one that is none, as {@link tokamak.tensor.Dequantizers} has it. */
    private static byte ue5m3(int e4m3) {
        int exponent = e4m3 >> 3 & 15;
        int mantissa = e4m3 & 7;
        if (e4m3 == 0x7F || exponent == 0 && mantissa == 0) {
            return 0;
        }
        if (exponent == 0) {
            int shift = Integer.numberOfLeadingZeros(mantissa) - 28;
            mantissa = mantissa << shift & 7;
            exponent = 1 - shift;
        }
        return (byte) (exponent - E4M3_BIAS + QuantFormat.Scales.UE5M3_BIAS << 3 | mantissa);
    }

    /** Thirty-two bytes: number i in the low half, number i + 32 in the high half. */
    private void nibblesInTwo(byte[] block, int at, int firstWord) {
        for (int i = 0; i < 8; i++) {
            int pairs = word(block, at + 4 * i);
            codes[firstWord + i] = pairs & LOW_NIBBLES;
            codes[firstWord + i + 8] = pairs >>> 4 & LOW_NIBBLES;
        }
    }

    /** Bit i of four bytes belongs to number i. */
    private void fifthBits(byte[] block, int at) {
        int bits = word(block, at);
        for (int i = 0; i < 8; i++) {
            int four = bits >>> 4 * i;
            codes[i] |= (four & 1) << 4 | (four & 2) << 11 | (four & 4) << 18 | (four & 8) << 25;
        }
    }

    /** d, dmin and the six-bit scales and minimums of Q4_K and Q5_K. */
    private void readSuper(byte[] block, int at) {
        scale = u16(block, at);
        min = u16(block, at + 2) ^ HALF_SIGN;
        int packed = at + 4;
        for (int sub = 0; sub < 4; sub++) {
            int first = block[packed + sub] & 0xFF;
            int second = block[packed + 4 + sub] & 0xFF;
            int third = block[packed + 8 + sub] & 0xFF;
            scaleFactors[sub] = (byte) (first & 63);
            minFactors[sub] = (byte) (second & 63);
            scaleFactors[sub + 4] = (byte) (third & 15 | first >> 6 << 4);
            minFactors[sub + 4] = (byte) (third >> 4 | second >> 6 << 4);
        }
    }

    private void readQ2K(byte[] block, int at) {
        scale = u16(block, at + 80);
        min = u16(block, at + 82) ^ HALF_SIGN;
        System.arraycopy(block, at, scaleFactors, 0, 16);
        twoBits(block, at + 16);
    }

    /** Two halves of 128 numbers, 32 bytes each: number 32 j + i of a half is bits 2 j of byte i. */
    private void twoBits(byte[] block, int at) {
        for (int i = 0; i < 64; i++) {
            codes[i] = word(block, at + 32 * (i / 32) + 4 * (i % 8)) >>> i / 8 % 4 * 2 & LOW_PAIRS;
        }
    }

    private void readQ3K(byte[] block, int at) {
        scale = u16(block, at + 108);
        int packed = at + 96;
        for (int sub = 0; sub < 16; sub++) {
            int low = block[packed + sub % 8] >> 4 * (sub / 8) & 15;
            int high = block[packed + 8 + sub % 4] >> 2 * (sub / 4) & 3;
            scaleFactors[sub] = (byte) ((low | high << 4) - 32);
        }
        twoBits(block, at + 32);
        for (int i = 0; i < 64; i++) {
            codes[i] |= (word(block, at + 4 * (i % 8)) >>> i / 8 & LOW_BITS) << 2;
        }
    }

    private void readQ6K(byte[] block, int at) {
        scale = u16(block, at + 208);
        System.arraycopy(block, at + 192, scaleFactors, 0, 16);
        for (int i = 0; i < 64; i++) {
            int half = i / 32;
            int quarter = i / 8 % 4;
            int low = word(block, at + 64 * half + 4 * (i % 16)) >>> 4 * (quarter / 2) & LOW_NIBBLES;
            int high = word(block, at + 128 + 32 * half + 4 * (i % 8)) >>> 2 * quarter & LOW_PAIRS;
            codes[i] = low | high << 4;
        }
    }

    private void readIq4Xs(byte[] block, int at) {
        scale = u16(block, at);
        int highs = u16(block, at + 2);
        for (int sub = 0; sub < 8; sub++) {
            int low = block[at + 4 + sub / 2] >> 4 * (sub % 2) & 15;
            scaleFactors[sub] = (byte) ((low | (highs >> 2 * sub & 3) << 4) - 32);
            nibbles(block, at + 8 + 16 * sub, 8 * sub);
        }
    }

    /** Header as {@link tokamak.tensor.GroupFormat} says, then eight codes in as many bytes as a code has bits. */
    private void readGroup(QuantFormat format, byte[] block, int at) {
        int packed = at + format.scales.headerBytes;
        switch (format.scales) {
            case F16 -> scale = u16(block, at);
            case F16_AND_ZERO -> {
                scale = u16(block, at);
                zero = block[at + 2] & 0xFF;
            }
            case F32 -> scale = word(block, at);
            case F32_AND_ZERO -> {
                scale = word(block, at);
                zero = block[at + 4] & 0xFF;
            }
            case F16_AND_MIN, E8M0, UE5M3, SUPER, SUPER_AND_MIN, SUPER_NIBBLES ->
                throw new IllegalStateException(format + " has no groups of its own");
        }
        int bits = format.lowBits + format.highBits;
        long mask = ((1L << bits) - 1) * 0x0101_0101_0101_0101L;
        for (int i = 0; i < format.dtype.blockSize() / 4; i += 2) {
            long eight = 0;
            for (int k = bits - 1; k >= 0; k--) {
                eight = eight << 8 | block[packed + k] & 0xFF;
            }
            packed += bits;
            eight = Long.expand(eight, mask);
            codes[i] = (int) eight;
            codes[i + 1] = (int) (eight >>> 32);
        }
    }
}
