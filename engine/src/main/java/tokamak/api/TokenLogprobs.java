package tokamak.api;

import java.util.List;

/**
 * Log-probabilities at one position, of the unmodified logits.
 *
 * @param chosen the token that stands there
 * @param rank how many tokens were at least as likely, the chosen one included: 1 is the most likely
 * @param top the most likely tokens, best first, ties by lowest id; as many as were asked for
 */
public record TokenLogprobs(TokenLogprob chosen, int rank, List<TokenLogprob> top) {
    public TokenLogprobs {
        top = List.copyOf(top);
    }
}
