package tokamak.api;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * One whole answer. The fields mean what they mean in {@link TokenEvent.Delta} and {@link TokenEvent.Finished}.
 *
 * @param tokenIds every generated token, the stop token included
 */
public record Completion(
        int index,
        String text,
        List<Integer> tokenIds,
        List<TokenLogprobs> logprobs,
        FinishReason finishReason,
        Optional<String> stopString,
        OptionalInt stopTokenId) {
    public Completion {
        tokenIds = List.copyOf(tokenIds);
        logprobs = List.copyOf(logprobs);
    }
}
