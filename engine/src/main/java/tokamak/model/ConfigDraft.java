package tokamak.model;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;
import tokamak.backend.Activation;
import tokamak.backend.Norm;
import tokamak.backend.Rope;
import tokamak.backend.Routing;
import tokamak.file.Metadata;
import tokamak.file.ModelFormatException;

/**
 * A configuration in the making: filled from hyper-parameters with what most families mean by them, then corrected by the
 * family's own {@link Architecture.Differences}, then built. Fields are the vocabulary in which a family says how it differs.
 */
public final class ConfigDraft {
    /** Ways in which Hugging Face checkpoints of a family store tensors unlike the others. */
    public enum Quirk {
        /** Norm weights are stored less one. */
        NORMS_LESS_ONE,
        /** Linear layers are stored {@code [in, out]}. */
        TRANSPOSED_LINEARS,
        /** Fused query-key-value rows are grouped by head: q, k, v of head 0, then of head 1 ... */
        QKV_BY_HEAD,
        /** Stacked experts are stored {@code [in, out]}, gate and up rows alternating. */
        EXPERTS_TRANSPOSED_ALTERNATING
    }

    /** What newer configurations call kinds of layers. */
    private static final String FULL = "full_attention";

    private static final String SLIDING = "sliding_attention";

    /** Where the numbers come from. */
    public final Hyperparameters source;

    public int hiddenSize;
    public int numLayers;
    public int numHeads;
    public int headDim;
    public int valueDim;
    public int intermediateSize;
    public int vocabSize;
    public int maxPositions;
    public Norm.Kind normKind = Norm.Kind.RMS;
    public Activation activation = Activation.SILU;
    public ModelConfig.Wiring wiring = ModelConfig.Wiring.SEQUENTIAL;
    public ModelConfig.HeadNormOrder headNormOrder = ModelConfig.HeadNormOrder.BEFORE_ROPE;
    /** Pairing of rotated numbers; Hugging Face checkpoints nearly always have halves. */
    public Rope.Pairing pairing = Rope.Pairing.HALVES;

    public double ropeTheta;
    /** Base of the frequencies of sliding-window layers. */
    public double localRopeTheta;

    public int rotated;
    public RopeScaling ropeScaling = new RopeScaling.None();
    /** Of the frequencies of sliding-window layers, where those have a base of their own. */
    private Optional<RopeScaling> localRopeScaling = Optional.empty();

    public int slidingWindow;
    /** Layers that see only the window, given that there is one. */
    public IntPredicate isSliding = layer -> true;
    /** Layers that know nothing of positions. */
    public IntPredicate isRopeless = layer -> false;

    public int numExperts;
    public Routing.Gating gating = Routing.Gating.SOFTMAX;
    public boolean normaliseExperts = true;
    public double embeddingScale;
    public double residualScale;
    public double attentionScale;
    public double logitScale;
    public final Set<Quirk> quirks = EnumSet.noneOf(Quirk.class);

    ConfigDraft(Hyperparameters source) throws ModelFormatException {
        this.source = source;
        hiddenSize = source.integer(Key.HIDDEN_SIZE);
        // GGUF counts layers that guess further tokens among the blocks; they come last and are not used.
        numLayers = source.integer(Key.NUM_LAYERS) - (isGguf() ? source.integer(Key.NUM_GUESSING_LAYERS, 0) : 0);
        numHeads = source.perLayer(Key.NUM_HEADS, numLayers, 0)[0];
        if (hiddenSize == 0 || numLayers <= 0 || numHeads == 0 || numLayers > 10_000) {
            throw source.error("hidden size " + hiddenSize + ", " + numLayers + " layers and " + numHeads
                    + " heads cannot be a model");
        }
        headDim = source.integer(Key.HEAD_DIM, hiddenSize / numHeads);
        valueDim = source.integer(Key.VALUE_DIM, headDim);
        maxPositions = source.integer(Key.MAX_POSITIONS, 2048);
        intermediateSize = source.perLayer(Key.INTERMEDIATE_SIZE, numLayers, 4 * hiddenSize)[0];
        vocabSize = source.integer(Key.VOCAB_SIZE, 0);
        slidingWindow = source.integer(Key.SLIDING_WINDOW, 0);
        numExperts = source.integer(Key.NUM_EXPERTS, 0);
        normaliseExperts = source.flag(Key.EXPERT_NORMALISED, true);
        embeddingScale = source.number(Key.EMBEDDING_SCALE, 1);
        residualScale = source.number(Key.RESIDUAL_SCALE, 1);
        attentionScale = source.number(Key.ATTENTION_SCALE, 1 / Math.sqrt(headDim));
        logitScale = source.number(Key.LOGIT_SCALE, 1);
        readActivation();
        readRope();
        readLayerTypes();
        readGating();
    }

