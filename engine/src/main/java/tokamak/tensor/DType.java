package tokamak.tensor;

/**
 * How numbers are stored. A row of a tensor is a whole number of blocks; a block holds {@link #blockSize()} numbers in
 * {@link #blockBytes()} bytes. Plain types have blocks of one number. All types are little-endian.
 *
 * <p>Source of the quantised layouts: the ggml format of GGUF files, but for the {@link GroupFormat}s, which are ours.
 */
public enum DType {
    F64(1, 8),
    F32(1, 4),
    F16(1, 2),
    BF16(1, 2),
    /** 8-bit float, 4 exponent and 3 mantissa bits, no infinities (OCP FP8 E4M3FN). */
    F8_E4M3(1, 1),
    /** 8-bit float, 5 exponent and 2 mantissa bits (OCP FP8 E5M2). */
    F8_E5M2(1, 1),
    /** A power of two, 2^(byte - 127): the scale type of the OCP microscaling formats. */
    F8_E8M0(1, 1),
    I64(1, 8),
    I32(1, 4),
    I16(1, 2),
    I8(1, 1),
    U8(1, 1),
    BOOL(1, 1),
    Q4_0(32, 18),
    Q4_1(32, 20),
    Q5_0(32, 22),
    Q5_1(32, 24),
    Q8_0(32, 34),
    Q2_K(256, 84),
    Q3_K(256, 110),
    Q4_K(256, 144),
    Q5_K(256, 176),
    Q6_K(256, 210),
    Q8_K(256, 292),
    IQ1_S(256, 50),
    IQ1_M(256, 56),
    IQ2_XXS(256, 66),
    IQ2_XS(256, 74),
    IQ2_S(256, 82),
    IQ3_XXS(256, 98),
    IQ3_S(256, 110),
    IQ4_NL(32, 18),
    IQ4_XS(256, 136),
    TQ1_0(256, 54),
    TQ2_0(256, 66),
    MXFP4(32, 17),
    NVFP4(64, 36),
    Q1_0(128, 18),
    Q2_0(64, 18),
    /** {@link GroupFormat}: 4-bit codes less 8, times a float16 scale; also with blocks of 64 and 128. */
    I4_G32(32, 18),
    I4_G64(64, 34),
    I4_G128(128, 66),
    /** {@link GroupFormat}: 2-bit codes less a zero point, times a float16 scale; 3 and 4 bits alike. */
    U2_G32(32, 11),
    U2_G64(64, 19),
    U2_G128(128, 35),
    U3_G32(32, 15),
    U3_G64(64, 27),
    U3_G128(128, 51),
    U4_G32(32, 19),
    U4_G64(64, 35),
    U4_G128(128, 67),
    /** {@link GroupFormat}: 8-bit codes less 128, times a float32 scale. */
    I8_G32(32, 36),
    I8_G64(64, 68),
    I8_G128(128, 132),
    /** {@link GroupFormat}: 8-bit codes less a zero point, times a float32 scale. */
    U8_G32(32, 37),
    U8_G64(64, 69),
    U8_G128(128, 133),
    /** {@link GroupFormat}: {@link #F8_E4M3} numbers times a float32 scale. */
    F8_G32(32, 36),
    F8_G64(64, 68),
    F8_G128(128, 132),
    /** {@link GroupFormat}: 4-bit codes of the quantiles of a normal distribution, times a float16 scale. */
    NF4_G32(32, 18),
    NF4_G64(64, 34),
    NF4_G128(128, 66);

    private final int blockSize;
    private final int blockBytes;

    DType(int blockSize, int blockBytes) {
        this.blockSize = blockSize;
        this.blockBytes = blockBytes;
    }

    /** Numbers per block. */
    public int blockSize() {
        return blockSize;
    }

    /** Bytes per block. */
    public int blockBytes() {
        return blockBytes;
    }

    /** Whether several numbers share a block. */
    public boolean isBlocked() {
        return blockSize > 1;
    }

    /**
     * Bytes of {@code count} numbers that start at a block boundary.
     *
     * @throws IllegalArgumentException if {@code count} is not a whole number of blocks
     * @throws ArithmeticException if the result does not fit a long
     */
    public long bytes(long count) {
        if (count < 0 || count % blockSize != 0) {
            throw new IllegalArgumentException(
                    count + " numbers are not a whole number of " + this + " blocks of " + blockSize);
        }
        return Math.multiplyExact(count / blockSize, (long) blockBytes);
    }
}
