package tokamak.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tokamak.backend.AttentionShape;
import tokamak.backend.Backend;
import tokamak.backend.Buffer;
import tokamak.backend.Experts;
import tokamak.backend.KvLayout;
import tokamak.backend.Norm;
import tokamak.backend.Rope;
import tokamak.backend.Routing;
import tokamak.backend.Weight;
import tokamak.file.ModelFormatException;
import tokamak.tensor.Matrix;

/** Binds a checkpoint's tensors to the blocks of a decoder. What a model has is decided by which tensors there are. */
final class Binder {
    private final ModelConfig config;
    private final TensorSource tensors;
    private final Backend backend;
    private final Rope rope;
    private final Rope localRope;
    private final List<KvLayout.Layer> kvLayers = new ArrayList<>();

    Binder(ModelConfig config, TensorSource tensors, Backend backend, Rope rope, Rope localRope) {
        this.config = config;
        this.tensors = tensors;
        this.backend = backend;
        this.rope = rope;
        this.localRope = localRope;
    }

    List<KvLayout.Layer> kvLayers() {
        return kvLayers;
    }

    Block block(int layer) throws ModelFormatException {
        Norm mixerNorm = norm(Role.MIXER_NORM, layer);
        Norm ownPostNorm = norm(Role.MIXER_POST_NORM, layer);
        Norm ffnNorm = norm(Role.FFN_NORM, layer);
        Norm middle = norm(Role.MIDDLE_NORM, layer);
        // The middle norm belongs to the feed-forward half, unless that has one of its own or the family puts norms
        // last.
        boolean middleIsPost = ownPostNorm == null && (ffnNorm != null || mixerNorm == null);
        return new Block(
                mixerNorm,
                attention(layer),
                middleIsPost ? middle : ownPostNorm,
                middleIsPost || middle == null ? ffnNorm : middle,
                feedForward(layer),
                norm(Role.FFN_POST_NORM, layer));
    }

    @Nullable
    Norm norm(Role role, int layer) throws ModelFormatException {
        Optional<float[]> weight = tensors.normWeight(role, layer);
        Optional<float[]> bias = tensors.bias(role, layer);
        if (weight.isEmpty()) {
            return null;
        }
        requireSize(role, layer, weight.get().length, config.hiddenSize());
        if (bias.isPresent()) {
            requireSize(role, layer, bias.get().length, config.hiddenSize());
        }
        return new Norm(config.normKind(), vector(weight.get()), vector(bias), config.normEpsilon());
    }

    // ---- attention ----

    private Mixer.Attention attention(int layer) throws ModelFormatException {
        ModelConfig.Layer plan = config.layers().get(layer);
        int queryDim = config.numHeads() * config.headDim();
        int keyDim = plan.numKvHeads() * config.headDim();
        int valueDim = plan.numKvHeads() * config.valueDim();
        Linear qkv = tensors.has(Role.ATTN_QKV, layer)
                ? linear(
                        List.of(tensors.fusedQkv(layer, config.numHeads())),
                        tensors.fusedQkvBias(layer, config.numHeads()))
                : stacked(layer, Role.ATTN_Q, Role.ATTN_K, Role.ATTN_V);
        requireSize(Role.ATTN_QKV, layer, qkv.outFeatures(), queryDim + keyDim + valueDim);
        requireSize(Role.ATTN_QKV, layer, qkv.inFeatures(), config.hiddenSize());
        Linear output = linear(Role.ATTN_OUTPUT, layer);
        requireSize(Role.ATTN_OUTPUT, layer, output.inFeatures(), config.numHeads() * config.valueDim());
        requireSize(Role.ATTN_OUTPUT, layer, output.outFeatures(), config.hiddenSize());

        Optional<float[]> sinks = tensors.vector(Role.ATTN_SINKS, layer);
        if (sinks.isPresent()) {
            requireSize(Role.ATTN_SINKS, layer, sinks.get().length, config.numHeads());
        }
        AttentionShape shape = new AttentionShape(
                config.numHeads(),
                plan.numKvHeads(),
                config.headDim(),
                config.valueDim(),
                config.scales().attention(),
                config.scales().attentionSoftcap(),
                plan.window(),
                vector(sinks));
        kvLayers.add(new KvLayout.Layer(plan.numKvHeads(), config.headDim(), config.valueDim()));
        return new Mixer.Attention(
                qkv,
                output,
                headNorm(Role.ATTN_Q_NORM, layer, queryDim),
                headNorm(Role.ATTN_K_NORM, layer, keyDim),
                shape,
                position(plan),
                kvLayers.size() - 1);
    }

