package tokamak.text;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tokamak.file.ModelFormatException;

/**
 * SentencePiece's precompiled table of replacements: a double-array trie (Darts) over UTF-8 whose values point into a
 * block of zero-terminated strings. A unit holds a label, a flag "a value follows" and the offset of its children; any
 * index outside the array ends the search, so that a damaged table can do no harm.
 */
final class Charsmap {
    /** Replaces nothing. */
    static final Charsmap NONE = new Charsmap(new int[0], new byte[0]);

    private static final Pattern GRAPHEME = Pattern.compile("\\X");
    private static final int MAX_GRAPHEME_BYTES = 5; // longer ones are looked up by character

    private final int[] units;
    private final byte[] strings;

    private Charsmap(int[] units, byte[] strings) {
        this.units = units;
        this.strings = strings;
    }

    /** Four bytes with the size of the trie in bytes, little-endian; the trie; the strings. */
    static Charsmap parse(byte[] blob, String where) throws ModelFormatException {
        if (blob.length == 0) {
            return NONE;
        }
        ByteBuffer buffer = ByteBuffer.wrap(blob).order(ByteOrder.LITTLE_ENDIAN);
        long size = blob.length < 4 ? -1 : Integer.toUnsignedLong(buffer.getInt());
        if (size < 0 || size % 4 != 0 || size > blob.length - 4) {
            throw new ModelFormatException(where + ": expected a trie of a multiple of 4 bytes within " + blob.length
                    + " bytes, found a size of " + size + ".");
        }
        int[] units = new int[(int) size / 4];
        buffer.asIntBuffer().get(units);
        return new Charsmap(units, Arrays.copyOfRange(blob, 4 + (int) size, blob.length));
    }

    /**
     * Looks up whole graphemes if they are short, else their characters. Of the entries that begin the text looked up,
     * the shortest counts: that is how the Hugging Face library reads the table.
     */
    String byGrapheme(String text) {
        StringBuilder s = new StringBuilder(text.length() + 16);
        Matcher graphemes = GRAPHEME.matcher(text);
        for (int i = 0; i < text.length(); ) {
            int end = i + 1;
            // ASCII before ASCII is a grapheme by itself, except CR LF.
            boolean simple = text.charAt(i) < 0x80
                    && text.charAt(i) != '\r'
                    && (end == text.length() || text.charAt(end) < 0x80);
            if (!simple) {
                graphemes.region(i, text.length());
                end = graphemes.lookingAt() ? graphemes.end() : i + Character.charCount(text.codePointAt(i));
            }
            appendGrapheme(text.substring(i, end), s);
            i = end;
        }
        return s.toString();
    }

    private void appendGrapheme(String grapheme, StringBuilder s) {
        byte[] bytes = grapheme.getBytes(StandardCharsets.UTF_8);
        if (bytes.length <= MAX_GRAPHEME_BYTES) {
            long found = search(bytes, 0, 1);
            if (found >= 0) {
                appendString((int) found, s);
                return;
            }
        }
        grapheme.codePoints().forEach(c -> {
            byte[] one = Character.toString(c).getBytes(StandardCharsets.UTF_8);
            long found = search(one, 0, 1);
            if (found >= 0) {
                appendString((int) found, s);
            } else {
                s.appendCodePoint(c);
            }
        });
    }

    /** From left to right, the longest entry that begins here. */
    String byLongestMatch(String text) {
        if (units.length == 0) {
            return text;
        }
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        StringBuilder s = new StringBuilder(text.length() + 16);
        for (int i = 0; i < bytes.length; ) {
            long found = search(bytes, i, Integer.MAX_VALUE);
            if (found >= 0) {
                appendString((int) found, s);
                i += (int) (found >>> 32);
            } else {
                int length = Bpe.utf8Length(bytes[i]);
                s.append(new String(bytes, i, Math.min(length, bytes.length - i), StandardCharsets.UTF_8));
                i += length;
            }
        }
        return s.toString();
    }

    /** Length of an entry << 32 | its value, of the last of at most {@code wanted} entries that begin here; or -1. */
    private long search(byte[] key, int from, int wanted) {
        if (units.length == 0) {
            return -1;
        }
        long found = -1;
        int at = offset(units[0]);
        for (int i = from; i < key.length && wanted > 0; i++) {
            int label = key[i] & 0xFF;
            at ^= label;
            if (label == 0 || at < 0 || at >= units.length || (units[at] & 0x800000FF) != label) {
                break;
            }
            int unit = units[at];
            at ^= offset(unit);
            if ((unit >>> 8 & 1) == 1 && at >= 0 && at < units.length) {
                found = (long) (i + 1 - from) << 32 | units[at] & 0x7FFFFFFF;
                wanted--;
            }
        }
        return found;
    }

    private static int offset(int unit) {
        return (unit >>> 10) << ((unit & 1 << 9) >>> 6);
    }

    private void appendString(int at, StringBuilder s) {
        int end = at;
        while (end < strings.length && strings[end] != 0) {
            end++;
        }
        if (at < end) {
            s.append(new String(strings, at, end - at, StandardCharsets.UTF_8));
        }
    }
}
