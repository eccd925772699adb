package tokamak.text;

/** Turns one word into token ids: the heart of a tokenizer. Immutable. */
sealed interface TokenModel permits Bpe, Unigram, WordPiece, WordLevel {
    /** Appends the ids of the text between two indexes to {@code scratch.out}. */
    void encode(String text, int from, int to, Scratch scratch);

    Pieces pieces();
}
