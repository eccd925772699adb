package tokamak.api;

/**
 * Ends an answer whose last tokens are one pattern again and again.
 *
 * @param maxPatternSize longest pattern looked for, in tokens. [1, 1024]
 * @param minCount how often the pattern must follow itself. [2, 1024]
 */
public record RepetitionDetection(int maxPatternSize, int minCount) {
    public RepetitionDetection {
        Check.inRange("repetition_detection.max_pattern_size", maxPatternSize, 1, 1024);
        Check.inRange("repetition_detection.min_count", minCount, 2, 1024);
    }
}
