package tokamak.quantize;

import java.util.Collection;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tokamak.file.GgufOutput;
import tokamak.model.FormatMix;
import tokamak.tensor.DType;
import tokamak.tensor.Quantizers;

/**
 * Which tensor of a GGUF file gets which number format. Vectors, routers and whatever is no matrix of a linear layer keep
 * full precision: they are small, and much depends on them.
 */
final class FormatChoice {
    private static final Pattern LAYER = Pattern.compile("blk\\.(\\d+)\\.(.+)\\.weight");

    private final FormatMix mix;
    private final int numLayers;
    private final boolean hasOutput;
    private final boolean hasExperts;

    /** @param tensors the names of all */
    FormatChoice(FormatMix mix, int numLayers, Collection<String> tensors) {
        this.mix = mix;
        this.numLayers = numLayers;
        this.hasOutput = tensors.contains("output.weight");
        this.hasExperts = tensors.stream().anyMatch(name -> name.contains("_exps."));
    }

    /** @param stored the format in the source */
    DType of(String name, long[] shape, DType stored) {
        DType wanted = wanted(name, shape, stored);
        long columns = shape.length == 0 ? 1 : shape[shape.length - 1];
        return columns % wanted.blockSize() == 0 ? wanted : fallback(wanted, columns);
    }

    private DType wanted(String name, long[] shape, DType stored) {
        if (shape.length < 2 || !name.endsWith(".weight") || name.contains("norm") || name.contains("ffn_gate_inp")) {
            return unchanged(stored);
        }
        if (name.equals("output.weight")) {
            return mix.output();
        }
        if (name.equals("token_embd.weight")) {
            return hasOutput ? mix.plain() : mix.output();
        }
        Matcher layer = LAYER.matcher(name);
        if (!layer.matches()) {
            return unchanged(stored);
        }
        String role = layer.group(2);
        if (mix.plain() == DType.MXFP4 && hasExperts && !role.endsWith("_exps")) {
            return DType.Q8_0; // the format is made for experts, and files of it have only these in it
        }
        return role.equals("attn_v") || role.startsWith("ffn_down")
                ? mix.important(Integer.parseInt(layer.group(1)), numLayers)
                : mix.plain();
    }

    /** Full precision, unless the source has less, in a form that GGUF files know. */
    private static DType unchanged(DType stored) {
        return switch (stored) {
            case F16, BF16, F64 -> DType.F32;
            default -> GgufOutput.canHold(stored) ? stored : DType.F16;
        };
    }

    /** The nearest format, not smaller, whose blocks divide the rows. */
    private static DType fallback(DType wanted, long columns) {
        DType finer = switch (wanted) {
            case Q4_K -> DType.Q5_0;
            case Q5_K -> DType.Q5_1;
            default -> DType.Q8_0;
        };
        return columns % finer.blockSize() == 0 ? finer : DType.F16;
    }

    /** Whether a mix has only formats that can be written. */
    static boolean canWrite(FormatMix mix) {
        return isWritten(mix.plain()) && isWritten(mix.output());
    }

    private static boolean isWritten(DType dtype) {
        return Quantizers.of(dtype).isPresent() && GgufOutput.canHold(dtype);
    }
}
