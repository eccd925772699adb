package tokamak.sample;

/** Forbids the tokens that would end the answer until it has enough. */
final class MinTokens implements LogitsProcessor {
    private final int[] stopIds;
    private int missing;

    MinTokens(int[] stopIds, int minTokens) {
        this.stopIds = stopIds;
        this.missing = minTokens;
    }

    @Override
    public void apply(float[] logits) {
        if (missing > 0) {
            for (int id : stopIds) {
                logits[id] = Float.NEGATIVE_INFINITY;
            }
        }
    }

    @Override
    public void accept(int tokenId) {
        missing--;
    }
}
