package tokamak.api;

import java.util.List;

/**
 * How likely the model finds a text.
 *
 * @param tokenIds the text
 * @param logprobs natural logarithm of the probability of every token after the first
 * @param top the most likely next tokens after the text, best first
 */
public record Score(List<Integer> tokenIds, List<Double> logprobs, List<TokenLogprob> top) {
    public Score {
        tokenIds = List.copyOf(tokenIds);
        logprobs = List.copyOf(logprobs);
        top = List.copyOf(top);
    }

    /** NaN where there is only one token. */
    public double meanLogprob() {
        return logprobs.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN);
    }
}
