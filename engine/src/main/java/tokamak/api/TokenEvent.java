package tokamak.api;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** What a stream of tokens says. Errors are not events: they are thrown where the stream is read. */
public sealed interface TokenEvent {
    /** Which of the request's {@code n} answers. */
    int index();

    /**
     * The prompt has been computed; comes once per answer, before its first {@link Delta}.
     *
     * @param cachedTokens prompt tokens found in the prefix cache
     * @param promptLogprobs for every prompt token after the first, if asked for; else empty
     * @param queueTime how long the request waited for its turn
     */
    record PromptDone(int index, int cachedTokens, List<TokenLogprobs> promptLogprobs, Duration queueTime)
            implements TokenEvent {
        public PromptDone {
            promptLogprobs = List.copyOf(promptLogprobs);
        }
    }

    /**
     * The answer grew.
     *
     * @param text whole characters to append; empty while a character or a possible stop string is incomplete
     * @param tokenIds the tokens that came, empty where held-back text is released at the end
     * @param logprobs one for each of {@code tokenIds} if asked for, else empty
     */
    record Delta(int index, String text, List<Integer> tokenIds, List<TokenLogprobs> logprobs) implements TokenEvent {
        public Delta {
            tokenIds = List.copyOf(tokenIds);
            logprobs = List.copyOf(logprobs);
        }
    }

    /**
     * The answer is complete; the last event with this index.
     *
     * @param stopString the stop string that ended it
     * @param stopTokenId the one of the request's {@code stopTokenIds} that ended it; empty for the model's own end token
     * @param usage of this answer
     */
    record Finished(int index, FinishReason reason, Optional<String> stopString, OptionalInt stopTokenId, Usage usage)
            implements TokenEvent {}
}
