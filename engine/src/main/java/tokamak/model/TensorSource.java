package tokamak.model;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import tokamak.file.Checkpoint;
import tokamak.file.GgufCheckpoint;
import tokamak.file.HfCheckpoint;
import tokamak.file.ModelFormatException;
import tokamak.quant.MicroscaledMatrix;
import tokamak.quant.QuantizedLayers;
import tokamak.quant.QuantizedLinear;
import tokamak.tensor.Dequantizers;
import tokamak.tensor.Matrix;
import tokamak.tensor.Tensor;

/**
 * A checkpoint's tensors by {@link Role}, whatever the file calls them, in the one layout the decoder knows. Remembers what
 * was asked for, so that tensors nobody understood do not pass in silence.
 */
final class TensorSource {
    /** The layer of tensors that belong to none. */
    static final int GLOBAL = -1;

    /** Prefixes of a layer's tensors, and of the others, in Hugging Face checkpoints. */
    private static final List<String> LAYER_PREFIXES = List.of(
            "model.layers.",
            "h.",
            "transformer.h.",
            "gpt_neox.layers.",
            "layers.",
            "language_model.model.layers.",
            "model.language_model.layers.");

    private static final List<String> GLOBAL_PREFIXES = List.of(
            "model.",
            "",
            "transformer.",
            "gpt_neox.",
            "language_model.model.",
            "model.language_model.",
            "language_model.");

    /** What sees images, and what guesses the token after the next: text comes out without them. */
    private static final List<String> OTHER_MODELS = List.of(
            "vision_tower.",
            "model.vision_tower.",
            "multi_modal_projector.",
            "model.multi_modal_projector.",
            "mtp.",
            "model.mtp_");

    private final Checkpoint checkpoint;
    private final Set<ConfigDraft.Quirk> quirks;
    private final QuantizedLayers quantized;
    private final Layouts layouts;
    private final String layerPrefix;
    private final Set<String> used = new HashSet<>();

    /** @param arena owns tensors that had to be copied into another layout */
    TensorSource(Checkpoint checkpoint, QuantizedLayers quantized, Set<ConfigDraft.Quirk> quirks, Arena arena) {
        this.checkpoint = checkpoint;
        this.quantized = quantized;
        this.quirks = checkpoint instanceof HfCheckpoint ? quirks : Set.of();
        this.layouts = new Layouts(arena);
        this.layerPrefix = LAYER_PREFIXES.stream()
                .filter(prefix -> checkpoint.tensorNames().stream().anyMatch(name -> name.startsWith(prefix + "0.")))
                .findFirst()
                .orElse(LAYER_PREFIXES.getFirst());
    }

    boolean has(Role role, int layer) {
        return find(role, layer, GLOBAL, ".weight").isPresent()
                || modules(role, layer, GLOBAL).anyMatch(quantized::has);
    }

    boolean has(Role role) {
        return has(role, GLOBAL);
    }

    /** What the checkpoint calls the module of a linear layer that it has. */
    Optional<String> module(Role role, int layer, int expert) {
        return modules(role, layer, expert)
                .filter(name ->
                        quantized.has(name) || checkpoint.find(name + ".weight").isPresent())
                .findFirst();
    }

    /** A module's matrix {@code [out, in]} if it is packed; says that it was used. */
    Optional<Matrix> packed(String module) throws ModelFormatException {
        Optional<QuantizedLinear> found = quantized.find(module);
        found.ifPresent(linear -> used.addAll(linear.tensorNames()));
        return found.map(QuantizedLinear::matrix);
    }

    boolean isSideTensor(String name) {
        return quantized.isSideTensor(name);
    }

    Set<String> used() {
        return used;
    }

    Optional<Tensor> find(Role role) {
        return use(find(role, GLOBAL, GLOBAL, ".weight"));
    }

    Tensor tensor(Role role) throws ModelFormatException {
        return require(find(role), role, GLOBAL);
    }

    /** A matrix {@code [out, in]}. */
    Matrix matrix(Role role, int layer) throws ModelFormatException {
        Optional<Matrix> packed = quantized(role, layer, GLOBAL);
        return packed.isPresent() ? packed.get() : plainMatrix(role, layer);
    }

