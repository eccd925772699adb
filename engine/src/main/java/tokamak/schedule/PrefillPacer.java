package tokamak.schedule;

/**
 * How many prompt tokens may join a step without holding up the answers that are being written in it. Learns from the
 * steps what a step of so many answers takes and what a prompt token adds: an amount of its own, and one for each token
 * before it, since it attends to them all. At depth 4,000 that is three times as long as at depth 0. Only speed depends
 * on what is learnt, never a token.
 */
final class PrefillPacer {
    /** So much is let in whatever it takes: prompts must get on. */
    private static final int LEAST_TOKENS = 4;

    /** So much is let in while nothing is known. */
    private static final int FIRST_TOKENS = 32;

    /** Of the difference between what was expected and what was seen, this share is believed. */
    private static final double SMOOTHING = 0.2;

    /**
     * A difference beyond this share of what was expected counts as this much: whatever else the machine did in one step
     * moves what is known by {@code SMOOTHING * CREDIBLE}, and the middle of many steps is found, not their mean.
     */
    private static final double CREDIBLE = 0.25;

    /**
     * Depth is counted in units of so many tokens: prompts below it teach what a token costs, those beyond it what depth
     * adds. If it were larger, the first long prompt's depth would be put down to its tokens; if it were smaller, noise in short
     * prompts would be taken far beyond them.
     */
    private static final double DEPTH_UNIT = 256;

    private final double maxSlowdown;
    private final double[] answerNanos; // [maxNumSeqs + 1] a step of so many answers and nothing else; 0: not known
    private double tokenNanos; // of a prompt token at depth 0; 0: not known
    private double depthNanos; // what each unit of depth adds

    // The step that is being filled.
    private double nanosLeft; // not known: NaN; no limit: infinite
    private int numLetIn;

    /** @param maxSlowdown how many times longer a step may take with prompt tokens than without; infinite for no limit */
    PrefillPacer(double maxSlowdown, int maxNumSeqs) {
        this.maxSlowdown = maxSlowdown;
        this.answerNanos = new double[maxNumSeqs + 1];
    }

    /** A step begins that continues so many answers. */
    void begin(int numAnswers) {
        numLetIn = 0;
        if (numAnswers == 0 || Double.isInfinite(maxSlowdown)) {
            nanosLeft = Double.POSITIVE_INFINITY;
        } else {
            double alone = aloneNanos(numAnswers);
            nanosLeft = alone == 0 || tokenNanos == 0 ? Double.NaN : (maxSlowdown - 1) * alone;
        }
    }

    /** Prompt tokens that may still join the step, of a sequence with so many before them. */
    int allowance(int depth) {
        int sure = Double.isNaN(nanosLeft) ? FIRST_TOKENS : LEAST_TOKENS;
        return Math.max(Math.max(0, sure - numLetIn), (int) (nanosLeft / nanosAt(depth)));
    }

    /** So many tokens of a sequence joined the step, with so many before them. */
    void letIn(int numTokens, int depth) {
        numLetIn += numTokens;
        nanosLeft -= numTokens * nanosAt(depth);
    }

    private double nanosAt(double depth) {
        return tokenNanos + depthNanos * (depth / DEPTH_UNIT);
    }

    /** What a step of so many answers takes: as measured, or else as for the next smaller or larger number that was. */
    private double aloneNanos(int numAnswers) {
        for (int i = numAnswers; i > 0; i--) {
            if (answerNanos[i] > 0) {
                return answerNanos[i];
            }
        }
        for (int i = numAnswers + 1; i < answerNanos.length; i++) {
            if (answerNanos[i] > 0) {
                return answerNanos[i];
            }
        }
        return 0;
    }

    /**
     * A step took so long.
     *
     * @param meanDepth tokens before each of the prompt tokens, on average
     */
    void observe(int numAnswers, int numPromptTokens, double meanDepth, long nanos) {
        if (numPromptTokens == 0) {
            double known = answerNanos[numAnswers];
            answerNanos[numAnswers] = known == 0 ? nanos : known + SMOOTHING * credible(nanos - known, known);
        } else if (numPromptTokens >= LEAST_TOKENS && (numAnswers > 0 || tokenNanos == 0)) {
            // Long pieces of prompts without answers are cheaper by the token: they are a first guess, no more.
            double ofPrompt = Math.max(nanos - aloneNanos(numAnswers), 0.1 * nanos);
            learn(ofPrompt / numPromptTokens, meanDepth / DEPTH_UNIT);
        }
    }

    /**
     * One step towards the line through what was seen, along the shortest way (normalised least mean squares): shallow
     * tokens teach what a token costs, deep ones what depth adds, and those in use are always foretold well.
     */
    private void learn(double seen, double depth) {
        if (tokenNanos == 0) {
            tokenNanos = seen;
            return;
        }
        double expected = tokenNanos + depthNanos * depth;
        double step = SMOOTHING * credible(seen - expected, expected) / (1 + depth * depth);
        tokenNanos = Math.max(1, tokenNanos + step);
        depthNanos = Math.max(0, depthNanos + step * depth);
    }

    private static double credible(double difference, double expected) {
        return Math.clamp(difference, -CREDIBLE * expected, CREDIBLE * expected);
    }
}
