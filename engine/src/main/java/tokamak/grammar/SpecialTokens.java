package tokamak.grammar;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import tokamak.text.Vocabulary;

/**
 * Writes special tokens among the bytes of a text: a byte that is in no UTF-8 text, then the id in digits. An expression can
 * thus ask for a special token, and no expression over characters can match one.
 */
final class SpecialTokens {
    /** Bytes from here up are in no UTF-8 text. */
    static final int FIRST_NO_TEXT = 0xf8;

    private static final int MARK = 0xff;

    /** Bytes of a special token. */
    static final int LENGTH = 8;

    private final Map<Integer, Map<String, Integer>> byFirstChar = new HashMap<>();
    private final int maxLength;
    private final Vocabulary vocabulary;
    private final int numTokens;

    SpecialTokens(Vocabulary vocabulary, int numTokens) {
        this.vocabulary = vocabulary;
        this.numTokens = numTokens;
        int longest = 0;
        for (int id = 0; id < numTokens; id++) {
            String piece = vocabulary.piece(id);
            if (!vocabulary.isSpecial(id) || piece.isEmpty()) {
                continue;
            }
            byFirstChar
                    .computeIfAbsent((int) piece.charAt(0), key -> new HashMap<>())
                    .putIfAbsent(piece, id);
            longest = Math.max(longest, piece.length());
        }
        this.maxLength = longest;
    }

    static byte[] bytes(int id) {
        byte[] bytes = String.format(Locale.ROOT, "?%07d", id).getBytes(StandardCharsets.US_ASCII);
        bytes[0] = (byte) MARK;
        return bytes;
    }

    /** The id that {@link #bytes(int)} begin with. */
    static int id(byte[] bytes) {
        int id = 0;
        for (int i = 1; i < LENGTH; i++) {
            id = 10 * id + bytes[i] - '0';
        }
        return id;
    }

    /** The bytes of a token, special or not. */
    byte[] encode(int id) {
        if (id < 0 || id >= numTokens) {
            throw new GrammarException("there is no token " + id + ", the model's ids are 0 to " + (numTokens - 1));
        }
        return vocabulary.isSpecial(id) ? bytes(id) : vocabulary.bytes(id);
    }

    /** The bytes of a text in which spellings of special tokens mean those tokens. */
    byte[] encode(String text) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(text.length() + 8);
        int plainFrom = 0;
        int at = 0;
        while (at < text.length()) {
            int length = lengthOfSpecial(text, at);
            if (length == 0) {
                at++;
                continue;
            }
            bytes.writeBytes(text.substring(plainFrom, at).getBytes(StandardCharsets.UTF_8));
            bytes.writeBytes(bytes(idOf(text.substring(at, at + length)).orElseThrow()));
            at += length;
            plainFrom = at;
        }
        bytes.writeBytes(text.substring(plainFrom).getBytes(StandardCharsets.UTF_8));
        return bytes.toByteArray();
    }

    /** The bytes of two texts, each encoded by itself. */
    byte[] encode(String first, String second) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(encode(first));
        bytes.writeBytes(encode(second));
        return bytes.toByteArray();
    }

    OptionalInt idOf(String piece) {
        Map<String, Integer> pieces = piece.isEmpty() ? null : byFirstChar.get((int) piece.charAt(0));
        Integer id = pieces == null ? null : pieces.get(piece);
        return id == null ? OptionalInt.empty() : OptionalInt.of(id);
    }

    /** Whether some special token is spelled in the text. */
    boolean occurIn(String text) {
        for (int at = 0; at < text.length(); at++) {
            if (lengthOfSpecial(text, at) > 0) {
                return true;
            }
        }
        return false;
    }

    private int lengthOfSpecial(String text, int at) {
        Map<String, Integer> pieces = byFirstChar.get((int) text.charAt(at));
        if (pieces != null) {
            for (int length = Math.min(maxLength, text.length() - at); length > 0; length--) {
                if (pieces.containsKey(text.substring(at, at + length))) {
                    return length;
                }
            }
        }
        return 0;
    }
}
