package tokamak.model;

import java.util.Optional;
import tokamak.file.Metadata;
import tokamak.file.ModelFormatException;

/** Reads {@link RopeScaling} from {@code ARCH.rope.scaling.*} or from {@code rope_scaling} / {@code rope_parameters}. */
final class RopeReader {
    private RopeReader() {}

    /** {@code layerKind}: newer configurations may keep parameters per kind of layer, such as "full_attention". */
    static Optional<Metadata> hfParameters(Metadata config, String layerKind) throws ModelFormatException {
        Optional<Metadata> parameters = config.object("rope_parameters");
        if (parameters.isPresent() && parameters.get().has(layerKind)) {
            return parameters.get().object(layerKind);
        }
        return parameters.isPresent() ? parameters : config.object("rope_scaling");
    }

    /** Whether a configuration has parameters for that kind of layers alone. */
    static boolean hasParametersOf(Metadata config, String layerKind) throws ModelFormatException {
        Optional<Metadata> parameters = config.object("rope_parameters");
        return parameters.isPresent() && parameters.get().has(layerKind);
    }

    static RopeScaling ofHf(Metadata config, String layerKind, int rotated, int maxPositions)
            throws ModelFormatException {
        Optional<Metadata> found = hfParameters(config, layerKind);
        if (found.isEmpty()) {
            return new RopeScaling.None();
        }
        Metadata s = found.get();
        String type = s.string("rope_type", s.string("type", "default"));
        int original = (int) s.integer(
                "original_max_position_embeddings", config.integer("original_max_position_embeddings", maxPositions));
        return switch (type) {
            case "default", "mrope" -> new RopeScaling.None();
            case "linear" -> new RopeScaling.Linear(s.number("factor"));
            // Beyond the trained length this scheme depends on each sequence's length; within it, it changes nothing.
            case "dynamic" -> new RopeScaling.None();
            case "llama3" ->
                new RopeScaling.Llama3(
                        s.number("factor"), s.number("low_freq_factor"), s.number("high_freq_factor"), original);
            case "yarn" ->
                new RopeScaling.Yarn(
                        s.number("factor"),
                        original,
                        s.number("beta_fast", 32),
                        s.number("beta_slow", 1),
                        yarnMagnitude(s),
                        s.flag("truncate", true));
            case "longrope", "su" -> {
                double stretch = (double) maxPositions / original;
                double computed = stretch <= 1 ? 1 : Math.sqrt(1 + Math.log(stretch) / Math.log(original));
                yield new RopeScaling.LongRope(
                        factors(s, "short_factor", rotated),
                        factors(s, "long_factor", rotated),
                        original,
                        s.number("attention_factor", computed));
            }
            default ->
                throw new ModelFormatException(config.source() + ": rope scaling '" + type
                        + "' is not known; expected default, linear, dynamic, llama3, yarn or longrope");
        };
    }

    private static double yarnMagnitude(Metadata s) throws ModelFormatException {
        double factor = s.number("factor");
        double mscale = s.number("mscale", 0);
        double mscaleAllDim = s.number("mscale_all_dim", 0);
        double computed = mscale != 0 && mscaleAllDim != 0
                ? yarnMagnitude(factor, mscale) / yarnMagnitude(factor, mscaleAllDim)
                : yarnMagnitude(factor, 1);
        return s.number("attention_factor", computed);
    }

    static double yarnMagnitude(double factor, double mscale) {
        return factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1;
    }

    private static double[] factors(Metadata s, String key, int rotated) throws ModelFormatException {
        double[] factors = s.numbers(key);
        if (factors.length != rotated / 2) {
            throw new ModelFormatException(s.source() + ": '" + key + "' has " + factors.length
                    + " numbers, expected one for each of " + rotated / 2 + " pairs");
        }
        return factors;
    }

    /** Divisors kept as tensors ({@code rope_freqs} and the long and short factors) are added when tensors are bound. */
    static RopeScaling ofGguf(Hyperparameters h, int maxPositions) throws ModelFormatException {
        Metadata m = h.metadata();
        String type = m.string(h.key("rope.scaling.type", ""), "none");
        double factor = m.number(h.key("rope.scaling.factor", ""), 1);
        int original = (int) m.integer(h.key("rope.scaling.original_context_length", ""), maxPositions);
        return switch (type) {
            case "none", "longrope" -> new RopeScaling.None();
            case "linear" -> new RopeScaling.Linear(factor);
            case "yarn" ->
                new RopeScaling.Yarn(
                        factor,
                        original,
                        m.number(h.key("rope.scaling.yarn_beta_fast", ""), 32),
                        m.number(h.key("rope.scaling.yarn_beta_slow", ""), 1),
                        m.number(h.key("rope.scaling.attn_factor", ""), 1) * yarnMagnitude(factor, 1),
                        true);
            default ->
                throw h.error("rope scaling '" + type + "' is not known; expected none, linear, yarn or longrope");
        };
    }

    /** Long and short divisors of a GGUF file, which come as tensors. */
    static RopeScaling longRope(Hyperparameters h, double[] shortFactors, double[] longFactors, int maxPositions)
            throws ModelFormatException {
        Metadata m = h.metadata();
        int original = (int) m.integer(h.key("rope.scaling.original_context_length", ""), maxPositions);
        return new RopeScaling.LongRope(
                shortFactors, longFactors, original, m.number(h.key("rope.scaling.attn_factor", ""), 1));
    }
}