    private Tensor plainMatrix(Role role, int layer) throws ModelFormatException {
        Tensor found = require(use(find(role, layer, GLOBAL, ".weight")), role, layer);
        if (found.rank() == 1) {
            return found.reshape(1, found.columns());
        }
        if (found.rank() != 2) {
            throw new ModelFormatException(checkpoint.path() + ": expected a matrix, found " + found);
        }
        return quirks.contains(ConfigDraft.Quirk.TRANSPOSED_LINEARS) && role != Role.OUTPUT
                ? layouts.transpose(found)
                : found;
    }

    private Optional<Matrix> quantized(Role role, int layer, int expert) throws ModelFormatException {
        for (String module : modules(role, layer, expert).toList()) {
            Optional<QuantizedLinear> found = quantized.find(module);
            if (found.isPresent()) {
                used.addAll(found.get().tensorNames());
                return Optional.of(found.get().matrix());
            }
        }
        return Optional.empty();
    }

    Optional<float[]> bias(Role role, int layer) {
        return use(find(role, layer, GLOBAL, ".bias")).map(TensorSource::floats);
    }

    /** A norm's weight. */
    Optional<float[]> normWeight(Role role, int layer) {
        Optional<float[]> weight = use(find(role, layer, GLOBAL, ".weight")).map(TensorSource::floats);
        if (quirks.contains(ConfigDraft.Quirk.NORMS_LESS_ONE)) {
            weight.ifPresent(values -> {
                for (int i = 0; i < values.length; i++) {
                    values[i] += 1;
                }
            });
        }
        return weight;
    }

    /** Weight of a norm of query or key heads: one head's, or those of all heads one after another. */
    Optional<float[]> headNormWeight(Role role, int layer) {
        Optional<float[]> whole = normWeight(role, layer);
        if (whole.isPresent()) {
            return whole;
        }
        List<float[]> heads = new ArrayList<>();
        Optional<Tensor> head = use(normOfHead(role, layer, 0));
        while (head.isPresent()) {
            heads.add(floats(head.get()));
            head = use(normOfHead(role, layer, heads.size()));
        }
        float[] all = new float[heads.stream().mapToInt(values -> values.length).sum()];
        int at = 0;
        for (float[] values : heads) {
            System.arraycopy(values, 0, all, at, values.length);
            at += values.length;
        }
        return heads.isEmpty() ? Optional.empty() : Optional.of(all);
    }

    /** Whether every head is normalised by itself and has a weight of its own: {@code [numHeads, headDim]}. */
    boolean hasWeightPerHead(Role role, int layer) {
        return find(role, layer, GLOBAL, ".weight").map(Tensor::rank).orElse(2) == 2;
    }

    private Optional<Tensor> normOfHead(Role role, int layer, int head) {
        return find(role, layer, GLOBAL, ".norms." + head + ".weight");
    }

    /** Numbers of a small tensor that some files call {@code NAME.weight}, some {@code NAME.bias}, some {@code NAME}. */
    Optional<float[]> vector(Role role, int layer) {
        for (String suffix : List.of(".weight", ".bias", "")) {
            Optional<Tensor> found = find(role, layer, GLOBAL, suffix);
            if (found.isPresent()) {
                return use(found).map(TensorSource::floats);
            }
        }
        return Optional.empty();
    }

    /** Fused query, key and value rows: those of all query heads, then of all key heads, then of all value heads. */
    Matrix fusedQkv(int layer, int numHeads) throws ModelFormatException {
        Matrix fused = matrix(Role.ATTN_QKV, layer);
        return quirks.contains(ConfigDraft.Quirk.QKV_BY_HEAD) ? layouts.ungroupHeads(fused, numHeads) : fused;
    }

    Optional<float[]> fusedQkvBias(int layer, int numHeads) {
        Optional<float[]> bias = bias(Role.ATTN_QKV, layer);
        return quirks.contains(ConfigDraft.Quirk.QKV_BY_HEAD)
                ? bias.map(values -> Layouts.ungroupHeads(values, numHeads))
                : bias;
    }

