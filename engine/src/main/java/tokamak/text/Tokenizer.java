package tokamak.text;

import java.io.IOException;
import java.util.OptionalInt;
import java.util.Set;
import tokamak.file.Checkpoint;
import tokamak.file.ModelFormatException;

/**
 * Text to token ids and back, exactly as the model's own tokenizer does it. Special tokens written out in the text are
 * recognised, as the Hugging Face library does by default, unless a method says otherwise. An unpaired surrogate counts
 * as U+FFFD. Immutable; threads may share it.
 */
public interface Tokenizer {
    /**
     * The tokenizer in {@code tokenizer.json}, in older companion files, or in GGUF metadata.
     *
     * @throws ModelFormatException if there is none, or it is damaged, or of a kind that is not supported
     */
    static Tokenizer of(Checkpoint checkpoint) throws IOException {
        return Tokenizers.of(checkpoint);
    }

    /** Ids of the text alone. */
    int[] encode(String text);

    /** Ids of the text alone; special tokens written out in it are ordinary text. */
    int[] encodeLiterally(String text);

    /**
     * Ids of a text of which some parts come from strangers: special tokens that touch those parts are ordinary text.
     *
     * @param literalRanges start, end, start, end ... as indexes into the text, ascending, ends exclusive
     */
    int[] encode(String text, int[] literalRanges);

    /** Ids of the text as the start of a prompt: with the beginning-of-text and other special tokens the model wants around it. */
    int[] encodePrompt(String text);

    /** Puts around the ids of a text what {@link #encodePrompt} puts around it. */
    int[] withSpecials(int[] ids);

    /** The text of the ids, special tokens written out. Ids that no token has are left out. */
    String decode(int[] ids);

    /** The text of the ids without special tokens. */
    String decodeSkippingSpecial(int[] ids);

    /** A fresh incremental decoder that leaves special tokens out: one per stream. */
    Detokenizer detokenizer();

    /** The same for text that follows other text, as an answer follows its prompt: a space at its beginning stays. */
    Detokenizer continuation();

    /** The same, but these special tokens are written out. */
    Detokenizer continuation(Set<Integer> shownIds);

    Vocabulary vocabulary();

    /** The token that begins a text, if the files name one; whether a prompt gets it is for {@link #encodePrompt} to say. */
    OptionalInt bosId();

    /**
     * The tokens that end an answer, as far as the tokenizer's files say: end of sequence, of turn, of message. More may be
     * in {@code generation_config.json}.
     */
    Set<Integer> endIds();
}
