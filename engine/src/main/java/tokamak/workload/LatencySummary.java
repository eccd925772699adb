package tokamak.workload;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the requests of a run, or of one tenant in it, have seen. Times in seconds; null where there are none.
 *
 * @param completed requests that came to their end
 * @param incomplete requests that failed or were refused
 * @param inputTokens of completed requests
 * @param cachedTokens of these, tokens that were not computed
 * @param outputTokens of completed requests
 * @param timeToFirst from sending a request to its first token
 * @param betweenTokens from token to token, all requests together
 * @param besidePrompts of these, the times in which another request of the run waited for its first token
 * @param withoutPrompts the others
 * @param wholeRequest from sending a request to its last token
 */
public record LatencySummary(
        int completed,
        int incomplete,
        long inputTokens,
        long cachedTokens,
        long outputTokens,
        @Nullable Percentiles timeToFirst,
        @Nullable Percentiles betweenTokens,
        @Nullable Percentiles besidePrompts,
        @Nullable Percentiles withoutPrompts,
        @Nullable Percentiles wholeRequest) {
    public static LatencySummary of(List<RequestTimes> requests) {
        return of(requests, requests);
    }

    /**
     * @param requests those to sum up
     * @param run all that were sent
     */
    public static LatencySummary of(List<RequestTimes> requests, List<RequestTimes> run) {
        PromptTimes prompts = new PromptTimes(run);
        List<RequestTimes> completed = requests.stream()
                .filter(request -> request.isCompleted() && request.numTokens() > 0)
                .toList();
        return new LatencySummary(
                completed.size(),
                requests.size() - completed.size(),
                completed.stream().mapToLong(r -> r.arrival().inputTokens()).sum(),
                completed.stream().mapToLong(RequestTimes::cachedTokens).sum(),
                completed.stream().mapToLong(RequestTimes::numTokens).sum(),
                Percentiles.of(completed.stream()
                        .mapToDouble(RequestTimes::secondsToFirst)
                        .toArray()),
                Percentiles.of(completed.stream()
                        .flatMapToDouble(r -> Arrays.stream(r.secondsBetween((from, to) -> true)))
                        .toArray()),
                Percentiles.of(completed.stream()
                        .flatMapToDouble(r -> Arrays.stream(r.secondsBetween(prompts::overlap)))
                        .toArray()),
                Percentiles.of(completed.stream()
                        .flatMapToDouble(r -> Arrays.stream(r.secondsBetween(prompts::areApart)))
                        .toArray()),
                Percentiles.of(completed.stream()
                        .mapToDouble(RequestTimes::secondsToLast)
                        .toArray()));
    }
}