    private @Nullable Rope position(ModelConfig.Layer plan) {
        return switch (plan.position()) {
            case ROPE -> rope;
            case LOCAL_ROPE -> localRope;
            case NONE -> null;
        };
    }

    private Mixer.@Nullable HeadNorm headNorm(Role role, int layer, int width) throws ModelFormatException {
        Optional<float[]> weight = tensors.headNormWeight(role, layer);
        if (weight.isEmpty()) {
            return null;
        }
        int groupDim = weight.get().length;
        Optional<float[]> bias = tensors.bias(role, layer);
        if (bias.isPresent()) {
            requireSize(role, layer, bias.get().length, groupDim);
        }
        if (groupDim != width && groupDim != config.headDim()) {
            throw tensors.error(role + " of layer " + layer + " has " + groupDim + " numbers, expected "
                    + config.headDim() + " (per head) or " + width + " (over all heads)");
        }
        Norm norm = new Norm(config.normKind(), vector(weight.get()), vector(bias), config.normEpsilon());
        return new Mixer.HeadNorm(norm, tensors.hasWeightPerHead(role, layer) ? config.headDim() : groupDim);
    }

    // ---- feed-forward ----

    private FeedForward feedForward(int layer) throws ModelFormatException {
        if (tensors.has(Role.ROUTER, layer)) {
            return mixtureOfExperts(layer);
        }
        Linear down = linear(Role.FFN_DOWN, layer);
        requireSize(Role.FFN_DOWN, layer, down.outFeatures(), config.hiddenSize());
        Linear up = tensors.has(Role.FFN_GATE, layer)
                ? stacked(layer, Role.FFN_GATE, Role.FFN_UP)
                : linear(Role.FFN_UP, layer);
        requireSize(Role.FFN_UP, layer, up.inFeatures(), config.hiddenSize());
        if (up.outFeatures() == down.inFeatures()) {
            return new FeedForward.Mlp(up, down, config.activation());
        }
        requireSize(Role.FFN_UP, layer, up.outFeatures(), 2 * down.inFeatures());
        return new FeedForward.GatedMlp(up, down, config.activation());
    }

    private FeedForward.MixtureOfExperts mixtureOfExperts(int layer) throws ModelFormatException {
        ModelConfig.Moe moe = config.moe();
        if (moe == null) {
            throw tensors.error("layer " + layer + " has a router, but the configuration knows no experts");
        }
        Linear router = linear(Role.ROUTER, layer);
        requireSize(Role.ROUTER, layer, router.outFeatures(), moe.numExperts());
        Optional<float[]> selectionBias = tensors.vector(Role.ROUTER_SELECTION_BIAS, layer);
        if (selectionBias.isPresent()) {
            requireSize(Role.ROUTER_SELECTION_BIAS, layer, selectionBias.get().length, moe.numExperts());
        }
        Routing routing = new Routing(
                moe.numExperts(),
                moe.numUsed(),
                moe.gating(),
                moe.normalise(),
                moe.scale(),
                vector(selectionBias),
                moe.numGroups(),
                moe.numGroupsUsed());
        FeedForward.GatedMlp shared = tensors.has(Role.SHARED_DOWN, layer)
                ? new FeedForward.GatedMlp(
                        stacked(layer, Role.SHARED_GATE, Role.SHARED_UP),
                        linear(Role.SHARED_DOWN, layer),
                        config.activation())
                : null;
        Linear sharedGate = tensors.has(Role.SHARED_ROUTER, layer) ? linear(Role.SHARED_ROUTER, layer) : null;
        return new FeedForward.MixtureOfExperts(router, routing, experts(layer, moe), shared, sharedGate);
    }

    private Experts experts(int layer, ModelConfig.Moe moe) throws ModelFormatException {
        int numExperts = moe.numExperts();
        List<Weight> gateUp = new ArrayList<>();
        List<Weight> down = new ArrayList<>();
        if (tensors.hasStacked(Role.EXPERTS_GATE_UP, layer)) {
            for (Matrix expert : tensors.experts(Role.EXPERTS_GATE_UP, Role.EXPERT_GATE, layer, numExperts)) {
                gateUp.add(backend.loadWeight(List.of(expert)));
            }
        } else {
            List<? extends Matrix> gates = tensors.experts(Role.EXPERTS_GATE, Role.EXPERT_GATE, layer, numExperts);
            List<? extends Matrix> ups = tensors.experts(Role.EXPERTS_UP, Role.EXPERT_UP, layer, numExperts);
            for (int e = 0; e < numExperts; e++) {
                gateUp.add(backend.loadWeight(List.of(gates.get(e), ups.get(e))));
            }
        }
        for (Matrix expert : tensors.experts(Role.EXPERTS_DOWN, Role.EXPERT_DOWN, layer, numExperts)) {
            down.add(backend.loadWeight(List.of(expert)));
        }
        for (int e = 0; e < numExperts; e++) {
            requireSize(Role.EXPERTS_GATE_UP, layer, gateUp.get(e).inFeatures(), config.hiddenSize());
            requireSize(
                    Role.EXPERTS_GATE_UP,
                    layer,
                    gateUp.get(e).outFeatures(),
                    2 * down.get(e).inFeatures());
            requireSize(Role.EXPERTS_DOWN, layer, down.get(e).outFeatures(), config.hiddenSize());
        }
        return new Experts(
                gateUp,
                gateUpBiases(layer, numExperts),
                down,
                vectors(tensors.expertBiases(Role.EXPERTS_DOWN, layer, numExperts)),
                config.activation());
    }

