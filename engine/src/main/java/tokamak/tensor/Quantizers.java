package tokamak.tensor;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The one place that knows how to write a {@link DType}. */
public final class Quantizers {
    /** Numbers that share a scale, in any format. */
    private static final int MOST_FITTED = 32;

    private Quantizers() {}

    /** The writer of a type, stateless; empty for types that are only read here. */
    public static Optional<Quantizer> of(DType dtype) {
        return find(dtype, null);
    }

    /**
     * A writer of rows to which errors in some columns matter more than in others.
     *
     * @param importance a positive number for every column; what is quantised at once are whole rows
     */
    public static Optional<Quantizer> of(DType dtype, float[] importance) {
        return find(dtype, importance);
    }

    private static Optional<Quantizer> find(DType dtype, float @Nullable [] importance) {
        return Optional.ofNullable(
                switch (dtype) {
                    case F32 -> QuantizePlain::f32;
                    case F16 -> QuantizePlain::f16;
                    case BF16 -> QuantizePlain::bf16;
                    case F8_E4M3 -> QuantizePlain::f8e4m3;
                    case Q4_0 -> blocks(dtype, importance, QuantizeSimple::q4x0);
                    case Q4_1 -> blocks(dtype, importance, QuantizeSimple::q4x1);
                    case Q5_0 -> blocks(dtype, importance, QuantizeSimple::q5x0);
                    case Q5_1 -> blocks(dtype, importance, QuantizeSimple::q5x1);
                    case Q8_0 -> blocks(dtype, importance, QuantizeSimple::q8x0);
                    case Q4_K -> blocks(dtype, importance, QuantizeK::q4);
                    case Q5_K -> blocks(dtype, importance, QuantizeK::q5);
                    case Q6_K -> blocks(dtype, importance, QuantizeK::q6);
                    case MXFP4 -> blocks(dtype, importance, QuantizeSimple::mxfp4);
                    case F64, F8_E5M2, F8_E8M0, I64, I32, I16, I8, U8, BOOL -> null;
                    case Q2_K, Q3_K, Q8_K, Q1_0, Q2_0 -> null;
                    case IQ1_S, IQ1_M, IQ2_XXS, IQ2_XS, IQ2_S, IQ3_XXS, IQ3_S, IQ4_NL, IQ4_XS -> null;
                    case TQ1_0, TQ2_0, NVFP4 -> null;
                    case I4_G32, I4_G64, I4_G128, I8_G32, I8_G64, I8_G128, F8_G32, F8_G64, F8_G128 -> null;
                    case U2_G32, U2_G64, U2_G128, U3_G32, U3_G64, U3_G128 -> null;
                    case U4_G32, U4_G64, U4_G128, U8_G32, U8_G64, U8_G128 -> null;
                    case NF4_G32, NF4_G64, NF4_G128 -> null;
                });
    }

    private interface BlockEncoder {
        void encode(float[] source, int index, CodeFit fit, MemorySegment target, long block);
    }

    private static Quantizer blocks(DType dtype, float @Nullable [] importance, BlockEncoder encoder) {
        return (source, sourceIndex, count, target, offset) -> {
            Objects.checkFromIndexSize(offset, dtype.bytes(count), target.byteSize());
            Objects.checkFromIndexSize(sourceIndex, count, source.length);
            CodeFit fit = new CodeFit(MOST_FITTED, importance);
            for (int i = 0; i < count; i += dtype.blockSize()) {
                encoder.encode(
                        source,
                        sourceIndex + i,
                        fit.at(importance == null ? 0 : i % importance.length),
                        target,
                        offset + (long) i / dtype.blockSize() * dtype.blockBytes());
            }
        };
    }
}
