package tokamak.backend.cpu.x64;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tokamak.tensor.DType;
import tokamak.tensor.GroupFormat;

/**
 * The integer-coded weight formats as data: a value is {@code scale * (code - offset) + min}, or {@code scale * codebook[code]}.
 * The packer and the kernel generator read nothing else.
 *
 * <p>Codes are kept as {@code lowBits} and, for 3, 5 and 6 bits, {@code highBits} apart, since a register splits into
 * twos, fours and eights by shifting. Source of the formats: ggml's quantised blocks, and
 * {@link GroupFormat}.
 */
enum QuantFormat {
    Q8_0(DType.Q8_0, 8, 0, 32, Scales.F16, 128, null),
    Q4_0(DType.Q4_0, 4, 0, 32, Scales.F16, 8, null),
    Q4_1(DType.Q4_1, 4, 0, 32, Scales.F16_AND_MIN, 0, null),
    Q5_0(DType.Q5_0, 4, 1, 32, Scales.F16, 16, null),
    Q5_1(DType.Q5_1, 4, 1, 32, Scales.F16_AND_MIN, 0, null),
    IQ4_NL(DType.IQ4_NL, 4, 0, 32, Scales.F16, 128, Codebook.NON_LINEAR),
    MXFP4(DType.MXFP4, 4, 0, 32, Scales.E8M0, 12, Codebook.FP4_DOUBLED),
    Q2_K(DType.Q2_K, 2, 0, 16, Scales.SUPER_NIBBLES, 0, null),
    Q3_K(DType.Q3_K, 2, 1, 16, Scales.SUPER, 4, null),
    Q4_K(DType.Q4_K, 4, 0, 32, Scales.SUPER_AND_MIN, 0, null),
    Q5_K(DType.Q5_K, 4, 1, 32, Scales.SUPER_AND_MIN, 0, null),
    Q6_K(DType.Q6_K, 4, 2, 16, Scales.SUPER, 32, null),
    IQ4_XS(DType.IQ4_XS, 4, 0, 32, Scales.SUPER, 128, Codebook.NON_LINEAR),
    I4_G32(DType.I4_G32, 4, 0, 32, Scales.F16, 8, null),
    I4_G64(DType.I4_G64, 4, 0, 32, Scales.F16, 8, null),
    I4_G128(DType.I4_G128, 4, 0, 32, Scales.F16, 8, null),
    U2_G32(DType.U2_G32, 2, 0, 32, Scales.F16_AND_ZERO, 0, null),
    U2_G64(DType.U2_G64, 2, 0, 32, Scales.F16_AND_ZERO, 0, null),
    U2_G128(DType.U2_G128, 2, 0, 32, Scales.F16_AND_ZERO, 0, null),
    U3_G32(DType.U3_G32, 2, 1, 32, Scales.F16_AND_ZERO, 0, null),
    U3_G64(DType.U3_G64, 2, 1, 32, Scales.F16_AND_ZERO, 0, null),
    U3_G128(DType.U3_G128, 2, 1, 32, Scales.F16_AND_ZERO, 0, null),
    U4_G32(DType.U4_G32, 4, 0, 32, Scales.F16_AND_ZERO, 0, null),
    U4_G64(DType.U4_G64, 4, 0, 32, Scales.F16_AND_ZERO, 0, null),
    U4_G128(DType.U4_G128, 4, 0, 32, Scales.F16_AND_ZERO, 0, null),
    I8_G32(DType.I8_G32, 8, 0, 32, Scales.F32, 128, null),
    I8_G64(DType.I8_G64, 8, 0, 32, Scales.F32, 128, null),
    I8_G128(DType.I8_G128, 8, 0, 32, Scales.F32, 128, null),
    U8_G32(DType.U8_G32, 8, 0, 32, Scales.F32_AND_ZERO, 0, null),
    U8_G64(DType.U8_G64, 8, 0, 32, Scales.F32_AND_ZERO, 0, null),
    U8_G128(DType.U8_G128, 8, 0, 32, Scales.F32_AND_ZERO, 0, null),
    NF4_G32(DType.NF4_G32, 4, 0, 32, Scales.F16, 128, Codebook.NORMAL),
    NF4_G64(DType.NF4_G64, 4, 0, 32, Scales.F16, 128, Codebook.NORMAL),
    NF4_G128(DType.NF4_G128, 4, 0, 32, Scales.F16, 128, Codebook.NORMAL),
    NVFP4(DType.NVFP4, 4, 0, 16, Scales.UE5M3, 12, Codebook.FP4_DOUBLED);

