package tokamak.sample;

import tokamak.grammar.Matcher;

/** Forbids the tokens that a guide does not allow. */
final class GuideMask implements LogitsProcessor {
    private final Matcher matcher;

    GuideMask(Matcher matcher) {
        this.matcher = matcher;
    }

    @Override
    public void apply(float[] logits) {
        matcher.apply(logits);
    }

    @Override
    public void accept(int tokenId) {
        matcher.accept(tokenId);
    }
}
