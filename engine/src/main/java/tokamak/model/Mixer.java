package tokamak.model;

import org.jspecify.annotations.Nullable;
import tokamak.backend.AttentionShape;
import tokamak.backend.Norm;
import tokamak.backend.Rope;

/** The half of a block in which tokens see each other. */
sealed interface Mixer {
    /**
     * Softmax attention over cached keys and values.
     *
     * @param qkv hiddenSize to queries, keys and values side by side
     * @param queryNorm over every query head, or over all of them at once; null for none
     * @param position which rotation is applied, null for none
     * @param kvLayer number of this layer in the KV cache
     */
    record Attention(
            Linear qkv,
            Linear output,
            @Nullable HeadNorm queryNorm,
            @Nullable HeadNorm keyNorm,
            AttentionShape shape,
            @Nullable Rope position,
            int kvLayer)
            implements Mixer {
        int queryDim() {
            return shape.numHeads() * shape.headDim();
        }

        int keyDim() {
            return shape.numKvHeads() * shape.headDim();
        }

        int valueDim() {
            return shape.numKvHeads() * shape.valueDim();
        }
    }

    /** @param groupDim numbers that are normalised together: a head, or all heads of a token */
    record HeadNorm(Norm norm, int groupDim) {}
}