    private List<Buffer> gateUpBiases(int layer, int numExperts) throws ModelFormatException {
        List<float[]> gates = tensors.expertBiases(Role.EXPERTS_GATE, layer, numExperts);
        List<float[]> ups = tensors.expertBiases(Role.EXPERTS_UP, layer, numExperts);
        if (gates.isEmpty() || ups.isEmpty()) {
            return vectors(tensors.expertBiases(Role.EXPERTS_GATE_UP, layer, numExperts));
        }
        List<float[]> joined = new ArrayList<>();
        for (int e = 0; e < numExperts; e++) {
            joined.add(concatenate(gates.get(e), ups.get(e)));
        }
        return vectors(joined);
    }

    // ---- linear layers ----

    /** The matrix that makes logits, without rows that only fill it up to a size that packs well. */
    Linear output(long numTokens) throws ModelFormatException {
        Matrix matrix = tensors.matrix(Role.OUTPUT, -1);
        requireSize(Role.OUTPUT, -1, Math.toIntExact(matrix.columns()), config.hiddenSize());
        Optional<float[]> bias = tensors.bias(Role.OUTPUT, -1);
        if (matrix.rows() <= numTokens) {
            return linear(List.of(matrix), bias);
        }
        int rows = Math.toIntExact(numTokens);
        return linear(List.of(new FirstRows(matrix, rows)), bias.map(values -> java.util.Arrays.copyOf(values, rows)));
    }

    /** The embeddings again; a bias is the output's own. */
    Linear tiedOutput(Matrix embeddings) throws ModelFormatException {
        return linear(List.of(embeddings), tensors.bias(Role.OUTPUT, -1));
    }

    Linear linear(Role role, int layer) throws ModelFormatException {
        return linear(List.of(tensors.matrix(role, layer)), tensors.bias(role, layer));
    }

    /** Several layers of the same input as one; where some have a bias, the others get zeros. */
    private Linear stacked(int layer, Role... roles) throws ModelFormatException {
        List<Matrix> parts = new ArrayList<>();
        float[] bias = new float[0];
        boolean anyBias = false;
        for (Role role : roles) {
            Matrix part = tensors.matrix(role, layer);
            parts.add(part);
            Optional<float[]> partBias = tensors.bias(role, layer);
            anyBias |= partBias.isPresent();
            bias = concatenate(bias, partBias.orElse(new float[Math.toIntExact(part.rows())]));
        }
        return linear(parts, anyBias ? Optional.of(bias) : Optional.empty());
    }

    private Linear linear(List<? extends Matrix> parts, Optional<float[]> bias) throws ModelFormatException {
        for (Matrix part : parts) {
            if (part.columns() != parts.getFirst().columns()) {
                throw tensors.error(part + " and " + parts.getFirst() + " should have inputs of the same size");
            }
        }
        Weight weight = backend.loadWeight(parts);
        if (bias.isPresent() && bias.get().length != weight.outFeatures()) {
            throw tensors.error("bias of " + parts.getFirst().name() + " has " + bias.get().length
                    + " numbers, expected " + weight.outFeatures());
        }
        return new Linear(weight, vector(bias));
    }

    private static float[] concatenate(float[] first, float[] second) {
        float[] both = java.util.Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    private @Nullable Buffer vector(Optional<float[]> values) {
        return values.isPresent() ? vector(values.get()) : null;
    }

    private Buffer vector(float[] values) {
        return backend.upload(values, 1, values.length);
    }

    private List<Buffer> vectors(List<float[]> values) {
        return values.stream().map(this::vector).toList();
    }

    private void requireSize(Role role, int layer, int found, int expected) throws ModelFormatException {
        if (found != expected) {
            throw tensors.error((layer < 0 ? "" : "layer " + layer + ": ") + role + " has size " + found
                    + " where the configuration means " + expected);
        }
    }
}