    /** One matrix {@code [out, in]} per expert: from a stacked tensor, or from one tensor each. */
    List<? extends Matrix> experts(Role stacked, Role single, int layer, int numExperts) throws ModelFormatException {
        Optional<Tensor> nibbles = use(find(stacked, layer, GLOBAL, "_blocks"));
        Optional<Tensor> scales = use(find(stacked, layer, GLOBAL, "_scales"));
        if (nibbles.isPresent() && scales.isPresent()) {
            return splitMicroscaling(nibbles.get(), scales.get(), stacked, numExperts);
        }
        Optional<Tensor> all = use(findStacked(stacked, layer));
        if (all.isPresent()) {
            return split(all.get(), stacked, numExperts);
        }
        List<Matrix> experts = new ArrayList<>();
        for (int e = 0; e < numExperts; e++) {
            Optional<Matrix> packed = quantized(single, layer, e);
            experts.add(
                    packed.isPresent() ? packed.get() : require(use(find(single, layer, e, ".weight")), single, layer));
        }
        return experts;
    }

    boolean hasStacked(Role role, int layer) {
        return findStacked(role, layer).isPresent()
                || find(role, layer, GLOBAL, "_blocks").isPresent();
    }

    /** Biases of stacked experts: one array per expert, or none. */
    List<float[]> expertBiases(Role stacked, int layer, int numExperts) throws ModelFormatException {
        Optional<Tensor> all =
                use(find(stacked, layer, GLOBAL, ".bias").or(() -> find(stacked, layer, GLOBAL, "_bias")));
        if (all.isEmpty()) {
            return List.of();
        }
        float[] values = floats(all.get());
        if (values.length % numExperts != 0) {
            throw new ModelFormatException(
                    checkpoint.path() + ": " + all.get() + " is not a bias for " + numExperts + " experts");
        }
        int size = values.length / numExperts;
        List<float[]> biases = new ArrayList<>();
        for (int e = 0; e < numExperts; e++) {
            float[] bias = java.util.Arrays.copyOfRange(values, e * size, (e + 1) * size);
            biases.add(alternates(stacked) ? Layouts.separateAlternating(bias) : bias);
        }
        return biases;
    }

    /** Tensors that nobody asked for, apart from those that are known to be of no use here. */
    Set<String> unused(int numLayers) throws ModelFormatException {
        int allLayers = numLayers + Hyperparameters.of(checkpoint).integer(Key.NUM_GUESSING_LAYERS, 0);
        Set<String> unused = new TreeSet<>(checkpoint.tensorNames());
        unused.removeAll(used);
        unused.removeIf(name -> isGuessing(name, numLayers, allLayers) || isOfNoUse(name));
        return unused;
    }

    /** Layers after the last one guess further tokens, where the configuration says so. */
    private boolean isGuessing(String name, int numLayers, int allLayers) {
        int layer = layerOf(name);
        return layer >= numLayers && layer < allLayers;
    }

    private boolean isOfNoUse(String name) {
        return quantized.isSideTensor(name)
                || OTHER_MODELS.stream().anyMatch(name::startsWith)
                || name.endsWith("rotary_emb.inv_freq")
                || name.endsWith(".attn.bias")
                || name.endsWith(".attn.masked_bias")
                || name.endsWith(".attention.bias")
                || name.endsWith(".attention.masked_bias")
                || name.startsWith("cls.")
                || name.endsWith(".bias") && isZero(name);
    }

    /** {@link #GLOBAL} for tensors of none. */
    private int layerOf(String name) {
        String prefix = checkpoint instanceof GgufCheckpoint ? "blk." : layerPrefix;
        int end = name.indexOf('.', prefix.length());
        if (!name.startsWith(prefix) || end < 0 || end > prefix.length() + 6) {
            return GLOBAL;
        }
        String number = name.substring(prefix.length(), end);
        return number.chars().allMatch(c -> c >= '0' && c <= '9') && !number.isEmpty()
                ? Integer.parseInt(number)
                : GLOBAL;
    }

    /** Some tools give every layer they quantise a bias, of zeros where there was none. */
    private boolean isZero(String name) {
        Optional<Tensor> found = checkpoint.find(name);
        if (found.isEmpty() || found.get().rank() != 1) {
            return false;
        }
        for (float number : floats(found.get())) {
            if (number != 0) {
                return false;
            }
        }
        return true;
    }

    ModelFormatException error(String message) {
        return new ModelFormatException(checkpoint.path() + ": " + message);
    }

    static float[] floats(Tensor tensor) {
        float[] values = new float[Math.toIntExact(tensor.count())];
        Dequantizers.of(tensor.dtype()).dequantize(tensor.data(), 0, values, 0, values.length);
        return values;
    }