    public boolean isGguf() {
        return source.isGguf();
    }

    /** Whether the weights of the chosen experts are made to sum to one, for families with a default of their own. */
    public boolean normalisedIfFlagged(boolean fallback) throws ModelFormatException {
        return source.flag(Key.EXPERT_NORMALISED, fallback);
    }

    /** The wiring that the checkpoint's flag for parallel halves means. */
    public ModelConfig.Wiring parallelIfFlagged(boolean fallback) throws ModelFormatException {
        return source.flag(Key.PARALLEL_RESIDUAL, fallback)
                ? ModelConfig.Wiring.PARALLEL
                : ModelConfig.Wiring.SEQUENTIAL;
    }

    /** The activation of families with a default of their own; GGUF files don't record any. */
    public void activationUnlessSaid(Activation fallback) throws ModelFormatException {
        activation = activationName().isEmpty() ? fallback : activation;
    }

    /** Refuses a setting under which the family would compute something else than what is built here. */
    public void requireUnset(String key, String meaning) throws ModelFormatException {
        Metadata m = source.metadata();
        boolean off = isGguf()
                || m.value(key).filter(value -> !Boolean.FALSE.equals(value)).isEmpty();
        if (!off) {
            throw source.error("'" + key + "' is set (" + meaning + "), which is not supported");
        }
    }

    private String activationName() throws ModelFormatException {
        Metadata m = source.metadata();
        return isGguf()
                ? ""
                : m.string("hidden_activation", m.string("hidden_act", m.string("activation_function", "")));
    }

    private void readActivation() throws ModelFormatException {
        String name = activationName();
        activation = switch (name) {
            case "", "silu", "swiglu", "swish" -> Activation.SILU;
            case "gelu" -> Activation.GELU;
            case "gelu_new", "gelu_pytorch_tanh", "gelu_fast" -> Activation.GELU_TANH;
            case "relu" -> Activation.RELU;
            case "relu2" -> Activation.RELU_SQUARED;
            default ->
                throw source.error("activation '" + name + "' is not known; expected silu, gelu, "
                        + "gelu_new, gelu_pytorch_tanh, relu or relu2");
        };
    }

    private void readRope() throws ModelFormatException {
        ropeTheta = source.number(Key.ROPE_THETA, 10_000);
        rotated = source.integer(Key.ROTARY_DIM, (int) (headDim * source.number(Key.ROTARY_SHARE, 1)));
        if (isGguf()) {
            ropeScaling = RopeReader.ofGguf(source, maxPositions);
        } else {
            ropeTheta = ropeParameter(FULL, "rope_theta", ropeTheta);
            rotateShareUnlessSaid(1);
            ropeScaling = RopeReader.ofHf(source.metadata(), FULL, rotated, maxPositions);
        }
        localRopeTheta = localTheta(ropeTheta);
        if (!isGguf() && RopeReader.hasParametersOf(source.metadata(), SLIDING)) {
            localRopeScaling = Optional.of(RopeReader.ofHf(source.metadata(), SLIDING, rotated, maxPositions));
        }
        if (ropeScaling instanceof RopeScaling.Yarn yarn) {
            maxPositions = Math.max(maxPositions, (int) (yarn.originalPositions() * yarn.factor()));
        }
    }

    /** What the configuration says of rotary positions besides base and share: {@code rope_parameters} or {@code rope_scaling}. */
    public Optional<Metadata> ropeParameters() throws ModelFormatException {
        return isGguf() ? Optional.empty() : RopeReader.hfParameters(source.metadata(), FULL);
    }

    /** Which share of a head is rotated, for families with a default of their own. */
    public void rotateShareUnlessSaid(double fallback) throws ModelFormatException {
        if (!isGguf() && !source.has(Key.ROTARY_DIM)) {
            double said = source.number(Key.ROTARY_SHARE, fallback);
            rotated = (int) (headDim * ropeParameter(FULL, "partial_rotary_factor", said));
        }
    }

    /** Bases of the frequencies, for families with defaults of their own. */
    public void ropeThetasUnlessSaid(double full, double local) throws ModelFormatException {
        ropeTheta = ropeParameter(FULL, "rope_theta", source.number(Key.ROPE_THETA, full));
        localRopeTheta = localTheta(local);
    }

