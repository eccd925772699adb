package tokamak.api;

import java.util.List;

/**
 * All that came of a request.
 *
 * @param requestId the request's
 * @param promptTokenIds the prompt as the model saw it
 * @param promptLogprobs for every prompt token after the first, if asked for; else empty
 * @param completions one per answer, by index
 * @param usage the prompt once, the tokens of all answers
 */
public record Generation(
        String requestId,
        List<Integer> promptTokenIds,
        List<TokenLogprobs> promptLogprobs,
        List<Completion> completions,
        Usage usage) {
    public Generation {
        promptTokenIds = List.copyOf(promptTokenIds);
        promptLogprobs = List.copyOf(promptLogprobs);
        completions = List.copyOf(completions);
    }

    /** The first answer's text. */
    public String text() {
        return completions.getFirst().text();
    }
}
