package tokamak.sample;

/** What is asked of every row of logits, in loops that HotSpot turns into vector instructions. */
final class Rows {
    private Rows() {}

    /**
     * The largest of {@code logits[0 .. count)}; minus infinity is a logit.
     *
     * @throws InvalidLogitsException if one is NaN or plus infinity
     */
    static float max(float[] logits, int count) {
        float max = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < count; i++) {
            max = Math.max(max, logits[i]); // NaN if one of them is
        }
        if (Float.isNaN(max) || max == Float.POSITIVE_INFINITY) {
            throw invalid(logits, count);
        }
        return max;
    }

    private static InvalidLogitsException invalid(float[] logits, int count) {
        for (int i = 0; i < count; i++) {
            if (Float.isNaN(logits[i]) || logits[i] == Float.POSITIVE_INFINITY) {
                return new InvalidLogitsException("the model's logit of token " + i + " is " + logits[i]);
            }
        }
        throw new AssertionError("the maximum is not a number but every number is");
    }

    /** The first index of a number that is there. */
    static int indexOf(float[] logits, float value) {
        int i = 0;
        while (logits[i] != value) {
            i++;
        }
        return i;
    }
}
