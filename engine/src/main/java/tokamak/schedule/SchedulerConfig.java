package tokamak.schedule;

/**
 * @param maxNumSeqs sequences that may run at once
 * @param maxNumBatchedTokens tokens computed per step
 * @param maxLogitRows rows of logits per step; at least one for each sequence
 * @param longPrefillCap of these, the most of one sequence
 * @param maxSlowdown how many times longer a step that continues answers may take because of prompts; infinite: no limit
 * @param admission how much memory a sequence needs to be started
 * @param prefixCaching whether blocks are found again by what they hold
 * @param agingNanos waiting this long improves a sequence's priority by one
 */
public record SchedulerConfig(
        int maxNumSeqs,
        int maxNumBatchedTokens,
        int maxLogitRows,
        int longPrefillCap,
        double maxSlowdown,
        Admission admission,
        boolean prefixCaching,
        long agingNanos) {
    public SchedulerConfig {
        if (maxNumSeqs < 1 || longPrefillCap < 1 || agingNanos < 1) {
            throw new IllegalArgumentException("maxNumSeqs, longPrefillCap and agingNanos must be at least 1, found "
                    + maxNumSeqs + ", " + longPrefillCap + ", " + agingNanos);
        }
        if (!(maxSlowdown > 1)) {
            throw new IllegalArgumentException("maxSlowdown must be more than 1, found " + maxSlowdown);
        }
        if (maxLogitRows < maxNumSeqs) {
            throw new IllegalArgumentException(
                    "maxLogitRows must be at least maxNumSeqs = " + maxNumSeqs + ", found " + maxLogitRows);
        }
        if (maxNumBatchedTokens < maxNumSeqs) {
            throw new IllegalArgumentException("maxNumBatchedTokens must be at least maxNumSeqs = " + maxNumSeqs
                    + " so that every running sequence can be served, found " + maxNumBatchedTokens);
        }
    }
}
