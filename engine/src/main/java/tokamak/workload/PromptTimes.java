package tokamak.workload;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** When at least one request of a run waited for its first token. */
final class PromptTimes {
    private final TreeMap<Long, Long> spans = new TreeMap<>(); // beginning to end, apart from each other

    PromptTimes(List<RequestTimes> run) {
        run.stream()
                .filter(request -> request.numTokens() > 0)
                .sorted(Comparator.comparingLong(RequestTimes::startNanos))
                .forEach(request -> add(request.startNanos(), request.firstTokenNanos()));
    }

    /** None begins before one that was added before. */
    private void add(long from, long to) {
        Map.Entry<Long, Long> last = spans.lastEntry();
        if (last != null && from <= last.getValue()) {
            spans.put(last.getKey(), Math.max(last.getValue(), to));
        } else {
            spans.put(from, to);
        }
    }

    /** Whether a request waited for its first token at some time between the two. */
    boolean overlap(long from, long to) {
        Map.Entry<Long, Long> last = spans.lowerEntry(to);
        return last != null && last.getValue() > from;
    }

    boolean areApart(long from, long to) {
        return !overlap(from, to);
    }
}
