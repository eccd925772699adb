package tokamak;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tokamak.api.Completion;
import tokamak.api.Generation;
import tokamak.api.TokenEvent;
import tokamak.api.TokenLogprobs;
import tokamak.api.Usage;

/** Puts the events of a stream together. */
final class GenerationCollector {
    private static final class Parts {
        final StringBuilder text = new StringBuilder();
        final List<Integer> tokenIds = new ArrayList<>();
        final List<TokenLogprobs> logprobs = new ArrayList<>();
        TokenEvent.@Nullable Finished finished;
    }

    private final String requestId;
    private final int[] promptIds;
    private final List<Parts> answers = new ArrayList<>();
    private List<TokenLogprobs> promptLogprobs = List.of();

    GenerationCollector(String requestId, int[] promptIds, int numAnswers) {
        this.requestId = requestId;
        this.promptIds = promptIds;
        for (int i = 0; i < numAnswers; i++) {
            answers.add(new Parts());
        }
    }

    void add(TokenEvent event) {
        Parts parts = answers.get(event.index());
        switch (event) {
            case TokenEvent.PromptDone prompt -> {
                if (prompt.index() == 0) {
                    promptLogprobs = prompt.promptLogprobs();
                }
            }
            case TokenEvent.Delta delta -> {
                parts.text.append(delta.text());
                parts.tokenIds.addAll(delta.tokenIds());
                parts.logprobs.addAll(delta.logprobs());
            }
            case TokenEvent.Finished finished -> parts.finished = finished;
        }
    }

    Generation result(Usage usage) {
        List<Completion> completions = new ArrayList<>();
        for (int i = 0; i < answers.size(); i++) {
            Parts parts = answers.get(i);
            TokenEvent.Finished finished = parts.finished;
            if (finished == null) {
                break; // best_of has kept fewer
            }
            completions.add(new Completion(
                    i,
                    parts.text.toString(),
                    parts.tokenIds,
                    parts.logprobs,
                    finished.reason(),
                    finished.stopString(),
                    finished.stopTokenId()));
        }
        return new Generation(requestId, IntStream.of(promptIds).boxed().toList(), promptLogprobs, completions, usage);
    }
}