    private List<? extends Matrix> split(Tensor all, Role stacked, int numExperts) throws ModelFormatException {
        if (all.rank() != 3 || all.dim(0) != numExperts) {
            throw error("expected one matrix for each of " + numExperts + " experts, found " + all);
        }
        List<QuantizedLinear> scaled = quantized.split(all);
        if (!scaled.isEmpty()) {
            if (quirks.contains(ConfigDraft.Quirk.EXPERTS_TRANSPOSED_ALTERNATING)) {
                throw error(all + ": quantised experts with inputs first are not supported");
            }
            scaled.forEach(expert -> used.addAll(expert.tensorNames()));
            return scaled.stream().map(QuantizedLinear::matrix).toList();
        }
        List<Tensor> experts = new ArrayList<>();
        for (int e = 0; e < numExperts; e++) {
            Tensor expert = all.slice(e, e + 1).reshape(all.dim(1), all.dim(2));
            if (quirks.contains(ConfigDraft.Quirk.EXPERTS_TRANSPOSED_ALTERNATING)) {
                expert = layouts.transpose(expert);
                expert = alternates(stacked) ? layouts.separateAlternating(expert) : expert;
            }
            experts.add(expert);
        }
        return experts;
    }

    private List<Tensor> splitMicroscaling(Tensor nibbles, Tensor scales, Role stacked, int numExperts)
            throws ModelFormatException {
        boolean fits = nibbles.rank() == 4
                && scales.rank() == 3
                && nibbles.dim(0) == numExperts
                && nibbles.dim(3) == 16
                && nibbles.count() == 16 * scales.count()
                && nibbles.dim(1) == scales.dim(1);
        if (!fits
                || nibbles.dtype().isBlocked()
                || scales.dtype().blockBytes() != 1
                || nibbles.dtype().blockBytes() != 1) {
            throw error(nibbles + " and " + scales + " are not microscaling blocks of " + numExperts + " experts");
        }
        List<Tensor> experts = new ArrayList<>();
        for (int e = 0; e < numExperts; e++) {
            Tensor expert = layouts.whole(MicroscaledMatrix.ofPowers(
                    nibbles.slice(e, e + 1).reshape(nibbles.dim(1), nibbles.dim(2) * 16),
                    scales.slice(e, e + 1).reshape(scales.dim(1), scales.dim(2))));
            experts.add(alternates(stacked) ? layouts.separateAlternating(expert) : expert);
        }
        return experts;
    }

    private boolean alternates(Role stacked) {
        return stacked == Role.EXPERTS_GATE_UP && quirks.contains(ConfigDraft.Quirk.EXPERTS_TRANSPOSED_ALTERNATING);
    }

    private Optional<Tensor> findStacked(Role role, int layer) {
        return find(role, layer, GLOBAL, ".weight").or(() -> find(role, layer, GLOBAL, ""));
    }

    private Optional<Tensor> use(Optional<Tensor> found) {
        found.ifPresent(tensor -> used.add(tensor.name()));
        return found;
    }

    private Tensor require(Optional<Tensor> found, Role role, int layer) throws ModelFormatException {
        if (found.isEmpty()) {
            String expected = checkpoint instanceof GgufCheckpoint
                    ? role.gguf().replace("{}", Integer.toString(layer)) + ".weight"
                    : String.join("' or '", role.hf());
            throw error("missing tensor '" + expected + "'" + (layer == GLOBAL ? "" : " of layer " + layer));
        }
        return found.get();
    }

    private Optional<Tensor> find(Role role, int layer, int expert, String suffix) {
        return modules(role, layer, expert)
                .map(name -> checkpoint.find(name + suffix))
                .flatMap(Optional::stream)
                .findFirst();
    }

    /** What the checkpoint may call the role's module. */
    private Stream<String> modules(Role role, int layer, int expert) {
        return switch (checkpoint) {
            case GgufCheckpoint gguf ->
                role.gguf().isEmpty() ? Stream.empty() : Stream.of(numbered(role.gguf(), layer, expert));
            case HfCheckpoint hf ->
                role.hf().stream()
                        .flatMap(name -> layer == GLOBAL
                                ? GLOBAL_PREFIXES.stream().map(prefix -> prefix + name)
                                : Stream.of(layerPrefix + layer + "." + numbered(name, layer, expert)));
        };
    }

    private static String numbered(String pattern, int layer, int expert) {
        return pattern.replace("{}", Integer.toString(layer)).replace("{e}", Integer.toString(expert));
    }
}
