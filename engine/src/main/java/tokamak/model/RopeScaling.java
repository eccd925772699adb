package tokamak.model;

/** How rotary frequencies are changed so that a model reaches further than it was trained. */
public sealed interface RopeScaling {
    /** As trained. */
    record None() implements RopeScaling {}

    /** Position interpolation: all frequencies divided (<a href="https://arxiv.org/abs/2306.15595">Chen et al. 2023</a>). */
    record Linear(double factor) implements RopeScaling {}

    /** Llama 3.1: low frequencies divided, high ones kept, a ramp between. */
    record Llama3(double factor, double lowFrequencyFactor, double highFrequencyFactor, int originalPositions)
            implements RopeScaling {}

    /**
     * <a href="https://arxiv.org/abs/2309.00071">Peng et al. 2023</a>.
     *
     * @param magnitude factor on cosine and sine
     * @param roundedRamp whether the ramp's ends are rounded to whole pairs, as is usual
     */
    record Yarn(
            double factor,
            int originalPositions,
            double betaFast,
            double betaSlow,
            double magnitude,
            boolean roundedRamp)
            implements RopeScaling {}

    /**
     * One divisor per pair (<a href="https://arxiv.org/abs/2402.13753">Ding et al. 2024</a>): short ones while the context
     * stays within the original length, long ones beyond.
     */
    record LongRope(double[] shortFactors, double[] longFactors, int originalPositions, double magnitude)
            implements RopeScaling {}

    /** One divisor per pair, whatever the length. */
    record Divisors(double[] factors) implements RopeScaling {}
}
