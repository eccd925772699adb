package tokamak.grammar;

import java.util.Arrays;
import java.util.OptionalInt;
import tokamak.text.Vocabulary;

/**
 * The bytes of all tokens, special ones as {@link SpecialTokens} writes them, and the tokens in the order of their bytes.
 * Tokens that are in no text (without bytes, or with bytes that UTF-8 does not have) are left out.
 */
final class TokenTable {
    static final int NONE = -1;

    private final byte[] bytes; // of all tokens, by id
    private final int[] starts; // [numTokens + 1]
    private final int[] sorted; // ids
    private final int[] twin; // [numTokens]: the next id with the same bytes, or NONE
    private final boolean[] special;
    final int numTokens;

    TokenTable(Vocabulary vocabulary, int numTokens) {
        this.numTokens = numTokens;
        this.special = new boolean[numTokens];
        this.starts = new int[numTokens + 1];
        byte[] all = new byte[8 * numTokens];
        int count = 0;
        for (int id = 0; id < numTokens; id++) {
            special[id] = vocabulary.isSpecial(id);
            byte[] own = special[id] ? SpecialTokens.bytes(id) : textOf(vocabulary, id);
            if (count + own.length > all.length) {
                all = Arrays.copyOf(all, Math.max(count + own.length, 2 * all.length));
            }
            System.arraycopy(own, 0, all, count, own.length);
            count += own.length;
            starts[id + 1] = count;
        }
        this.bytes = Arrays.copyOf(all, count);
        this.sorted = sort();
        this.twin = new int[numTokens];
        Arrays.fill(twin, NONE);
        for (int i = 1; i < sorted.length; i++) {
            int length = length(sorted[i]);
            if (length(sorted[i - 1]) == length && common(sorted[i - 1], sorted[i]) == length) {
                twin[sorted[i - 1]] = sorted[i];
            }
        }
    }

    private static byte[] textOf(Vocabulary vocabulary, int id) {
        byte[] own = vocabulary.bytes(id);
        for (byte b : own) {
            if ((b & 0xff) >= SpecialTokens.FIRST_NO_TEXT) {
                return new byte[0];
            }
        }
        return own;
    }

    private int[] sort() {
        Integer[] ids = new Integer[numTokens];
        int count = 0;
        for (int id = 0; id < numTokens; id++) {
            if (length(id) > 0) {
                ids[count++] = id;
            }
        }
        Arrays.sort(ids, 0, count, (a, b) -> {
            int order = Arrays.compareUnsigned(bytes, starts[a], starts[a + 1], bytes, starts[b], starts[b + 1]);
            return order != 0 ? order : Integer.compare(a, b);
        });
        int[] result = new int[count];
        for (int i = 0; i < count; i++) {
            result[i] = ids[i];
        }
        return result;
    }

    boolean isSpecial(int id) {
        return special[id];
    }

    int length(int id) {
        return starts[id + 1] - starts[id];
    }

    int byteAt(int id, int index) {
        return bytes[starts[id] + index] & 0xff;
    }

    /** Ids in the order of their bytes, those of equal tokens ascending. */
    int[] sorted() {
        return sorted;
    }

    /** Bytes that two tokens begin with alike. */
    int common(int a, int b) {
        int mismatch = Arrays.mismatch(bytes, starts[a], starts[a + 1], bytes, starts[b], starts[b + 1]);
        return mismatch < 0 ? length(a) : mismatch;
    }

    /** Whether the bytes of the tokens from {@code first} on, one after another, are the text's. */
    boolean spells(int[] ids, int first, byte[] text, int length) {
        int at = 0;
        for (int i = first; i < ids.length; i++) {
            int id = ids[i];
            int from = id < numTokens ? starts[id] : 0;
            int to = id < numTokens ? starts[id + 1] : 0;
            if (from == to || at + to - from > length || !Arrays.equals(bytes, from, to, text, at, at + to - from)) {
                return false;
            }
            at += to - from;
        }
        return at == length;
    }

    /** The first token that is just this byte. */
    OptionalInt tokenOf(byte value) {
        for (int id : sorted) {
            if (length(id) == 1 && bytes[starts[id]] == value) {
                return OptionalInt.of(id);
            }
        }
        return OptionalInt.empty();
    }

    /** Sets the bits of a token and of those that have the same bytes and a higher id. */
    void mark(int first, long[] mask) {
        for (int id = first; id != NONE; id = twin[id]) {
            mask[id >>> 6] |= 1L << id;
        }
    }

    /** Words of a mask with a bit for every token. */
    int numWords() {
        return (numTokens + 63) >>> 6;
    }
}
