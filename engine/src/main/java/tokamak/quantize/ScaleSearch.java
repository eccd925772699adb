package tokamak.quantize;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Factors for the columns of linear layers with the same input, with which rounding does the least harm: columns whose inputs
 * are large are made larger, and so rounded more finely, at the cost of the others. Between "all alike" and "by the size of
 * the input", powers of it are tried on some of the rows. Source: Lin et al., "AWQ: Activation-aware Weight Quantization",
 * 2023.
 */
final class ScaleSearch {
    private static final int STEPS = 20;
    private static final int MAX_ROWS = 256;

    private final LinearLayout.Rounding rounding;
    private final float[] importance;
    private final int[] origins;
    private final float[] sizes; // [origins]

    /**
     * @param importance mean squares of the inputs
     * @param origins for each column the number of what it comes from; columns of one origin share a factor
     */
    ScaleSearch(LinearLayout.Rounding rounding, float[] importance, int[] origins, int numOrigins) {
        this.rounding = rounding;
        this.importance = importance;
        this.origins = origins;
        float[] squares = new float[numOrigins];
        int[] counts = new int[numOrigins];
        for (int k = 0; k < importance.length; k++) {
            squares[origins[k]] += importance[k];
            counts[origins[k]]++;
        }
        sizes = new float[numOrigins];
        for (int i = 0; i < numOrigins; i++) {
            sizes[i] = counts[i] == 0 ? 1 : (float) Math.sqrt(squares[i] / counts[i]);
        }
    }

    /** Rows on which to try: some of each of the layers. */
    static List<float[]> sample(List<LinearRows> layers) {
        long rows = layers.stream().mapToLong(LinearRows::rows).sum();
        long step = Math.max(1, rows / MAX_ROWS);
        List<float[]> sample = new ArrayList<>();
        long next = 0;
        for (LinearRows layer : layers) {
            for (; next < layer.rows(); next += step) {
                sample.add(layer.read((int) next, (int) next + 1));
            }
            next -= layer.rows();
        }
        return sample;
    }

    /** The factor of every origin. */
    float[] best(List<float[]> sample) {
        double[] errors = IntStream.rangeClosed(0, STEPS)
                .parallel()
                .mapToDouble(step -> error(sample, factors((double) step / STEPS)))
                .toArray();
        int best = 0;
        for (int step = 1; step <= STEPS; step++) {
            if (errors[step] < errors[best]) {
                best = step;
            }
        }
        return factors((double) best / STEPS);
    }

    /** Around 1: the largest and the smallest are equally far from it. */
    private float[] factors(double power) {
        float[] factors = new float[sizes.length];
        double low = Double.POSITIVE_INFINITY;
        double high = 0;
        for (int i = 0; i < factors.length; i++) {
            factors[i] = (float) Math.pow(sizes[i], power);
            low = Math.min(low, factors[i]);
            high = Math.max(high, factors[i]);
        }
        float middle = (float) Math.sqrt(low * high);
        for (int i = 0; i < factors.length; i++) {
            factors[i] /= middle;
        }
        return factors;
    }

    private double error(List<float[]> sample, float[] factors) {
        int columns = importance.length;
        float[] scaledImportance = new float[columns];
        for (int k = 0; k < columns; k++) {
            float factor = factors[origins[k]];
            scaledImportance[k] = importance[k] / (factor * factor);
        }
        double error = 0;
        float[] scaled = new float[columns];
        float[] rounded = new float[columns];
        for (float[] row : sample) {
            for (int k = 0; k < columns; k++) {
                scaled[k] = row[k] * factors[origins[k]];
            }
            System.arraycopy(scaled, 0, rounded, 0, columns);
            rounding.round(rounded, scaledImportance);
            for (int k = 0; k < columns; k++) {
                double difference = rounded[k] - scaled[k];
                error += scaledImportance[k] * difference * difference;
            }
        }
        return error;
    }
}
