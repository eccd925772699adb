package tokamak.tensor;

import org.jspecify.annotations.Nullable;

/**
 * Finds integer codes for a few numbers, and the scale (and offset) that brings them back with the smallest squared error:
 * candidates around the scale that just covers the range are tried, and for the codes of each the best scale follows from
 * least squares. Large numbers count more than small ones, since they do more harm in a product.
 */
final class CodeFit {
    private static final int CANDIDATES = 10;
    /** With few numbers at the ends of a range, cutting them off may be the least harm. */
    private static final int MORE_CANDIDATES = 30;

    private static final float STEP = 0.1f;

    private final float[] weights;
    private final int[] codes;
    private final float @Nullable [] importance;
    private int firstColumn;
    private int skipped;

    /** Of the best fit: {@code number = scale * code + offset}. */
    float scale;

    float offset;

    /** The code of 0, where there are zero points. */
    int zero;

    /** @param most numbers at once */
    CodeFit(int most) {
        this(most, null);
    }

    /** @param importance how much an error in each column costs; null: alike */
    CodeFit(int most, float @Nullable [] importance) {
        weights = new float[most];
        codes = new int[most];
        this.importance = importance;
    }

    /** Says in which column the next block begins. */
    CodeFit at(int column) {
        firstColumn = column;
        skipped = 0;
        return this;
    }

    /** Says where in the block the next numbers to be fitted begin. */
    CodeFit from(int index) {
        skipped = index;
        return this;
    }

    /** How much an error in number {@code i} of those costs. */
    float importance(int i) {
        return importance == null ? 1 : importance[firstColumn + skipped + i];
    }

    /** Codes {@code low .. high} with {@code low < 0 < high}, no offset; the scale may be negative. */
    void symmetric(float[] x, int from, int count, int low, int high) {
        symmetric(x, from, count, low, high, low, extreme(x, from, count));
    }

    /** The same with a scale that is not negative. */
    void positive(float[] x, int from, int count, int low, int high) {
        float extreme = extreme(x, from, count);
        symmetric(x, from, count, low, high, extreme > 0 ? high : low, extreme);
    }

    private static float extreme(float[] x, int from, int count) {
        float extreme = 0;
        for (int i = from; i < from + count; i++) {
            if (Math.abs(x[i]) > Math.abs(extreme)) {
                extreme = x[i];
            }
        }
        return extreme;
    }

    /** @param edge the code around which that of the extreme number is tried */
    private void symmetric(float[] x, int from, int count, int low, int high, int edge, float extreme) {
        offset = 0;
        scale = 0;
        if (extreme == 0) {
            return;
        }
        weigh(x, from, count);
        double bestGain = -1;
        for (int candidate = -CANDIDATES; candidate <= CANDIDATES; candidate++) {
            float inverse = (edge + STEP * candidate) / extreme;
            double products = 0;
            double squares = 0;
            for (int i = 0; i < count; i++) {
                int code = clamp(x[from + i] * inverse, low, high);
                products += (double) weights[i] * x[from + i] * code;
                squares += (double) weights[i] * code * code;
            }
            // The error of the best scale is what the numbers weigh less this.
            if (squares > 0 && products * products > bestGain * squares) {
                bestGain = products * products / squares;
                scale = (float) (products / squares);
            }
        }
    }

    /** Codes {@code 0 .. levels} with a scale that is not negative and an offset of at most {@code maxOffset}. */
    void affine(float[] x, int from, int count, int levels, float maxOffset) {
        float min = maxOffset;
        float max = Float.NEGATIVE_INFINITY;
        for (int i = from; i < from + count; i++) {
            min = Math.min(min, x[i]);
            max = Math.max(max, x[i]);
        }
        scale = 0;
        offset = min;
        if (max <= min) {
            return;
        }
        weigh(x, from, count);
        double smallestError = Double.POSITIVE_INFINITY;
        float low = min;
        for (int candidate = -CANDIDATES; candidate <= CANDIDATES; candidate++) {
            float inverse = (levels + STEP * candidate) / (max - low);
            for (int i = 0; i < count; i++) {
                codes[i] = clamp((x[from + i] - low) * inverse, 0, levels);
            }
            double error = solve(x, from, count, maxOffset, smallestError);
            smallestError = Math.min(smallestError, error);
        }
    }

