package tokamak.text;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Byte-pair encoding (Sennrich et al. 2016) with the rules of the Hugging Face library: start from single characters,
 * join the pair of lowest rank, the leftmost of equals, until none is left. Serves byte-level vocabularies and
 * SentencePiece ones with byte fallback alike.
 */
final class Bpe implements TokenModel {
    /** SentencePiece's visible space. */
    static final char MARK = '▁';

    /** Up to here a scan of all pairs is faster than a queue. */
    private static final int SHORT_WORD = 40;

    /**
     * What a vocabulary does besides merging.
     *
     * @param unknownId the token for characters that are not in the vocabulary, or -1: they vanish
     * @param fuseUnknown neighbouring unknown characters become one token
     * @param byteFallback unknown characters become the tokens {@code <0x00>} to {@code <0xFF>} of their bytes
     * @param wholeWords a word that is itself a token is not taken apart, whatever the merges say
     * @param byteLevel words arrive as plain text and are spelled in {@link ByteAlphabet} here
     * @param continuingPrefix stands before every character but the first
     * @param endSuffix stands after the last character
     */
    record Rules(
            int unknownId,
            boolean fuseUnknown,
            boolean byteFallback,
            boolean wholeWords,
            boolean byteLevel,
            String continuingPrefix,
            String endSuffix) {
        Rules asByteLevel() {
            return new Rules(unknownId, fuseUnknown, byteFallback, wholeWords, true, continuingPrefix, endSuffix);
        }
    }

    private final Pieces pieces;
    private final MergeTable merges;
    private final Rules rules;
    private final int[] idOfLow; // code points below 0x800
    private final int @Nullable [] idOfByte; // byte fallback, null unless all 256 are there or some are
    private final boolean plain; // no prefix, no suffix
    private final boolean marksJoin;

    /** @param marksJoin some merge joins a {@link #MARK} to something else before it, or joins byte tokens */
    Bpe(Pieces pieces, MergeTable merges, boolean marksJoin, Rules rules) {
        this.marksJoin = marksJoin;
        this.pieces = pieces;
        this.merges = merges;
        this.rules = rules;
        plain = rules.continuingPrefix.isEmpty() && rules.endSuffix.isEmpty();
        idOfLow = new int[0x800];
        for (int c = 0; c < idOfLow.length; c++) {
            idOfLow[c] = pieces.find(String.valueOf((char) c));
        }
        if (rules.byteFallback) {
            idOfByte = new int[256];
            for (int b = 0; b < 256; b++) {
                idOfByte[b] = pieces.find(byteToken(b));
            }
        } else {
            idOfByte = null;
        }
    }

    static String byteToken(int b) {
        return String.format(Locale.ROOT, "<0x%02X>", b);
    }

    @Override
    public Pieces pieces() {
        return pieces;
    }

    Rules rules() {
        return rules;
    }

    /** The same model for words that arrive as plain text instead of spelled in {@link ByteAlphabet}. */
    Bpe asByteLevel() {
        return new Bpe(pieces, merges, marksJoin, rules.asByteLevel());
    }

    @Override
    public void encode(String text, int from, int to, Scratch scratch) {
        spell(text, from, to, scratch);
        if (rules.wholeWords) {
            int id = pieces.find(scratch.bytes, 0, scratch.numBytes);
            if (id >= 0) {
                scratch.out.add(id);
                return;
            }
        }
        scratch.numSymbols = 0;
        addSymbols(scratch);
        if (scratch.numSymbols <= SHORT_WORD) {
            mergeShort(scratch);
        } else {
            mergeLong(scratch);
        }
    }

    private void spell(String text, int from, int to, Scratch scratch) {
        scratch.setUtf8(text, from, to);
        if (!rules.byteLevel) {
            return;
        }
        int n = scratch.numBytes;
        byte[] spelled = new byte[n * 2];
        int used = 0;
        for (int i = 0; i < n; i++) {
            char c = ByteAlphabet.charOf(scratch.bytes[i]);
            if (c < 0x80) {
                spelled[used++] = (byte) c;
            } else {
                spelled[used++] = (byte) (0xC0 | c >> 6);
                spelled[used++] = (byte) (0x80 | c & 0x3F);
            }
        }
        scratch.ensureBytes(used);
        System.arraycopy(spelled, 0, scratch.bytes, 0, used);
        scratch.numBytes = used;
    }

    /** One symbol per character; unknown ones by the vocabulary's rules. */
    private void addSymbols(Scratch scratch) {
        byte[] bytes = scratch.bytes;
        int end = scratch.numBytes;
        boolean unknownPending = false;
        for (int i = 0; i < end; ) {
            int length = utf8Length(bytes[i]);
            int id = plain ? idOfCharacter(bytes, i, length) : idOfDecorated(bytes, i, length, end);
            if (id >= 0) {
                if (unknownPending) {
                    scratch.addSymbol(rules.unknownId);
                    unknownPending = false;
                }
                scratch.addSymbol(id);
            } else if (!addBytes(scratch, i, length) && rules.unknownId >= 0) {
                if (unknownPending && !rules.fuseUnknown) {
                    scratch.addSymbol(rules.unknownId);
                }
                unknownPending = true;
            }
            i += length;
        }
        if (unknownPending) {
            scratch.addSymbol(rules.unknownId);
        }
    }

