package tokamak.text;

import java.util.function.IntPredicate;

/**
 * Token ids to text, one at a time, for one stream. Special tokens are left out, but for those that are asked for. What is
 * returned is final: without those, the pushes and the flush put together are exactly
 * {@link Tokenizer#decodeSkippingSpecial} of all ids. Text is held back while a
 * later token can still change it: an unfinished character, a run of byte tokens, a leading space to be dropped.
 */
public final class Detokenizer {
    private static final String FIRST_WORD = "x";

    private final PipelineTokenizer tokenizer;
    private final IntPredicate shownSpecials;
    private final StringBuilder out = new StringBuilder();
    private DecodeStage stage;
    private int toDrop;

    /** @param shownSpecials the special tokens that are written out */
    Detokenizer(PipelineTokenizer tokenizer, IntPredicate shownSpecials) {
        this.tokenizer = tokenizer;
        this.shownSpecials = shownSpecials;
        stage = DecodeStage.of(tokenizer.decoder(), out);
    }

    /**
     * Lets what comes be the middle of a text: a space at its beginning stays. Nothing else tells the machine where a
     * text begins, so it is shown a first word, which is taken out of what it says.
     */
    Detokenizer afterOtherText() {
        stage.fragment(FIRST_WORD);
        stage.endToken();
        toDrop = FIRST_WORD.length();
        return this;
    }

    /** The text that this token makes certain; often empty. An id that no token has adds nothing. */
    public String push(int id) {
        if (tokenizer.hasToken(id) && (!tokenizer.isSpecial(id) || shownSpecials.test(id))) {
            stage.fragment(tokenizer.piece(id));
            stage.endToken();
        }
        return take();
    }

    /** What was held back. After this the next token begins a new text. */
    public String flush() {
        stage.end();
        stage = DecodeStage.of(tokenizer.decoder(), out);
        return take();
    }

    private String take() {
        int dropped = Math.min(toDrop, out.length());
        toDrop -= dropped;
        String text = out.substring(dropped);
        out.setLength(0);
        return text;
    }
}