    /** Numbers per group: activations have one scale per group, whatever the weight's format. */
    static final int GROUP = 32;

    /** How scales are packed, per row. */
    enum Scales {
        /** A half-precision scale per block. */
        F16(2, 0, false),
        /** A half-precision scale and minimum per block. */
        F16_AND_MIN(4, 0, true),
        /** A half-precision scale and a zero point per block: the minimum is their product, negated. */
        F16_AND_ZERO(3, 0, true),
        /** A scale per block. */
        F32(4, 0, false),
        /** A scale and a zero point per block. */
        F32_AND_ZERO(5, 0, true),
        /** An exponent per block; the packer lowers it by one, because FP4 codes are kept doubled. */
        E8M0(1, 0, false),
        /**
         * An unsigned float of five exponent and three mantissa bits per sub-block. The packer makes it of an E4M3 number, so
         * that subnormal ones are not subnormal floats here; {@link #UE5M3_UNIT} undoes its bias, and that FP4 codes are kept doubled.
         */
        UE5M3(0, 1, false),
        /** A half-precision scale per block, times a signed byte per sub-block. */
        SUPER(2, 1, false),
        /** A half-precision scale and negated minimum per block, each times an unsigned byte per sub-block. */
        SUPER_AND_MIN(4, 2, true),
        /** As {@link #SUPER_AND_MIN}, both factors in one byte: the scale's in the low half. */
        SUPER_NIBBLES(4, 1, true);

        /** Exponent of {@link #UE5M3} for one. */
        static final int UE5M3_BIAS = 10;

        /** What a {@link #UE5M3} number is multiplied with once its bits are where a float has them. */
        static final float UE5M3_UNIT = 0.5f * 0x1p117f;

        final int headerBytes;
        final int subBlockBytes;
        final boolean hasMin;

        Scales(int headerBytes, int subBlockBytes, boolean hasMin) {
            this.headerBytes = headerBytes;
            this.subBlockBytes = subBlockBytes;
            this.hasMin = hasMin;
        }
    }

    /** Values of four-bit codes. */
    private static final class Codebook {
        static final byte[] NON_LINEAR = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
        static final byte[] NORMAL = GroupFormat.normalFloats();
        static final byte[] FP4_DOUBLED = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};
    }

    final DType dtype;
    final int lowBits;
    final int highBits;
    /** Numbers that share a weight scale within a group: 32, or 16. */
    final int subBlock;

    final Scales scales;
    final int offset;
    private final byte @Nullable [] codebook;

    QuantFormat(
            DType dtype,
            int lowBits,
            int highBits,
            int subBlock,
            Scales scales,
            int offset,
            byte @Nullable [] codebook) {
        this.dtype = dtype;
        this.lowBits = lowBits;
        this.highBits = highBits;
        this.subBlock = subBlock;
        this.scales = scales;
        this.offset = offset;
        this.codebook = codebook;
    }

    static Optional<QuantFormat> of(DType dtype) {
        for (QuantFormat format : values()) {
            if (format.dtype == dtype) {
                return Optional.of(format);
            }
        }
        return Optional.empty();
    }

    boolean hasCodebook() {
        return codebook != null;
    }

    /** Values of the sixteen codes, without the offset. */
    byte[] codebook() {
        if (codebook == null) {
            throw new IllegalStateException(this + " has no codebook");
        }
        return codebook.clone();
    }

    /** Groups of 32 per block of the format. */
    int groupsPerBlock() {
        return dtype.blockSize() / GROUP;
    }

    int subBlocksPerGroup() {
        return GROUP / subBlock;
    }

    /** The largest unsigned code; with a codebook, the largest value above the offset. */
    int maxCode() {
        int largest = (1 << lowBits + highBits) - 1;
        if (codebook != null) {
            largest = 0;
            for (byte value : codebook) {
                largest = Math.max(largest, value + offset);
            }
        }
        return largest;
    }
}
