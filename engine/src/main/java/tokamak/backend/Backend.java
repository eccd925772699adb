package tokamak.backend;

import java.util.List;
import org.jspecify.annotations.Nullable;
import tokamak.tensor.Matrix;
import tokamak.tensor.Tensor;

/**
 * A device and its arithmetic. Weights and buffers live until the backend is closed. Operations work on the first
 * {@code rows} rows of their buffers, one row per token; the value of a row depends on that row alone (and, in attention,
 * on its own sequence), never on the other rows, their number or the number of threads.
 *
 * <p>Called by one thread at a time.
 */
public interface Backend extends AutoCloseable {
    /** One line for people: device, instruction set, threads. */
    String describe();

    // ---- memory ----

    /** Takes in a linear layer's matrix: {@code parts} stacked along the output. Each is {@code [out, in]} with the same in. */
    Weight loadWeight(List<? extends Matrix> parts);

    /** Takes in a look-up table {@code [numRows, columns]}. */
    Embedding loadEmbedding(Tensor table);

    /** Copies numbers to the device as {@code [rows, columns]}: norms, biases, sinks. */
    Buffer upload(float[] values, int rows, int columns);

    /** Zeroed activations. */
    Buffer allocate(int rows, int columns);

    /** A KV cache of {@code numBlocks} zeroed blocks; its caller closes it. */
    KvCache allocateKvCache(KvLayout layout, int numBlocks);

    /** Bytes of device memory in use: weights that were copied, buffers, caches. */
    long bytesInUse();

    // ---- whole rows ----

    /** {@code out[t] = scale * table[tokenIds[t]]}. */
    void embed(Embedding table, StepInput input, float scale, Buffer out);

    /** {@code x[t] += table[positions[t]]}. */
    void addPositions(Embedding table, StepInput input, Buffer x);

    /** {@code out[r] = x[logitRows[r]]} for the step's logit rows. */
    void gatherLogitRows(StepInput input, Buffer x, Buffer out);

    /** {@code out[r] = x[stateRows[r]]} for the step's state rows. */
    void gatherStateRows(StepInput input, Buffer x, Buffer out);

    /** {@code out = norm(x)}, row by row; out may be x. */
    void norm(Norm norm, int rows, Buffer x, Buffer out);

    /**
     * Normalises every head of {@code x} by itself, in place: columns are heads of {@code headDim} numbers. Weights are for
     * one head, or as many as {@code x} has columns: then every head has its own.
     */
    void headNorm(Norm norm, int rows, int headDim, Buffer x);

    /** {@code out = x · weightᵀ + bias}. */
    void linear(int rows, Buffer x, Weight weight, @Nullable Buffer bias, Buffer out);

    /** {@code x += scale * y}. */
    void addScaled(int rows, Buffer x, Buffer y, float scale);

    /** {@code x[t] *= sigmoid(gate[t])}: gate has x's columns, or one that serves the whole row. */
    void multiplySigmoid(int rows, Buffer x, Buffer gate);

    /** {@code out = activation(gate) * up} where {@code gateUp} is gate columns followed by as many up columns. */
    void activateGated(Activation activation, int rows, Buffer gateUp, Buffer out);

    /** {@code x = activation(x)}. */
    void activate(Activation activation, int rows, Buffer x);

    /** {@code logits = cap * tanh(scale * logits / cap)}; cap 0: only the scale. */
    void scaleLogits(int rows, Buffer logits, float scale, float cap);

    // ---- attention ----

    /** Cosines and sines of the step's positions: {@code out[t] = (cos, sin)} interleaved, {@code rope.rotated()} columns. */
    void ropeAngles(Rope rope, StepInput input, Buffer out);

    /** Rotates every head of {@code x} in place. */
    void rope(Rope rope, int rows, int headDim, Buffer angles, Buffer x);

    /** Stores the keys and values of the step's tokens in their slots. */
    void storeKv(KvCache cache, int layer, StepInput input, Buffer keys, Buffer values);

    /** Causal attention of the step's queries over the cached keys and values of their sequences. */
    void attention(AttentionShape shape, KvCache cache, int layer, StepInput input, Buffer queries, Buffer out);

    // ---- mixture of experts ----

    /**
     * Chooses experts for every row.
     *
     * @param routerLogits {@code [rows, numExperts]}
     * @param expertIds {@code [rows, numUsed]} receives expert numbers (as floats)
     * @param expertWeights {@code [rows, numUsed]} receives their weights
     */
    void route(Routing routing, int rows, Buffer routerLogits, Buffer expertIds, Buffer expertWeights);

    /** {@code out[t] = Σ weight · expert(x[t])} over the chosen experts, summed in the order of choice. */
    void experts(Experts experts, int rows, Buffer x, Buffer expertIds, Buffer expertWeights, Buffer out);

    @Override
    void close();
}
