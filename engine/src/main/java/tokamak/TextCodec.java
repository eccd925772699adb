package tokamak;

import java.io.IOException;
import java.nio.file.Path;
import tokamak.api.ModelLoadException;
import tokamak.file.Checkpoint;
import tokamak.text.Tokenizer;

/**
 * A model's tokenizer without the model: text to token ids and back. A folder or GGUF file that holds a tokenizer only is
 * enough. Immutable; threads may share it.
 */
public final class TextCodec {
    private final Tokenizer tokenizer;

    TextCodec(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    /**
     * Reads the tokenizer of a GGUF file or a Hugging Face folder; nothing stays open.
     *
     * @throws ModelLoadException if there is none, or it is damaged or of an unknown kind
     */
    public static TextCodec open(Path model) {
        try (Checkpoint checkpoint = ModelFiles.open(model)) {
            return new TextCodec(Tokenizer.of(checkpoint));
        } catch (IOException e) {
            throw ModelFiles.failure(model, e);
        }
    }

    /** Ids of the text alone. Special tokens written out in it are recognised. */
    public int[] encode(String text) {
        return tokenizer.encode(text);
    }

    /** Ids of the text as the start of a prompt: with the special tokens that the model wants around it. */
    public int[] encodePrompt(String text) {
        return tokenizer.encodePrompt(text);
    }

    /** The text of the ids, special tokens written out. */
    public String decode(int... tokenIds) {
        return tokenizer.decode(tokenIds);
    }

    /** The text of the ids without special tokens. */
    public String decodeSkippingSpecial(int... tokenIds) {
        return tokenizer.decodeSkippingSpecial(tokenIds);
    }

    /** The token as the model's files spell it, or "" for an unused id. */
    public String piece(int tokenId) {
        return tokenizer.vocabulary().piece(tokenId);
    }

    /** The UTF-8 bytes that the token adds to the middle of a text; empty for special and unused ids. */
    public byte[] bytes(int tokenId) {
        return tokenizer.vocabulary().bytes(tokenId);
    }

    /** One more than the largest id. */
    public int vocabularySize() {
        return tokenizer.vocabulary().size();
    }
}
