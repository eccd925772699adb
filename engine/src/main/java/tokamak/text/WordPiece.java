package tokamak.text;

import java.nio.charset.StandardCharsets;

/** BERT's greedy longest match from the left; a word that cannot be covered, or is too long, is one unknown token. */
final class WordPiece implements TokenModel {
    private final Pieces pieces;
    private final int unknownId; // -1: such words vanish
    private final byte[] continuingPrefix;
    private final int maxCharacters;

    WordPiece(Pieces pieces, int unknownId, String continuingPrefix, int maxCharacters) {
        this.pieces = pieces;
        this.unknownId = unknownId;
        this.continuingPrefix = continuingPrefix.getBytes(StandardCharsets.UTF_8);
        this.maxCharacters = maxCharacters;
    }

    @Override
    public Pieces pieces() {
        return pieces;
    }

    @Override
    public void encode(String text, int from, int to, Scratch scratch) {
        scratch.numSymbols = 0;
        if (text.codePointCount(from, to) <= maxCharacters && match(text, from, to, scratch)) {
            for (int i = 0; i < scratch.numSymbols; i++) {
                scratch.out.add(scratch.symbols[i]);
            }
        } else if (unknownId >= 0) {
            scratch.out.add(unknownId);
        }
    }

    private boolean match(String text, int from, int to, Scratch scratch) {
        int start = from;
        while (start < to) {
            int prefix = start == from ? 0 : continuingPrefix.length;
            scratch.ensureBytes(prefix + pieces.longest() + 4);
            System.arraycopy(continuingPrefix, 0, scratch.bytes, 0, prefix);
            scratch.numBytes = prefix;
            // No piece has more characters than the longest has bytes.
            int end = Math.min(to, start + pieces.longest());
            scratch.appendUtf8(text, start, end);
            int length = scratch.numBytes;
            int id = -1;
            while (length > prefix && (id = pieces.find(scratch.bytes, 0, length)) < 0) {
                do {
                    length--;
                } while (length > prefix && (scratch.bytes[length] & 0xC0) == 0x80);
            }
            if (id < 0) {
                return false;
            }
            scratch.addSymbol(id);
            start += new String(scratch.bytes, prefix, length - prefix, StandardCharsets.UTF_8).length();
        }
        return true;
    }
}