    private double localTheta(double fallback) throws ModelFormatException {
        double said = source.number(Key.LOCAL_ROPE_THETA, fallback);
        return !isGguf() && RopeReader.hasParametersOf(source.metadata(), SLIDING)
                ? ropeParameter(SLIDING, "rope_theta", said)
                : said;
    }

    private double ropeParameter(String layerKind, String key, double fallback) throws ModelFormatException {
        Optional<Metadata> parameters =
                isGguf() ? Optional.empty() : RopeReader.hfParameters(source.metadata(), layerKind);
        return parameters.isPresent() ? parameters.get().number(key, fallback) : fallback;
    }

    private void readLayerTypes() throws ModelFormatException {
        if (!isGguf() && source.metadata().has("layer_types")) {
            List<String> types = source.metadata().strings("layer_types");
            if (types.size() != numLayers) {
                throw source.error("'layer_types' has " + types.size() + " entries for " + numLayers + " layers");
            }
            isSliding = layer -> types.get(layer).equals(SLIDING);
        }
        if (!isGguf() && !source.metadata().flag("use_sliding_window", true)) {
            slidingWindow = 0;
        }
    }

    private void readGating() throws ModelFormatException {
        Metadata m = source.metadata();
        boolean sigmoid = isGguf()
                ? m.integer(source.key("expert_gating_func", ""), 1) == 2
                : m.string("scoring_func", "softmax").equals("sigmoid");
        gating = sigmoid ? Routing.Gating.SIGMOID : Routing.Gating.SOFTMAX;
    }

    ModelConfig build(String architecture) throws ModelFormatException {
        boolean rms = normKind == Norm.Kind.RMS;
        double epsilon = source.number(rms ? Key.RMS_EPSILON : Key.LAYER_EPSILON, 1e-5);
        RopeConfig rope = new RopeConfig(ropeTheta, rotated, pairing, ropeScaling);
        RopeConfig localRope = localRopeTheta == ropeTheta && localRopeScaling.isEmpty()
                ? rope
                : new RopeConfig(localRopeTheta, rotated, pairing, localRopeScaling.orElse(new RopeScaling.None()));
        return new ModelConfig(
                architecture,
                hiddenSize,
                numLayers,
                numHeads,
                headDim,
                valueDim,
                intermediateSize,
                vocabSize,
                maxPositions,
                normKind,
                (float) epsilon,
                activation,
                wiring,
                headNormOrder,
                layers(),
                rope,
                localRope,
                moe(),
                new ModelConfig.Scales(
                        (float) embeddingScale,
                        (float) residualScale,
                        (float) attentionScale,
                        (float) source.number(Key.ATTENTION_SOFTCAP, 0),
                        (float) logitScale,
                        (float) source.number(Key.LOGIT_SOFTCAP, 0)));
    }

    private List<ModelConfig.Layer> layers() throws ModelFormatException {
        int[] numKvHeads = source.perLayer(Key.NUM_KV_HEADS, numLayers, numHeads);
        List<ModelConfig.Layer> layers = new ArrayList<>();
        for (int i = 0; i < numLayers; i++) {
            if (numKvHeads[i] == 0 || numHeads % numKvHeads[i] != 0) {
                throw source.error("layer " + i + " has " + numHeads + " query heads for " + numKvHeads[i]
                        + " key/value heads; expected a multiple");
            }
            boolean sliding = slidingWindow > 0 && isSliding.test(i);
            ModelConfig.Position position = isRopeless.test(i) || rotated == 0
                    ? ModelConfig.Position.NONE
                    : sliding ? ModelConfig.Position.LOCAL_ROPE : ModelConfig.Position.ROPE;
            layers.add(new ModelConfig.Layer(numKvHeads[i], sliding ? slidingWindow : 0, position));
        }
        return layers;
    }

    private ModelConfig.@Nullable Moe moe() throws ModelFormatException {
        if (numExperts == 0) {
            return null;
        }
        int numUsed = source.integer(Key.NUM_EXPERTS_USED);
        if (numUsed == 0 || numUsed > numExperts) {
            throw source.error(numUsed + " of " + numExperts + " experts per token");
        }
        return new ModelConfig.Moe(
                numExperts,
                numUsed,
                gating,
                normaliseExperts,
                (float) source.number(Key.EXPERT_SCALE, 1),
                Math.max(1, source.integer(Key.NUM_EXPERT_GROUPS, 1)),
                Math.max(1, source.integer(Key.NUM_EXPERT_GROUPS_USED, 1)));
    }
}
