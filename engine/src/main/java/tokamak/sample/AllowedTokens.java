package tokamak.sample;

import java.util.Arrays;
import java.util.Set;

/** Forbids all tokens but some. */
final class AllowedTokens implements LogitsProcessor {
    private final int[] allowed;

    AllowedTokens(Set<Integer> allowed) {
        this.allowed = allowed.stream().mapToInt(Integer::intValue).sorted().toArray();
    }

    @Override
    public void apply(float[] logits) {
        int from = 0;
        for (int id : allowed) {
            Arrays.fill(logits, from, id, Float.NEGATIVE_INFINITY);
            from = id + 1;
        }
        Arrays.fill(logits, from, logits.length, Float.NEGATIVE_INFINITY);
    }

    @Override
    public void accept(int tokenId) {}
}
