package tokamak.file;

import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import tokamak.tensor.DType;

/** The numbers by which GGUF files name tensor types (enum ggml_type). */
final class GgmlTypes {
    private static final int END = 64;

    private GgmlTypes() {}

    /** Empty for numbers that no longer or not yet have a meaning, and for Q8_1, which files never hold. */
    static Optional<DType> byId(int id) {
        return switch (id) {
            case 0 -> Optional.of(DType.F32);
            case 1 -> Optional.of(DType.F16);
            case 2 -> Optional.of(DType.Q4_0);
            case 3 -> Optional.of(DType.Q4_1);
            case 6 -> Optional.of(DType.Q5_0);
            case 7 -> Optional.of(DType.Q5_1);
            case 8 -> Optional.of(DType.Q8_0);
            case 10 -> Optional.of(DType.Q2_K);
            case 11 -> Optional.of(DType.Q3_K);
            case 12 -> Optional.of(DType.Q4_K);
            case 13 -> Optional.of(DType.Q5_K);
            case 14 -> Optional.of(DType.Q6_K);
            case 15 -> Optional.of(DType.Q8_K);
            case 16 -> Optional.of(DType.IQ2_XXS);
            case 17 -> Optional.of(DType.IQ2_XS);
            case 18 -> Optional.of(DType.IQ3_XXS);
            case 19 -> Optional.of(DType.IQ1_S);
            case 20 -> Optional.of(DType.IQ4_NL);
            case 21 -> Optional.of(DType.IQ3_S);
            case 22 -> Optional.of(DType.IQ2_S);
            case 23 -> Optional.of(DType.IQ4_XS);
            case 24 -> Optional.of(DType.I8);
            case 25 -> Optional.of(DType.I16);
            case 26 -> Optional.of(DType.I32);
            case 27 -> Optional.of(DType.I64);
            case 28 -> Optional.of(DType.F64);
            case 29 -> Optional.of(DType.IQ1_M);
            case 30 -> Optional.of(DType.BF16);
            case 34 -> Optional.of(DType.TQ1_0);
            case 35 -> Optional.of(DType.TQ2_0);
            case 39 -> Optional.of(DType.MXFP4);
            case 40 -> Optional.of(DType.NVFP4);
            case 41 -> Optional.of(DType.Q1_0);
            case 42 -> Optional.of(DType.Q2_0);
            default -> Optional.empty();
        };
    }

    /** Empty for types that have no number. */
    static OptionalInt idOf(DType dtype) {
        return IntStream.range(0, END)
                .filter(id -> byId(id).filter(dtype::equals).isPresent())
                .findFirst();
    }
}
