package tokamak.quant;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;
import tokamak.file.HfCheckpoint;
import tokamak.file.Metadata;
import tokamak.file.ModelFormatException;
import tokamak.tensor.Tensor;

/**
 * GPTQ layers of 2, 3, 4 or 8 bits: {@code qweight [in * bits / 32, out]}, {@code qzeros [groups, out * bits / 32]}, {@code scales
 * [groups, out]} and {@code g_idx [in]}, the group of every input.
 *
 * @param zeroOffset what to add to stored zero points: 1 in the first version of the format
 * @param overrides settings of modules by patterns of their names; the first that fits counts
 */
record GptqScheme(HfCheckpoint checkpoint, int zeroOffset, Layer usual, Map<Pattern, Layer> overrides)
        implements Scheme {
    /** @param groupSize inputs per group; -1: all */
    record Layer(int bits, int groupSize) {}

    static GptqScheme of(HfCheckpoint checkpoint, Metadata config) throws ModelFormatException {
        String format = config.string("checkpoint_format", config.string("format", "gptq"));
        boolean known = format.equals("gptq") || format.equals("gptq_v2");
        if (!known || config.flag("is_marlin_format", false)) {
            throw new ModelFormatException(config.source() + ": GPTQ weights in the layout '"
                    + (known ? "marlin" : format) + "' are not supported; the layouts 'gptq' and 'gptq_v2' are");
        }
        String packType = config.string("pack_dtype", "int32");
        if (!packType.equals("int32")) {
            throw new ModelFormatException(
                    config.source() + ": GPTQ weights packed into " + packType + ": only int32 is supported");
        }
        Layer usual = layer(config, config.source(), new Layer(4, 128));
        return new GptqScheme(checkpoint, format.equals("gptq") ? 1 : 0, usual, overrides(config, usual));
    }

    private static Layer layer(Metadata config, String source, Layer fallback) throws ModelFormatException {
        long bits = config.integer("bits", fallback.bits());
        if (bits != 2 && bits != 3 && bits != 4 && bits != 8) {
            throw new ModelFormatException(
                    source + ": GPTQ weights of " + bits + " bits: only 2, 3, 4 and 8 are supported");
        }
        long groupSize = config.integer("group_size", fallback.groupSize());
        if (groupSize < -1 || groupSize == 0 || groupSize > Integer.MAX_VALUE) {
            throw new ModelFormatException(source + ": a group_size of " + groupSize + " makes no sense");
        }
        return new Layer((int) bits, (int) groupSize);
    }

    /** Patterns that begin with {@code -:} leave modules unquantised, which shows in their tensors. */
    private static Map<Pattern, Layer> overrides(Metadata config, Layer usual) throws ModelFormatException {
        Map<Pattern, Layer> overrides = new LinkedHashMap<>();
        Optional<Metadata> dynamic = config.object("dynamic");
        for (String key : dynamic.isPresent() ? dynamic.get().keys() : List.<String>of()) {
            if (key.startsWith("-:")) {
                continue;
            }
            Metadata settings = dynamic.orElseThrow().object(key).orElseThrow();
            overrides.put(
                    pattern(settings.source(), key.startsWith("+:") ? key.substring(2) : key),
                    layer(settings, settings.source(), usual));
        }
        Optional<Metadata> extra = config.object("extra_config"); // AutoRound's: whole names
        for (String module : extra.isPresent() ? extra.get().keys() : List.<String>of()) {
            Metadata settings = extra.orElseThrow().object(module).orElseThrow();
            if (settings.integer("bits", usual.bits()) < 16) {
                overrides.put(Pattern.compile(Pattern.quote(module) + "$"), layer(settings, settings.source(), usual));
            }
        }
        return overrides;
    }

    static Pattern pattern(String source, String regex) throws ModelFormatException {
        try {
            return Pattern.compile(regex);
        } catch (PatternSyntaxException e) {
            throw new ModelFormatException(source + ": '" + regex + "' is no pattern: " + e.getDescription());
        }
    }

    private Layer layer(String module) {
        return overrides.entrySet().stream()
                .filter(entry -> entry.getKey().matcher(module).lookingAt())
                .map(Map.Entry::getValue)
                .findFirst()
                .orElse(usual);
    }

    @Override
    public boolean has(String module) {
        return Parts.hasWords(checkpoint, module);
    }

    @Override
    public Optional<QuantizedLinear> find(String module) throws ModelFormatException {
        if (!has(module)) {
            return Optional.empty();
        }
        Parts parts = new Parts(checkpoint, module);
        Layer layer = layer(module);
        int bits = layer.bits();
        Tensor words = parts.words(".qweight");
        if (words.dim(0) * 32 % bits != 0) {
            throw parts.error(words + ": its rows are not whole codes of " + bits + " bits");
        }
        int columns = Math.toIntExact(words.dim(0) * 32 / bits);
        int rows = Math.toIntExact(words.dim(1));
        Tensor scaleTensor = parts.require(".scales");
        if (scaleTensor.rank() != 2 || scaleTensor.dim(1) != rows || scaleTensor.dim(0) < 1) {
            throw parts.error(
                    scaleTensor + ": expected [groups, " + rows + "], as " + words + " has " + rows + " outputs");
        }
        int numGroups = Math.toIntExact(scaleTensor.dim(0));
        float[] scales = Grid.transpose(parts.scales(scaleTensor), numGroups, rows);
        Optional<Tensor> zeroWords = parts.find(".qzeros");
        byte[] zeros = zeroWords.isPresent()
                ? Groups.unlessAll(zeros(parts, zeroWords.get(), rows, numGroups, bits), 1 << bits - 1)
                : null;
        int[] groupOf = groupOfColumn(parts, layer, columns, numGroups);
        Groups groups = new Groups(1, numGroups, groupOf, scales, zeros);
        Codes codes = Codes.packedDown(words, bits, columns);
        return Optional.of(new QuantizedLinear(
                GroupedMatrix.ofIntegers(words.name(), rows, bits, codes, groups, parts.tensors()), parts.used()));
    }

    /** Stored zero points are a code each; one that the offset brings beyond the largest code was zero. */
    private byte[] zeros(Parts parts, Tensor words, int rows, int numGroups, int bits) throws ModelFormatException {
        int perGroup = Math.toIntExact(((long) rows * bits + 31) / 32);
        int[] packed = parts.integers(Grid.shaped(parts, words, numGroups, perGroup));
        byte[] zeros = new byte[rows * numGroups];
        int mask = (1 << bits) - 1;
        for (int group = 0; group < numGroups; group++) {
            for (int row = 0; row < rows; row++) {
                int zero = Grid.code(packed, group * perGroup, row, bits) + zeroOffset;
                zeros[row * numGroups + group] = (byte) (zero & mask);
            }
        }
        return zeros;
    }

    private static int[] groupOfColumn(Parts parts, Layer layer, int columns, int numGroups)
            throws ModelFormatException {
        Optional<Tensor> tensor = parts.find(".g_idx");
        int[] stored = tensor.isPresent() ? storedGroups(parts, tensor.get(), columns, numGroups) : null;
        int size = layer.groupSize() == -1 ? columns : Math.min(columns, layer.groupSize());
        // The last group may be smaller only where g_idx says so.
        boolean fits = stored == null
                ? columns % size == 0 && columns / size == numGroups
                : (columns + size - 1) / size == numGroups && largest(stored, numGroups) == size;
        if (!fits) {
            throw parts.error("'" + parts.module() + "' has " + columns + " inputs and " + numGroups
                    + " groups of scales; groups of " + size + ", as the configuration says, do not divide it so");
        }
        return stored != null ? stored : Groups.consecutive(columns, size);
    }

    private static int largest(int[] groups, int numGroups) {
        int[] sizes = new int[numGroups];
        for (int group : groups) {
            sizes[group]++;
        }
        return Arrays.stream(sizes).max().orElse(0);
    }

    /** Null where they say nothing: some checkpoints have the tensor, but never filled it in. */
    private static int @Nullable [] storedGroups(Parts parts, Tensor tensor, int columns, int numGroups)
            throws ModelFormatException {
        int[] stored = parts.integers(Grid.shaped(parts, tensor, columns));
        for (int group : stored) {
            if (group < 0 || group >= numGroups) {
                throw parts.error(tensor + ": names group " + group + " of " + numGroups);
            }
        }
        return numGroups > 1 && Arrays.stream(stored).allMatch(group -> group == 0) ? null : stored;
    }
}