    /** Codes {@code 0 .. levels} less a zero point that is one of them; the scale is not negative. */
    void withZeroPoint(float[] x, int from, int count, int levels) {
        float min = 0;
        float max = 0;
        for (int i = from; i < from + count; i++) {
            min = Math.min(min, x[i]);
            max = Math.max(max, x[i]);
        }
        scale = 0;
        zero = 0;
        if (max == min) {
            return;
        }
        weigh(x, from, count);
        double bestGain = -1;
        for (int candidate = -CANDIDATES; candidate <= MORE_CANDIDATES; candidate++) {
            float inverse = (levels + STEP * candidate) / (max - min);
            int zeroCode = clamp(-min * inverse, 0, levels);
            double products = 0;
            double squares = 0;
            for (int i = 0; i < count; i++) {
                int code = clamp(x[from + i] * inverse + zeroCode, 0, levels) - zeroCode;
                products += (double) weights[i] * x[from + i] * code;
                squares += (double) weights[i] * code * code;
            }
            if (squares > 0 && products > 0 && products * products > bestGain * squares) {
                bestGain = products * products / squares;
                scale = (float) (products / squares);
                zero = zeroCode;
            }
        }
    }

    /** Least squares for the codes; keeps scale and offset if their error is below {@code smallestError}. */
    private double solve(float[] x, int from, int count, float maxOffset, double smallestError) {
        double w = 0;
        double wx = 0;
        double wc = 0;
        double wcc = 0;
        double wxc = 0;
        for (int i = 0; i < count; i++) {
            double weight = weights[i];
            w += weight;
            wx += weight * x[from + i];
            wc += weight * codes[i];
            wcc += weight * codes[i] * codes[i];
            wxc += weight * codes[i] * x[from + i];
        }
        double determinant = w * wcc - wc * wc;
        if (determinant <= 0) {
            return Double.POSITIVE_INFINITY;
        }
        double newScale = (w * wxc - wx * wc) / determinant;
        double newOffset = (wcc * wx - wc * wxc) / determinant;
        if (newOffset > maxOffset) {
            newOffset = maxOffset;
            newScale = (wxc - maxOffset * wc) / wcc;
        }
        if (newScale <= 0) {
            return Double.POSITIVE_INFINITY;
        }
        double error = 0;
        for (int i = 0; i < count; i++) {
            double difference = newScale * codes[i] + newOffset - x[from + i];
            error += weights[i] * difference * difference;
        }
        if (error < smallestError) {
            scale = (float) newScale;
            offset = (float) newOffset;
        }
        return error;
    }

    private void weigh(float[] x, int from, int count) {
        double squares = 0;
        for (int i = 0; i < count; i++) {
            squares += (double) x[from + i] * x[from + i];
        }
        float rms = (float) Math.sqrt(squares / count);
        for (int i = 0; i < count; i++) {
            weights[i] = rms + Math.abs(x[from + i]);
        }
        if (importance != null) {
            for (int i = 0; i < count; i++) {
                weights[i] *= importance(i);
            }
        }
    }

    /** The nearest code. */
    static int clamp(float code, int low, int high) {
        return Math.clamp(Math.round(code), low, high);
    }

    /** {@code 1 / scale}, or 0 where everything is 0. */
    static float inverse(float scale) {
        return scale == 0 ? 0 : 1 / scale;
    }

    /** The scale as the file will hold it. */
    static float asFloat16(float value) {
        return Float.float16ToFloat(Float.floatToFloat16(value));
    }
}
