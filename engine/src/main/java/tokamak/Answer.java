package tokamak;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Queue;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tokamak.api.FinishReason;
import tokamak.api.SamplingParams;
import tokamak.api.TokenEvent;
import tokamak.api.TokenLogprobs;
import tokamak.api.Usage;
import tokamak.text.Detokenizer;

/** The reading side of one answer: turns its tokens into text and finds its stop strings. */
final class Answer {
    private final int index;
    private final int promptTokens;
    private final Set<Integer> stopIds;
    private final SamplingParams params;
    private final Detokenizer detokenizer;
    private final StopStrings stopStrings;
    private final Queue<TokenEvent> events;
    private int numTokens;
    private int cachedTokens;
    private int lastToken = -1;
    private boolean done;

    /**
     * @param stopIds every token id that ends the answer
     * @param events receives what there is to say
     */
    Answer(
            int index,
            int promptTokens,
            Set<Integer> stopIds,
            SamplingParams params,
            Detokenizer detokenizer,
            Queue<TokenEvent> events) {
        this.index = index;
        this.promptTokens = promptTokens;
        this.stopIds = stopIds;
        this.params = params;
        this.detokenizer = detokenizer;
        this.stopStrings = new StopStrings(params.stop(), params.includeStopString());
        this.events = events;
    }

    int numTokens() {
        return numTokens;
    }

    int cachedTokens() {
        return cachedTokens;
    }

    boolean isDone() {
        return done;
    }

    void promptDone(AnswerChannel.PromptInfo info) {
        cachedTokens = info.cachedTokens();
        events.add(new TokenEvent.PromptDone(index, cachedTokens, info.promptLogprobs(), info.queueTime()));
    }

    void token(int tokenId, @Nullable TokenLogprobs logprobs) {
        numTokens++;
        lastToken = tokenId;
        boolean isHidden = stopIds.contains(tokenId) && !params.includeStopString();
        String text = isHidden ? "" : stopStrings.accept(detokenizer.push(tokenId));
        events.add(
                new TokenEvent.Delta(index, text, List.of(tokenId), logprobs == null ? List.of() : List.of(logprobs)));
        if (stopStrings.found().isPresent()) {
            end(FinishReason.STOP);
        }
    }

    /** The engine has ended the answer. */
    void finish(FinishReason reason) {
        String rest = stopStrings.finish(detokenizer.flush());
        if (!rest.isEmpty()) {
            events.add(new TokenEvent.Delta(index, rest, List.of(), List.of()));
        }
        end(stopStrings.found().isPresent() ? FinishReason.STOP : reason);
    }

    private void end(FinishReason reason) {
        done = true;
        Optional<String> stopString = stopStrings.found();
        boolean byRequest = reason == FinishReason.STOP
                && stopString.isEmpty()
                && params.stopTokenIds().contains(lastToken);
        events.add(new TokenEvent.Finished(
                index,
                reason,
                stopString,
                byRequest ? OptionalInt.of(lastToken) : OptionalInt.empty(),
                new Usage(promptTokens, numTokens, cachedTokens)));
    }
}
