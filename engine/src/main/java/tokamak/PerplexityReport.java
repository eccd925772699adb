package tokamak;

import org.jspecify.annotations.Nullable;

/**
 * How well a model predicts a text.
 *
 * @param tokens scored
 * @param meanLogprob of the scored tokens, natural logarithm
 * @param perplexity e^-meanLogprob
 * @param error standard error of the perplexity
 * @param comparison null without a reference
 */
public record PerplexityReport(
        String model,
        int tokens,
        int contextLength,
        int stride,
        double meanLogprob,
        double perplexity,
        double error,
        @Nullable Comparison comparison) {
    /**
     * The model beside a reference, on the same tokens in the same contexts.
     *
     * @param divergence mean Kullback-Leibler divergence of the model from the reference, in nats
     * @param divergenceError its standard error
     * @param largestDivergence at any token
     * @param sameBest share of tokens for which both find the same one most likely
     */
    public record Comparison(
            String reference,
            double referencePerplexity,
            double divergence,
            double divergenceError,
            double largestDivergence,
            double sameBest) {}
}
