package tokamak.schedule;

/**
 * How many prompt tokens may join a step without holding up the answers that are being written in it. Learns from the
 * steps what a step of so many answers takes and what a prompt token adds. Only speed depends on it, never a token.
 */
final class PrefillPacer {
    private static final double SMOOTHING = 0.2;

    /** So much is let in whatever it takes: prompts must get on. */
    private static final int LEAST_TOKENS = 8;

    /** So much is let in while nothing is known. */
    private static final int FIRST_TOKENS = 128;

    /** The cost of a prompt token is read from steps with at least this many: fewer do not fill the machine. */
    private static final int TELLING_TOKENS = LEAST_TOKENS;

    /** A step that takes longer than this many usual ones was held up by something else. */
    private static final double CREDIBLE = 2;

    private final double maxSlowdown;
    private final double[] answerNanos; // [maxNumSeqs + 1] a step of so many answers and nothing else; 0: not known
    private double promptTokenNanos;

    /** @param maxSlowdown how many times longer a step may take with prompt tokens than without; infinite for no limit */
    PrefillPacer(double maxSlowdown, int maxNumSeqs) {
        this.maxSlowdown = maxSlowdown;
        this.answerNanos = new double[maxNumSeqs + 1];
    }

    /** Prompt tokens that may join a step with so many answers. */
    int allowance(int numAnswers) {
        if (numAnswers == 0 || Double.isInfinite(maxSlowdown)) {
            return Integer.MAX_VALUE;
        }
        double alone = aloneNanos(numAnswers);
        if (alone == 0 || promptTokenNanos == 0) {
            return FIRST_TOKENS;
        }
        return Math.max(LEAST_TOKENS, (int) ((maxSlowdown - 1) * alone / promptTokenNanos));
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

    /** A step with so many answers and prompt tokens took so long. */
    void observe(int numAnswers, int numPromptTokens, long nanos) {
        if (numPromptTokens == 0) {
            answerNanos[numAnswers] = smooth(answerNanos[numAnswers], nanos);
        } else if (numPromptTokens >= TELLING_TOKENS) {
            double ofPrompt = Math.max(nanos - aloneNanos(numAnswers), 0.1 * nanos);
            promptTokenNanos = smooth(promptTokenNanos, ofPrompt / numPromptTokens);
        }
    }

    private static double smooth(double known, double seen) {
        return known == 0 ? seen : known + SMOOTHING * (Math.min(seen, CREDIBLE * known) - known);
    }
}
