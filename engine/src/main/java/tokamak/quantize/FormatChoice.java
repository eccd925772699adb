package tokamak.quantize;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tokamak.model.FormatMix;
import tokamak.tensor.DType;
import tokamak.tensor.Quantizers;
import tokamak.tensor.Tensor;

/**
 * Which tensor of a GGUF file gets which number format. Vectors, routers and whatever is no matrix of a linear layer keep
 * full precision: they are small, and much depends on them.
 */
final class FormatChoice {
    private static final Pattern LAYER = Pattern.compile("blk\\.(\\d+)\\.(.+)\\.weight");

    private final FormatMix mix;
    private final int numLayers;
    private final boolean hasOutput;

    /** @param hasOutput whether the matrix that makes logits is a tensor of its own */
    FormatChoice(FormatMix mix, int numLayers, boolean hasOutput) {
        this.mix = mix;
        this.numLayers = numLayers;
        this.hasOutput = hasOutput;
    }

    DType of(Tensor source) {
        DType wanted = wanted(source);
        return fits(wanted, source) ? wanted : smaller(wanted, source);
    }

    private DType wanted(Tensor source) {
        String name = source.name();
        if (source.rank() < 2 || !name.endsWith(".weight") || name.contains("norm") || name.contains("ffn_gate_inp")) {
            return isPlain(source.dtype()) ? DType.F32 : source.dtype();
        }
        if (name.equals("output.weight")) {
            return mix.output();
        }
        if (name.equals("token_embd.weight")) {
            return hasOutput ? mix.plain() : mix.output();
        }
        Matcher layer = LAYER.matcher(name);
        if (!layer.matches()) {
            return isPlain(source.dtype()) ? DType.F32 : source.dtype();
        }
        String role = layer.group(2);
        return role.equals("attn_v") || role.startsWith("ffn_down")
                ? mix.important(Integer.parseInt(layer.group(1)), numLayers)
                : mix.plain();
    }

    private static boolean isPlain(DType dtype) {
        return dtype == DType.F16 || dtype == DType.BF16 || dtype == DType.F32 || dtype == DType.F64;
    }

    private static boolean fits(DType dtype, Tensor source) {
        return source.columns() % dtype.blockSize() == 0;
    }

    /** The nearest format, not smaller, whose blocks divide the rows. */
    private static DType smaller(DType wanted, Tensor source) {
        DType fallback = switch (wanted) {
            case Q4_K -> DType.Q5_0;
            case Q5_K -> DType.Q5_1;
            default -> DType.Q8_0;
        };
        return fits(fallback, source) ? fallback : DType.F16;
    }

    /** Whether a mix has only formats that can be written. */
    static boolean canWrite(FormatMix mix) {
        return Quantizers.of(mix.plain()).isPresent()
                && Quantizers.of(mix.output()).isPresent();
    }
}
