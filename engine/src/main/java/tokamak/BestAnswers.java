package tokamak;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import tokamak.api.TokenEvent;
import tokamak.api.TokenLogprobs;

/** {@code best_of}: of all answers, the ones whose tokens the model finds most likely on average. */
final class BestAnswers {
    private final int numKept;
    private final boolean logprobsWanted;

    /** @param logprobsWanted whether the caller asked for logprobs; here they are needed in any case */
    BestAnswers(int numKept, boolean logprobsWanted) {
        this.numKept = numKept;
        this.logprobsWanted = logprobsWanted;
    }

    /** The events of the best answers, numbered from 0, best first. */
    List<TokenEvent> select(List<TokenEvent> events, int numAnswers) {
        double[] means = meanLogprobs(events, numAnswers);
        List<Integer> best = IntStream.range(0, numAnswers)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer index) -> -means[index]))
                .limit(numKept)
                .toList();
        // The prompt is the same for all, but its logprobs come with answer 0 only.
        List<TokenLogprobs> promptLogprobs = events.stream()
                .filter(event -> event.index() == 0 && event instanceof TokenEvent.PromptDone)
                .map(event -> ((TokenEvent.PromptDone) event).promptLogprobs())
                .findFirst()
                .orElse(List.of());
        List<TokenEvent> selected = new ArrayList<>();
        for (int rank = 0; rank < best.size(); rank++) {
            for (TokenEvent event : events) {
                if (event.index() == best.get(rank)) {
                    selected.add(renumber(event, rank, rank == 0 ? promptLogprobs : List.of()));
                }
            }
        }
        return selected;
    }

    private static double[] meanLogprobs(List<TokenEvent> events, int numAnswers) {
        double[] sums = new double[numAnswers];
        int[] counts = new int[numAnswers];
        for (TokenEvent event : events) {
            if (event instanceof TokenEvent.Delta delta) {
                for (TokenLogprobs logprobs : delta.logprobs()) {
                    sums[event.index()] += logprobs.chosen().logprob();
                    counts[event.index()]++;
                }
            }
        }
        return IntStream.range(0, numAnswers)
                .mapToDouble(i -> counts[i] == 0 ? Double.NEGATIVE_INFINITY : sums[i] / counts[i])
                .toArray();
    }

    private TokenEvent renumber(TokenEvent event, int index, List<TokenLogprobs> promptLogprobs) {
        return switch (event) {
            case TokenEvent.PromptDone prompt ->
                new TokenEvent.PromptDone(index, prompt.cachedTokens(), promptLogprobs, prompt.queueTime());
            case TokenEvent.Delta delta ->
                new TokenEvent.Delta(
                        index, delta.text(), delta.tokenIds(), logprobsWanted ? delta.logprobs() : List.of());
            case TokenEvent.Finished finished ->
                new TokenEvent.Finished(
                        index, finished.reason(), finished.stopString(), finished.stopTokenId(), finished.usage());
        };
    }
}
