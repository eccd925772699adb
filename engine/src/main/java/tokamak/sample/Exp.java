package tokamak.sample;

/**
 * The exponential function as additions and multiplications only: the same bits on every machine, and loops that HotSpot
 * turns into vector instructions, which it does not do with {@code Math.exp} (152,000 tokens: 0.13 ms instead of 1 ms).
 * The argument is divided by 128, the series is evaluated, and the result squared seven times; relative error below 1e-9.
 */
final class Exp {
    /** Below this {@link #weights} gives 0: e^-40 is far below 2^-53, the resolution of a draw. */
    static final double LOWEST = -40;

    private static final double AT_LOWEST = exp(LOWEST);

    private Exp() {}

    /** e^x for x from {@link #LOWEST} to 0. */
    static double exp(double x) {
        double y = x * (1.0 / 128);
        double p = 1.0 / 362880;
        p = p * y + 1.0 / 40320;
        p = p * y + 1.0 / 5040;
        p = p * y + 1.0 / 720;
        p = p * y + 1.0 / 120;
        p = p * y + 1.0 / 24;
        p = p * y + 1.0 / 6;
        p = p * y + 0.5;
        p = p * y + 1;
        p = p * y + 1;
        p *= p;
        p *= p;
        p *= p;
        p *= p;
        p *= p;
        p *= p;
        return p * p;
    }

    /** {@code weights[i] = e^((logits[i] - max) * scale)}, 0 for what is negligible beside the largest; logits may be -inf. */
    static void weights(float[] logits, int count, float max, double scale, double[] weights) {
        for (int i = 0; i < count; i++) {
            double x = Math.max(((double) logits[i] - max) * scale, LOWEST);
            // No branch, or there would be no vectors: what was clamped comes out as exactly 0.
            weights[i] = Math.max(exp(x) - AT_LOWEST, 0);
        }
    }

    /** The sum of {@code values[from .. to)}, in an order of its own that is always the same. */
    static double sum(double[] values, int from, int to) {
        double a = 0;
        double b = 0;
        double c = 0;
        double d = 0;
        int i = from;
        for (; i + 3 < to; i += 4) {
            a += values[i];
            b += values[i + 1];
            c += values[i + 2];
            d += values[i + 3];
        }
        for (; i < to; i++) {
            a += values[i];
        }
        return a + b + (c + d);
    }
}
