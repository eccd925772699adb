package tokamak;

import org.jspecify.annotations.Nullable;
import tokamak.api.InvalidRequestException;

/**
 * What to measure a model's {@link Perplexity} with.
 *
 * @param model what is measured; limits of length and batch are set by the measurement
 * @param reference the model it is compared with, such as the one it was quantised from; null: none
 * @param text to predict
 * @param contextLength tokens of each window of the text
 * @param stride tokens by which the window moves; those are scored, the others are context
 * @param maxTokens of the text, from its beginning
 */
public record PerplexityOptions(
        EngineConfig model,
        @Nullable EngineConfig reference,
        String text,
        int contextLength,
        int stride,
        int maxTokens) {
    public PerplexityOptions {
        require("context length", contextLength, 2, 1 << 22);
        require("stride", stride, 1, contextLength - 1);
        require("max tokens", maxTokens, 2, Integer.MAX_VALUE);
    }

    private static void require(String what, int value, int min, int max) {
        if (value < min || value > max) {
            throw new InvalidRequestException(what, what + " must be in [" + min + ", " + max + "], found " + value);
        }
    }
}
