package tokamak.backend.cpu.x64;

/**
 * One block of a quantised format taken apart into codes and scales, whatever the file's own arrangement. Reused from block
 * to block.
 */
final class BlockCodes {
    /** Half-precision bits, or for {@link QuantFormat.Scales#E8M0} the exponent to pack. */
    int scale;

    /** Half-precision bits; for the K formats already negated. */
    int min;

    /** Per sub-block; nibbles of both factors in {@link QuantFormat.Scales#SUPER_NIBBLES}. */
    final byte[] scaleFactors = new byte[16];

    final byte[] minFactors = new byte[16];
    /** Unsigned codes in the order of the numbers. */
    final byte[] codes = new byte[256];

    private static final int HALF_SIGN = 0x8000;

    /** Reads the block that begins at {@code block[at]}. */
    void read(QuantFormat format, byte[] block, int at) {
        switch (format) {
            case Q8_0 -> {
                scale = u16(block, at);
                for (int i = 0; i < 32; i++) {
                    codes[i] = (byte) (block[at + 2 + i] ^ 0x80);
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
            case Q2_K -> readQ2K(block, at);
            case Q3_K -> readQ3K(block, at);
            case Q4_K -> {
                readSuper(block, at);
                for (int pair = 0; pair < 4; pair++) {
                    nibblesInTwo(block, at + 16 + 32 * pair, 64 * pair);
                }
            }
            case Q5_K -> {
                readSuper(block, at);
                for (int pair = 0; pair < 4; pair++) {
                    nibblesInTwo(block, at + 48 + 32 * pair, 64 * pair);
                }
                for (int i = 0; i < 256; i++) {
                    codes[i] |= (byte) ((block[at + 16 + i % 32] >> i / 32 & 1) << 4);
                }
            }
            case Q6_K -> readQ6K(block, at);
            case IQ4_XS -> readIq4Xs(block, at);
        }
    }

    private static int u16(byte[] block, int at) {
        return block[at] & 0xFF | (block[at + 1] & 0xFF) << 8;
    }

    /** Sixteen bytes: number i in the low half, number i + 16 in the high half. */
    private void nibbles(byte[] block, int at, int first) {
        for (int i = 0; i < 16; i++) {
            codes[first + i] = (byte) (block[at + i] & 15);
            codes[first + i + 16] = (byte) (block[at + i] >> 4 & 15);
        }
    }

    /** Thirty-two bytes: number i in the low half, number i + 32 in the high half. */
    private void nibblesInTwo(byte[] block, int at, int first) {
        for (int i = 0; i < 32; i++) {
            codes[first + i] = (byte) (block[at + i] & 15);
            codes[first + i + 32] = (byte) (block[at + i] >> 4 & 15);
        }
    }

    private void fifthBits(byte[] block, int at) {
        for (int i = 0; i < 32; i++) {
            codes[i] |= (byte) ((block[at + i / 8] >> i % 8 & 1) << 4);
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
        for (int i = 0; i < 256; i++) {
            codes[i] = (byte) (block[at + 32 * (i / 128) + i % 32] >> i / 32 % 4 * 2 & 3);
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
        for (int i = 0; i < 256; i++) {
            codes[i] |= (byte) ((block[at + i % 32] >> i / 32 & 1) << 2);
        }
    }

    private void readQ6K(byte[] block, int at) {
        scale = u16(block, at + 208);
        System.arraycopy(block, at + 192, scaleFactors, 0, 16);
        for (int i = 0; i < 256; i++) {
            int half = i / 128;
            int quarter = i / 32 % 4;
            int low = block[at + 64 * half + i % 64] >> 4 * (quarter / 2) & 15;
            int high = block[at + 128 + 32 * half + i % 32] >> 2 * quarter & 3;
            codes[i] = (byte) (low | high << 4);
        }
    }

    private void readIq4Xs(byte[] block, int at) {
        scale = u16(block, at);
        int highs = u16(block, at + 2);
        for (int sub = 0; sub < 8; sub++) {
            int low = block[at + 4 + sub / 2] >> 4 * (sub % 2) & 15;
            scaleFactors[sub] = (byte) ((low | (highs >> 2 * sub & 3) << 4) - 32);
            nibbles(block, at + 8 + 16 * sub, 32 * sub);
        }
    }
}
