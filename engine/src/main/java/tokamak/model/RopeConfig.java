package tokamak.model;

import tokamak.backend.Rope;

/**
 * Rotary position embedding as a configuration says it.
 *
 * @param rotated numbers of a head that are rotated, even
 */
public record RopeConfig(double theta, int rotated, Rope.Pairing pairing, RopeScaling scaling) {
    public RopeConfig {
        if (rotated < 0 || rotated % 2 != 0 || !(theta > 0)) {
            throw new IllegalArgumentException("rope over " + rotated + " numbers with base " + theta);
        }
    }

    /** The frequencies for sequences of up to {@code contextLength} tokens. */
    Rope resolve(int contextLength) {
        double[] frequencies = new double[rotated / 2];
        for (int i = 0; i < frequencies.length; i++) {
            frequencies[i] = Math.pow(theta, -2.0 * i / rotated);
        }
        double magnitude = 1;
        switch (scaling) {
            case RopeScaling.None _ -> {}
            case RopeScaling.Linear linear -> divide(frequencies, linear.factor());
            case RopeScaling.Llama3 llama3 -> scale(frequencies, llama3);
            case RopeScaling.Divisors divisors -> divide(frequencies, divisors.factors());
            case RopeScaling.Yarn yarn -> {
                scale(frequencies, yarn);
                magnitude = yarn.magnitude();
            }
            case RopeScaling.LongRope longRope -> {
                boolean beyond = contextLength > longRope.originalPositions();
                divide(frequencies, beyond ? longRope.longFactors() : longRope.shortFactors());
                magnitude = longRope.magnitude();
            }
        }
        return new Rope(frequencies, magnitude, pairing);
    }

    private static void divide(double[] frequencies, double factor) {
        for (int i = 0; i < frequencies.length; i++) {
            frequencies[i] /= factor;
        }
    }

    private static void divide(double[] frequencies, double[] factors) {
        if (factors.length != frequencies.length) {
            throw new IllegalArgumentException(
                    "rope scaling has " + factors.length + " factors, expected " + frequencies.length);
        }
        for (int i = 0; i < frequencies.length; i++) {
            frequencies[i] /= factors[i];
        }
    }

    private static void scale(double[] frequencies, RopeScaling.Llama3 s) {
        for (int i = 0; i < frequencies.length; i++) {
            double turns = s.originalPositions() * frequencies[i] / (2 * Math.PI);
            double smooth = (turns - s.lowFrequencyFactor()) / (s.highFrequencyFactor() - s.lowFrequencyFactor());
            double kept = Math.clamp(smooth, 0.0, 1.0);
            frequencies[i] *= kept + (1 - kept) / s.factor();
        }
    }

    private void scale(double[] frequencies, RopeScaling.Yarn yarn) {
        double low = pairAtTurns(yarn.betaFast(), yarn.originalPositions());
        double high = pairAtTurns(yarn.betaSlow(), yarn.originalPositions());
        if (yarn.roundedRamp()) {
            low = Math.floor(low);
            high = Math.ceil(high);
        }
        low = Math.max(low, 0);
        high = Math.min(high, rotated - 1.0);
        for (int i = 0; i < frequencies.length; i++) {
            double interpolated = Math.clamp((i - low) / Math.max(high - low, 0.001), 0.0, 1.0);
            frequencies[i] *= (1 - interpolated) + interpolated / yarn.factor();
        }
    }

    /** The (fractional) pair that makes {@code turns} full turns over the original length. */
    private double pairAtTurns(double turns, int originalPositions) {
        return rotated * Math.log(originalPositions / (turns * 2 * Math.PI)) / (2 * Math.log(theta));
    }
}
