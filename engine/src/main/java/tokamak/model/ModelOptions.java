package tokamak.model;

import tokamak.backend.KvType;

/**
 * How much room a loaded model gets.
 *
 * @param contextLength the longest sequence that will be asked for; long-rope models choose their frequencies by it
 * @param maxStepTokens query rows of the largest step
 * @param maxLogitRows rows of the largest step that need logits
 * @param kvType how keys and values are stored
 * @param numKvBlocks blocks in the KV cache
 * @param kvBlockSize tokens per block
 */
public record ModelOptions(
        int contextLength, int maxStepTokens, int maxLogitRows, KvType kvType, int numKvBlocks, int kvBlockSize) {
    public ModelOptions {
        if (contextLength < 1 || maxStepTokens < 1 || maxLogitRows < 1 || numKvBlocks < 1 || kvBlockSize < 1) {
            throw new IllegalArgumentException("context length " + contextLength + ", " + maxStepTokens
                    + " tokens and " + maxLogitRows + " logit rows per step, " + numKvBlocks + " KV blocks of "
                    + kvBlockSize + "; expected at least 1 of each");
        }
    }
}
