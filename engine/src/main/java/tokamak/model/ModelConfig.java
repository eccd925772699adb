package tokamak.model;

import java.util.List;
import org.jspecify.annotations.Nullable;
import tokamak.backend.Activation;
import tokamak.backend.KvType;
import tokamak.backend.Norm;
import tokamak.backend.Routing;

/**
 * A model as numbers and choices; everything the decoder needs besides tensors.
 *
 * @param architecture the family's name
 * @param intermediateSize of a dense feed-forward layer; experts have their own, found in their tensors
 * @param maxPositions the longest sequence the model is meant for
 * @param layers one entry per block
 * @param moe absent for dense models
 */
public record ModelConfig(
        String architecture,
        int hiddenSize,
        int numLayers,
        int numHeads,
        int headDim,
        int valueDim,
        int intermediateSize,
        int vocabSize,
        int maxPositions,
        Norm.Kind normKind,
        float normEpsilon,
        Activation activation,
        Wiring wiring,
        HeadNormOrder headNormOrder,
        List<Layer> layers,
        RopeConfig rope,
        RopeConfig localRope,
        @Nullable Moe moe,
        Scales scales) {
    /** How the two halves of a block are joined to the residual stream. */
    public enum Wiring {
        /** x += mixer(norm(x)); x += feedForward(norm(x)) */
        SEQUENTIAL,
        /** x += mixer(norm(x)) + feedForward(norm(x)) */
        PARALLEL
    }

    /** Whether query and key norms, where a model has them, come before the rotation or after it. */
    public enum HeadNormOrder {
        BEFORE_ROPE,
        AFTER_ROPE
    }

    /** Which rotation a layer applies to queries and keys. */
    public enum Position {
        ROPE,
        /** The frequencies of sliding-window layers, where a model has two sets. */
        LOCAL_ROPE,
        NONE
    }

    /** @param window a query sees that many tokens, itself included; 0 for all */
    public record Layer(int numKvHeads, int window, Position position) {}

    /** Mixture of experts; see {@link Routing}. */
    public record Moe(
            int numExperts,
            int numUsed,
            Routing.Gating gating,
            boolean normalise,
            float scale,
            int numGroups,
            int numGroupsUsed) {}

    /**
     * Factors that are 1 (soft caps: 0) in plain models.
     *
     * @param attention on query-key products
     * @param logits on the output
     */
    public record Scales(
            float embedding,
            float residual,
            float attention,
            float attentionSoftcap,
            float logits,
            float logitSoftcap) {}

    /** Bytes that the keys and values of one token take over all layers. */
    public long kvBytesPerToken(KvType type) {
        return numKvHeads() * (type.vectorBytes(headDim) + type.vectorBytes(valueDim));
    }

    /** Numbers in the keys and values of one token over all layers. */
    public long kvNumbersPerToken() {
        return numKvHeads() * (headDim + valueDim);
    }

    /** Heads with keys and values, over all layers. */
    private long numKvHeads() {
        return layers.stream().mapToLong(Layer::numKvHeads).sum();
    }
}
