package tokamak.workload;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What many numbers have in common. A percentile is the smallest number that at least so many percent do not exceed.
 *
 * @param count of the numbers, at least 1
 */
public record Percentiles(int count, double mean, double p50, double p95, double p99, double max) {
    /** Null if there are no numbers. */
    public static @Nullable Percentiles of(double[] numbers) {
        if (numbers.length == 0) {
            return null;
        }
        double[] sorted = numbers.clone();
        Arrays.sort(sorted);
        return new Percentiles(
                sorted.length,
                Arrays.stream(sorted).average().orElseThrow(),
                at(sorted, 0.50),
                at(sorted, 0.95),
                at(sorted, 0.99),
                sorted[sorted.length - 1]);
    }

    private static double at(double[] sorted, double share) {
        return sorted[Math.max(0, (int) Math.ceil(share * sorted.length) - 1)];
    }
}
