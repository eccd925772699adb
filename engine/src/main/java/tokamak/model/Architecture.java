package tokamak.model;

import java.util.List;
import java.util.Map;
import java.util.Set;
import tokamak.file.ModelFormatException;

/**
 * A model family as data: the names that checkpoints call it by, and in what it differs from the plain decoder (RMS norms,
 * rotary positions in halves, grouped attention, gated SiLU feed-forward). Biases, head norms, extra norms, fused matrices
 * and experts are not mentioned: they are found by looking which tensors a checkpoint has.
 *
 * @param name for people
 * @param ggufNames values of {@code general.architecture}
 * @param hfNames values of {@code architectures} in {@code config.json}
 * @param hfDefaults what {@code config.json} means where it leaves a key out, if that is not what most families mean
 */
public record Architecture(
        String name,
        Set<String> ggufNames,
        Set<String> hfNames,
        Map<String, ? extends Number> hfDefaults,
        Differences differences) {
    /** What a family corrects in a draft that was filled in the usual way. */
    @FunctionalInterface
    public interface Differences {
        void apply(ConfigDraft draft) throws ModelFormatException;
    }

    /** A family that goes by one name in each kind of checkpoint and is like the plain decoder. */
    public static Architecture of(String ggufName, String hfName) {
        return new Architecture(ggufName, Set.of(ggufName), Set.of(hfName), Map.of(), draft -> {});
    }

    /** Further Hugging Face names. */
    public Architecture alsoHf(String... names) {
        return new Architecture(name, ggufNames, union(hfNames, names), hfDefaults, differences);
    }

    /** Further GGUF names. */
    public Architecture alsoGguf(String... names) {
        return new Architecture(name, union(ggufNames, names), hfNames, hfDefaults, differences);
    }

    /** What {@code config.json} means where it leaves a key out. */
    public Architecture withHfDefaults(Map<String, ? extends Number> defaults) {
        return new Architecture(name, ggufNames, hfNames, Map.copyOf(defaults), differences);
    }

    /** Differences on top of those there are. */
    public Architecture with(Differences more) {
        return new Architecture(name, ggufNames, hfNames, hfDefaults, draft -> {
            differences.apply(draft);
            more.apply(draft);
        });
    }

    private static Set<String> union(Set<String> some, String... more) {
        Set<String> all = new java.util.LinkedHashSet<>(some);
        all.addAll(List.of(more));
        return Set.copyOf(all);
    }

    /** The draft of a checkpoint's configuration, differences applied. */
    ConfigDraft draft(Hyperparameters source) throws ModelFormatException {
        ConfigDraft draft = new ConfigDraft(source.withHfDefaults(hfDefaults));
        differences.apply(draft);
        return draft;
    }

    /** The configuration of a checkpoint of this family. */
    public ModelConfig configure(Hyperparameters source) throws ModelFormatException {
        return draft(source).build(name);
    }
}