    static int utf8Length(byte lead) {
        if (lead >= 0) {
            return 1;
        }
        return (lead & 0xE0) == 0xC0 ? 2 : (lead & 0xF0) == 0xE0 ? 3 : 4;
    }

    private int idOfCharacter(byte[] bytes, int at, int length) {
        if (length == 1) {
            return idOfLow[bytes[at]];
        }
        if (length == 2) {
            return idOfLow[(bytes[at] & 0x1F) << 6 | bytes[at + 1] & 0x3F];
        }
        return pieces.find(bytes, at, at + length);
    }

    private int idOfDecorated(byte[] bytes, int at, int length, int end) {
        String s = new String(bytes, at, length, java.nio.charset.StandardCharsets.UTF_8);
        if (at > 0) {
            s = rules.continuingPrefix + s;
        }
        if (at + length == end) {
            s = s + rules.endSuffix;
        }
        return pieces.find(s);
    }

    private boolean addBytes(Scratch scratch, int at, int length) {
        if (idOfByte == null) {
            return false;
        }
        for (int k = 0; k < length; k++) {
            if (idOfByte[scratch.bytes[at + k] & 0xFF] < 0) {
                return false;
            }
        }
        for (int k = 0; k < length; k++) {
            scratch.addSymbol(idOfByte[scratch.bytes[at + k] & 0xFF]);
        }
        return true;
    }

    private void mergeShort(Scratch scratch) {
        int[] symbols = scratch.symbols;
        int[] slots = scratch.slots;
        int n = scratch.numSymbols;
        for (int i = 0; i + 1 < n; i++) {
            slots[i] = merges.slot(symbols[i], symbols[i + 1]);
        }
        while (n > 1) {
            int best = MergeTable.NONE;
            int at = -1;
            for (int i = 0; i + 1 < n; i++) {
                int rank = merges.rank(slots[i]);
                if (rank < best) {
                    best = rank;
                    at = i;
                }
            }
            if (at < 0) {
                break;
            }
            symbols[at] = merges.result(slots[at]);
            System.arraycopy(symbols, at + 2, symbols, at + 1, n - at - 2);
            System.arraycopy(slots, at + 2, slots, at + 1, n - at - 2);
            n--;
            if (at > 0) {
                slots[at - 1] = merges.slot(symbols[at - 1], symbols[at]);
            }
            if (at + 1 < n) {
                slots[at] = merges.slot(symbols[at], symbols[at + 1]);
            }
        }
        for (int i = 0; i < n; i++) {
            scratch.out.add(symbols[i]);
        }
    }

    /** A linked list of symbols and a queue of pairs by (rank, position): n log n. Stale pairs are skipped when they come up. */
    private void mergeLong(Scratch scratch) {
        int n = scratch.numSymbols;
        scratch.ensureLinks(n);
        int[] symbols = scratch.symbols;
        int[] next = scratch.next;
        int[] previous = scratch.previous;
        for (int i = 0; i < n; i++) {
            previous[i] = i - 1;
            next[i] = i + 1 < n ? i + 1 : -1;
        }
        for (int i = 0; i + 1 < n; i++) {
            offer(scratch, i, i + 1);
        }
        while (!scratch.heap.isEmpty()) {
            long first = scratch.heap.removeFirst();
            int at = (int) first;
            int right = symbols[at] < 0 ? -1 : next[at];
            if (right < 0) {
                continue;
            }
            int slot = merges.slot(symbols[at], symbols[right]);
            if (merges.rank(slot) != (int) (first >>> 32)) {
                continue;
            }
            symbols[at] = merges.result(slot);
            symbols[right] = -1;
            next[at] = next[right];
            if (next[at] >= 0) {
                previous[next[at]] = at;
                offer(scratch, at, next[at]);
            }
            if (previous[at] >= 0) {
                offer(scratch, previous[at], at);
            }
        }
        for (int i = 0; i >= 0; i = next[i]) {
            scratch.out.add(symbols[i]);
        }
    }

    private void offer(Scratch scratch, int left, int right) {
        int rank = merges.rank(merges.slot(scratch.symbols[left], scratch.symbols[right]));
        if (rank != MergeTable.NONE) {
            scratch.heap.add((long) rank << 32 | left);
        }
    }

    /**
     * Whether a text may be cut before every {@link #MARK} that does not follow another one, without changing the result:
     * no merge reaches across such a place, and no other rule looks beyond it.
     */
    boolean mayCutBeforeMark() {
        return plain && !rules.wholeWords && !rules.byteLevel && !marksJoin && pieces.find(String.valueOf(MARK)) >= 0;
    }

    static boolean isByteToken(String piece) {
        return piece.length() == 6
                && piece.startsWith("<0x")
                && piece.charAt(5) == '>'
                && Character.digit(piece.charAt(3), 16) >= 0
                && Character.digit(piece.charAt(4), 16) >= 0;
    }
}
