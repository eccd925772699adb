package tokamak.backend;

import org.jspecify.annotations.Nullable;

/**
 * One layer's attention as numbers.
 *
 * @param numHeads query heads; a multiple of numKvHeads
 * @param headDim numbers per query and key head
 * @param valueDim numbers per value head
 * @param scale factor on query-key products
 * @param softcap scores become softcap * tanh(score / softcap); 0 for none
 * @param window a query sees the last {@code window} tokens, itself included; 0 for all
 * @param sinks [numHeads] a further logit per head that takes probability and gives nothing
 *     (<a href="https://arxiv.org/abs/2309.17453">Xiao et al. 2023</a>); null for none
 */
public record AttentionShape(
        int numHeads,
        int numKvHeads,
        int headDim,
        int valueDim,
        float scale,
        float softcap,
        int window,
        @Nullable Buffer sinks) {
    public AttentionShape {
        if (numHeads <= 0 || numKvHeads <= 0 || numHeads % numKvHeads != 0 || headDim <= 0 || valueDim <= 0) {
            throw new IllegalArgumentException("attention with " + numHeads + " heads, " + numKvHeads
                    + " key/value heads of " + headDim + " and " + valueDim + " numbers");
        }
    }
}
