package tokamak.quantize;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;
import tokamak.model.HfForm.Part;
import tokamak.tensor.DType;

/** The quantised formats of Hugging Face folders that can be written. */
public enum HfFormat {
    /** AutoAWQ, layout GEMM: 4 bits, zero points. */
    AWQ,
    /** compressed-tensors pack-quantized: 4 bits, symmetric. */
    W4A16,
    /** compressed-tensors int-quantized: 8 bits per row, activations rounded as they come. */
    W8A8,
    /** E4M3 with a factor for blocks of 128 by 128. */
    FP8,
    /** compressed-tensors float-quantized: E4M3 with a factor per row. */
    FP8_CHANNEL;

    private static final int[] GROUP_SIZES = {128, 64, 32};

    /** The name as users write it. */
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The format of a name in any case, with dashes or underscores. */
    public static Optional<HfFormat> named(String name) {
        String wanted = name.toUpperCase(Locale.ROOT).replace('-', '_');
        return Arrays.stream(values())
                .filter(format -> format.name().equals(wanted))
                .findFirst();
    }

    LinearLayout layout(List<Part.Linear> layers) {
        return switch (this) {
            case AWQ -> new AwqLayout(groupSize(layers));
            case W4A16 -> new PackQuantizedLayout(groupSize(layers), scaleType(layers));
            case W8A8 -> new ByteLayout(DType.I8);
            case FP8 -> new BlockFloatLayout();
            case FP8_CHANNEL -> new ByteLayout(DType.F8_E4M3);
        };
    }

    /** 128 as everybody has it, unless more of the model can be cut into smaller groups. */
    private static int groupSize(List<Part.Linear> layers) {
        return IntStream.of(GROUP_SIZES)
                .boxed()
                .max((a, b) -> {
                    int more = Long.compare(divided(layers, a), divided(layers, b));
                    return more == 0 ? a - b : more;
                })
                .orElseThrow();
    }

    private static long divided(List<Part.Linear> layers, int groupSize) {
        return layers.stream()
                .filter(layer -> layer.matrix().columns() % groupSize == 0)
                .mapToLong(layer -> layer.matrix().rows() * layer.matrix().columns())
                .sum();
    }

    private static DType scaleType(List<Part.Linear> layers) {
        return layers.stream().anyMatch(layer -> layer.matrix().dtype() == DType.BF16) ? DType.BF16 : DType.F16;
    }
}
