package tokamak.tensor;

import java.util.EnumMap;
import java.util.Map;

/**
 * The one place that knows how to read every {@link DType}. What these return is the definition of a format's values; all
 * faster code is tested against it.
 */
public final class Dequantizers {
    private static final Map<DType, Dequantizer> ALL = all();

    private Dequantizers() {}

    /** The reader of a type; always the same object, stateless, allocates nothing when called. */
    public static Dequantizer of(DType dtype) {
        Dequantizer dequantizer = ALL.get(dtype);
        if (dequantizer == null) {
            throw new IllegalStateException("no dequantizer for " + dtype);
        }
        return dequantizer;
    }

    private static Map<DType, Dequantizer> all() {
        Map<DType, Dequantizer> all = new EnumMap<>(DType.class);
        for (DType dtype : DType.values()) {
            all.put(dtype, create(dtype));
        }
        return all;
    }

    private static Dequantizer create(DType dtype) {
        return switch (dtype) {
            case F64 -> PlainNumbers::f64;
            case F32 -> PlainNumbers::f32;
            case F16 -> PlainNumbers::f16;
            case BF16 -> PlainNumbers::bf16;
            case F8_E4M3 -> PlainNumbers::f8e4m3;
            case F8_E5M2 -> PlainNumbers::f8e5m2;
            case F8_E8M0 -> PlainNumbers::f8e8m0;
            case I64 -> PlainNumbers::i64;
            case I32 -> PlainNumbers::i32;
            case I16 -> PlainNumbers::i16;
            case I8 -> PlainNumbers::i8;
            case U8 -> PlainNumbers::u8;
            case BOOL -> PlainNumbers::bool;
            case Q4_0 -> new BlockLoop(dtype, SimpleBlocks::q4x0);
            case Q4_1 -> new BlockLoop(dtype, SimpleBlocks::q4x1);
            case Q5_0 -> new BlockLoop(dtype, SimpleBlocks::q5x0);
            case Q5_1 -> new BlockLoop(dtype, SimpleBlocks::q5x1);
            case Q8_0 -> new BlockLoop(dtype, SimpleBlocks::q8x0);
            case Q1_0 -> new BlockLoop(dtype, SimpleBlocks::q1x0);
            case Q2_0 -> new BlockLoop(dtype, SimpleBlocks::q2x0);
            case Q2_K -> new BlockLoop(dtype, KBlocks::q2);
            case Q3_K -> new BlockLoop(dtype, KBlocks::q3);
            case Q4_K -> new BlockLoop(dtype, KBlocks::q4);
            case Q5_K -> new BlockLoop(dtype, KBlocks::q5);
            case Q6_K -> new BlockLoop(dtype, KBlocks::q6);
            case Q8_K -> new BlockLoop(dtype, KBlocks::q8);
            case IQ1_S -> new BlockLoop(dtype, IqBlocks::iq1s);
            case IQ1_M -> new BlockLoop(dtype, IqBlocks::iq1m);
            case IQ2_XXS -> new BlockLoop(dtype, IqBlocks::iq2xxs);
            case IQ2_XS -> new BlockLoop(dtype, IqBlocks::iq2xs);
            case IQ2_S -> new BlockLoop(dtype, IqBlocks::iq2s);
            case IQ3_XXS -> new BlockLoop(dtype, IqBlocks::iq3xxs);
            case IQ3_S -> new BlockLoop(dtype, IqBlocks::iq3s);
            case IQ4_NL -> new BlockLoop(dtype, IqBlocks::iq4nl);
            case IQ4_XS -> new BlockLoop(dtype, IqBlocks::iq4xs);
            case TQ1_0 -> new BlockLoop(dtype, TernaryBlocks::tq1);
            case TQ2_0 -> new BlockLoop(dtype, TernaryBlocks::tq2);
            case MXFP4 -> new BlockLoop(dtype, MicroscalingBlocks::mxfp4);
            case NVFP4 -> new BlockLoop(dtype, MicroscalingBlocks::nvfp4);
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
                    F8_G32,
                    F8_G64,
                    F8_G128,
                    NF4_G32,
                    NF4_G64,
                    NF4_G128 -> new BlockLoop(dtype, GroupFormat.of(dtype).orElseThrow()::decode);
        };
    }
}
