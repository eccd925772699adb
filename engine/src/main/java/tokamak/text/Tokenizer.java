package tokamak.text;

import tokamak.file.Checkpoint;
import tokamak.file.ModelFormatException;

/**
 * Text to token ids and back, exactly as the model's own tokenizer does it. Special tokens written out in the text are
 * recognised, as the Hugging Face library does by default. Immutable; threads may share it.
 */
public interface Tokenizer {
    /** The tokenizer in {@code tokenizer.json} or in GGUF metadata. */
    static Tokenizer of(Checkpoint checkpoint) throws ModelFormatException {
        return Tokenizers.of(checkpoint);
    }

    /** Ids of the text alone. */
    int[] encode(String text);

    /** Ids of the text as the start of a prompt: with the beginning-of-text and other special tokens the model wants around it. */
    int[] encodePrompt(String text);

    /** The text of the ids, special tokens written out. */
    String decode(int[] ids);

    /** The text of the ids without special tokens. */
    String decodeSkippingSpecial(int[] ids);

    /** A fresh incremental decoder that leaves special tokens out: one per stream. */
    Detokenizer detokenizer();

    Vocabulary vocabulary();
}
