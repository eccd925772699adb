package tokamak.quant;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import tokamak.file.Metadata;
import tokamak.file.ModelFormatException;

/**
 * The {@code config_groups} of compressed-tensors: settings for modules that a name, a pattern or a class of modules picks. What a
 * module's tensors show, whether it is quantised at all and how its scales are spread, is not asked here.
 */
record CompressedTensorsConfig(String source, List<Target> targets) implements ScaledScheme.TensorTraits {
    private static final String PATTERN = "re:";

    /** A group's settings for one of its targets. */
    private record Target(String text, Optional<Pattern> pattern, ScaledScheme.Weights weights) {
        boolean isOf(String module) {
            return pattern.isPresent() ? pattern.get().matcher(module).lookingAt() : text.equals(module);
        }
    }

    static CompressedTensorsConfig of(Metadata config) throws ModelFormatException {
        refuseOtherFormat(config, config.string("format", ""));
        Optional<Metadata> sparsity = config.object("sparsity_config");
        if (sparsity.isPresent()) {
            refuseOtherFormat(sparsity.get(), sparsity.get().string("format", ""));
        }
        refuseTransforms(config);
        Metadata groups = config.object("config_groups")
                .orElseThrow(() -> new ModelFormatException(
                        config.source() + ": expected 'config_groups' that say what is quantised how, found none"));
        List<Target> targets = new ArrayList<>();
        for (String name : groups.keys()) {
            Metadata group = groups.object(name).orElseThrow();
            refuseOtherFormat(group, group.string("format", ""));
            Optional<Metadata> weights = group.object("weights");
            if (weights.isEmpty()) {
                continue;
            }
            ScaledScheme.Weights settings = weights(weights.get());
            for (String target : group.strings("targets", List.of("Linear"))) {
                Optional<Pattern> pattern = target.startsWith(PATTERN)
                        ? Optional.of(GptqScheme.pattern(group.source(), target.substring(PATTERN.length())))
                        : Optional.empty();
                targets.add(new Target(target, pattern, settings));
            }
        }
        return new CompressedTensorsConfig(config.source(), targets);
    }

    private static void refuseOtherFormat(Metadata source, String format) throws ModelFormatException {
        switch (format) {
            case "",
                    "dense",
                    "pack-quantized",
                    "int-quantized",
                    "float-quantized",
                    "naive-quantized",
                    "nvfp4-pack-quantized",
                    "mxfp4-pack-quantized",
                    "mxfp8-quantized",
                    "mixed-precision" -> {
                // read by what tensors there are
            }
            default ->
                throw new ModelFormatException(
                        source.source() + ": the compressed-tensors format '" + format
                                + "' is not supported; pack-quantized, int-quantized, float-quantized, nvfp4-, mxfp4- and mxfp8-quantized are");
        }
    }

    /** Rotations of weights are part of the stored numbers; others would have to be computed at every step. */
    private static void refuseTransforms(Metadata config) throws ModelFormatException {
        Optional<Metadata> groups = config.object("transform_config");
        groups = groups.isPresent() ? groups.get().object("config_groups") : groups;
        if (groups.isEmpty()) {
            return;
        }
        for (String name : groups.get().keys()) {
            Metadata group = groups.get().object(name).orElseThrow();
            for (Metadata place : group.has("apply") ? group.objects("apply") : List.<Metadata>of()) {
                String location = place.string("location", "");
                if (!location.startsWith("weight_")) {
                    throw new ModelFormatException(
                            place.source() + ": transforms of activations ('" + location
                                    + "') are not supported, only those of weights. Take a checkpoint without transform_config");
                }
            }
        }
    }

    private static ScaledScheme.Weights weights(Metadata weights) throws ModelFormatException {
        long bits = weights.integer("num_bits", 8);
        if (bits < 2 || bits > 8) {
            throw new ModelFormatException(
                    weights.source() + ": weights of " + bits + " bits: only 2 to 8 are supported");
        }
        long[] block = block(weights);
        long groupSize = Math.max(0, weights.integer("group_size", 0));
        return new ScaledScheme.Weights(
                (int) bits,
                (int) Math.min(groupSize, Integer.MAX_VALUE),
                (int) block[0],
                (int) block[1],
                weights.flag("symmetric", true));
    }

    /** {@code [128, 128]}, or the same as a text. */
    private static long[] block(Metadata weights) throws ModelFormatException {
        if (!weights.has("block_structure")) {
            return weights.string("strategy", "").equals("block") ? new long[] {128, 128} : new long[] {0, 0};
        }
        long[] block = weights.describe("block_structure").contains("x")
                ? parse(weights.string("block_structure"))
                : weights.integers("block_structure");
        if (block.length != 2 || block[0] < 1 || block[1] < 1 || Math.max(block[0], block[1]) > 1 << 20) {
            throw new ModelFormatException(weights.source() + ": expected a block_structure of rows and columns, found "
                    + weights.describe("block_structure"));
        }
        return block;
    }

    private static long[] parse(String text) {
        try {
            return Pattern.compile("x")
                    .splitAsStream(text)
                    .mapToLong(number -> Long.parseLong(number.strip()))
                    .toArray();
        } catch (NumberFormatException e) {
            return new long[0];
        }
    }

    /** A name or a pattern counts more than the class of all linear layers. */
    @Override
    public ScaledScheme.Weights of(String module) throws ModelFormatException {
        return targets.stream()
                .filter(target -> target.isOf(module))
                .findFirst()
                .or(() -> targets.stream()
                        .filter(target -> target.text().equals("Linear"))
                        .findFirst())
                .or(() -> targets.size() == 1 ? Optional.of(targets.getFirst()) : Optional.empty())
                .map(Target::weights)
                .orElseThrow(() -> new ModelFormatException(
                        source + ": no group of config_groups says how '" + module + "' is quantised"));
    }
}
