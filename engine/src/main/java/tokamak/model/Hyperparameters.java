package tokamak.model;

import java.util.Map;
import java.util.Optional;
import tokamak.file.Checkpoint;
import tokamak.file.GgufCheckpoint;
import tokamak.file.HfCheckpoint;
import tokamak.file.Metadata;
import tokamak.file.ModelFormatException;

/**
 * The hyper-parameters of a checkpoint by {@link Key}, whichever of the two vocabularies it is written in. Hugging Face
 * configurations of multimodal models keep those of the language model under {@code text_config}; that is looked into first.
 */
public final class Hyperparameters {
    private static final Metadata NO_DEFAULTS = new Metadata("defaults", Map.of());

    private final Checkpoint checkpoint;
    private final Metadata metadata;
    private final String ggufPrefix;
    private final Metadata defaults;

    private Hyperparameters(Checkpoint checkpoint, Metadata metadata, String ggufPrefix, Metadata defaults) {
        this.defaults = defaults;
        this.checkpoint = checkpoint;
        this.metadata = metadata;
        this.ggufPrefix = ggufPrefix;
    }

    public static Hyperparameters of(Checkpoint checkpoint) throws ModelFormatException {
        return switch (checkpoint) {
            case GgufCheckpoint gguf -> {
                String architecture = gguf.metadata().string("general.architecture");
                yield new Hyperparameters(gguf, gguf.metadata(), architecture + ".", NO_DEFAULTS);
            }
            case HfCheckpoint hf ->
                new Hyperparameters(hf, hf.metadata().object("text_config").orElse(hf.metadata()), "", NO_DEFAULTS);
        };
    }

    /** The same with a family's own meaning of keys that a Hugging Face configuration leaves out. */
    Hyperparameters withHfDefaults(Map<String, ? extends Number> values) {
        return new Hyperparameters(
                checkpoint, metadata, ggufPrefix, isGguf() ? NO_DEFAULTS : new Metadata(metadata.source(), values));
    }

    /** Whether the names and layouts are those of GGUF files. */
    public boolean isGguf() {
        return !ggufPrefix.isEmpty();
    }

    /** The whole metadata, for what only one family has. */
    public Metadata metadata() {
        return metadata;
    }

    /** A family's own GGUF key with the architecture's prefix, or its Hugging Face key. */
    public String key(String gguf, String hf) {
        return isGguf() ? ggufPrefix + gguf : hf;
    }

    boolean has(Key key) {
        return find(key).isPresent();
    }

    int integer(Key key) throws ModelFormatException {
        return checkedInt(key, valueOf(require(key)).integer(require(key)));
    }

    int integer(Key key, int fallback) throws ModelFormatException {
        Optional<String> found = find(key);
        return found.isPresent() ? checkedInt(key, valueOf(found.get()).integer(found.get())) : fallback;
    }

    double number(Key key, double fallback) throws ModelFormatException {
        Optional<String> found = find(key);
        return found.isPresent() ? valueOf(found.get()).number(found.get()) : fallback;
    }

    boolean flag(Key key, boolean fallback) throws ModelFormatException {
        Optional<String> found = find(key);
        return found.isPresent() ? metadata.flag(found.get()) : fallback;
    }

    /** One value per layer: what a list says, or the same number for all. */
    int[] perLayer(Key key, int numLayers, int fallback) throws ModelFormatException {
        int[] values = new int[numLayers];
        Optional<String> found = find(key);
        if (found.isEmpty()) {
            java.util.Arrays.fill(values, fallback);
            return values;
        }
        long[] given = valueOf(found.get()).integers(found.get());
        if (given.length != 1 && given.length != numLayers) {
            throw new ModelFormatException(metadata.source() + ": '" + found.get() + "' has " + given.length
                    + " values, expected one or one for each of the " + numLayers + " layers");
        }
        for (int i = 0; i < numLayers; i++) {
            values[i] = checkedInt(key, given.length == 1 ? given[0] : given[i]);
        }
        return values;
    }

    ModelFormatException error(String message) {
        return new ModelFormatException(checkpoint.path() + ": " + message);
    }

    private String require(Key key) throws ModelFormatException {
        Optional<String> found = find(key);
        if (found.isEmpty()) {
            String expected = isGguf() ? ggufPrefix + key.gguf() : String.join("' or '", key.hf());
            throw new ModelFormatException(metadata.source() + ": missing '" + expected + "'");
        }
        return found.get();
    }

    private Optional<String> find(Key key) {
        if (isGguf()) {
            return Optional.of(ggufPrefix + key.gguf()).filter(metadata::has);
        }
        return key.hf().stream()
                .filter(metadata::has)
                .findFirst()
                .or(() -> key.hf().stream().filter(defaults::has).findFirst());
    }

    private Metadata valueOf(String found) {
        return metadata.has(found) ? metadata : defaults;
    }

    /** A sane size or count: anything beyond cannot be meant, and would overflow sums of sizes. */
    private int checkedInt(Key key, long value) throws ModelFormatException {
        if (value < 0 || value > 1 << 28) {
            throw error(key + " is " + value + ", expected 0 to " + (1 << 28));
        }
        return (int) value;
    }
}
