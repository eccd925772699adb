package tokamak.text;

import java.util.List;

/**
 * How the pieces of tokens become text again: a description, of which {@link DecodeStage} makes the machine that does it
 * token by token.
 */
sealed interface Decoder {
    record Chain(List<Decoder> steps) implements Decoder {}

    /** Characters of {@link ByteAlphabet} are bytes; bytes that are not UTF-8 become U+FFFD. */
    record ByteLevel() implements Decoder {}

    /** {@code <0x0A>} is a byte; a run of bytes that is not UTF-8 becomes one U+FFFD per byte. */
    record ByteFallback() implements Decoder {}

    /** From here on all is one token. */
    record Fuse() implements Decoder {}

    /** In every token. */
    record Replace(TextPattern.Replaceable pattern, String content) implements Decoder {}

    /** At the beginning and end of every token, up to so many of one character. */
    record Strip(int content, int start, int stop) implements Decoder {}

    /** The mark is a space; in the first token it vanishes if {@code dropFirst}. */
    record Metaspace(String mark, boolean dropFirst) implements Decoder {}

    /** Tokens without the prefix are words and get a space in front; then perhaps English punctuation is tidied. */
    record WordPiece(String prefix, boolean cleanup) implements Decoder {}

    /** The suffix ends a word. */
    record WordSuffix(String suffix) implements Decoder {}

    /** Connectionist temporal classification: repeated and padding tokens vanish. */
    record Ctc(String pad, String wordDelimiter, boolean cleanup) implements Decoder {}

    /** Without a decoder: tokens with spaces between them. */
    record Spaced() implements Decoder {}
}
