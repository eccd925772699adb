package tokamak.model;

import java.util.List;
import java.util.Locale;
import tokamak.tensor.DType;

/**
 * Which matrices of a model are stored how, under the names and by the rules of llama.cpp's quantiser: the output matrix
 * always finely, in the mixes ending in M also some of the value and down matrices.
 *
 * @param plain most matrices
 * @param output the matrix that makes logits, be it the embedding too
 * @param moreForSome whether some value and down matrices are stored like the output
 */
public record FormatMix(String name, DType plain, DType output, boolean moreForSome) {
    private static final List<FormatMix> MIXES = List.of(
            new FormatMix("Q4_K_M", DType.Q4_K, DType.Q6_K, true),
            new FormatMix("Q5_K_M", DType.Q5_K, DType.Q6_K, true));

    /** @throws IllegalArgumentException if there is no such format */
    public static FormatMix named(String format) {
        String name = format.toUpperCase(Locale.ROOT);
        return MIXES.stream().filter(mix -> mix.name.equals(name)).findFirst().orElseGet(() -> ofType(name, format));
    }

    private static FormatMix ofType(String name, String given) {
        try {
            DType dtype = DType.valueOf(name);
            boolean small =
                    dtype.isBlocked() && dtype != DType.Q8_0 && !dtype.name().contains("8_G");
            return new FormatMix(name, dtype, small ? DType.Q6_K : dtype, false);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "no format is called '" + given
                            + "'; expected F32, F16, BF16, Q8_0, Q6_K, Q5_K_M, Q4_K_M, Q4_0, MXFP4 ...",
                    e);
        }
    }

    /** Value and down matrices: in mixes, the first and last eighth of the layers and every third between get more bits. */
    public DType important(int layer, int numLayers) {
        boolean more = layer < numLayers / 8 || layer >= 7 * numLayers / 8 || (layer - numLayers / 8) % 3 == 2;
        return moreForSome && more ? output : plain;
    }
}
