package tokamak.text;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The most probable way to cut a word into pieces (Kudo 2018), found by Viterbi's algorithm. What no piece covers costs
 * ten more than the least probable piece and becomes the unknown token, or its bytes.
 */
final class Unigram implements TokenModel {
    private static final double UNKNOWN_PENALTY = 10;

    private final Pieces pieces;
    private final double[] scores; // [size], natural logarithms
    private final CharTrie trie;
    private final double unknownScore;
    private final int unknownId; // -1: unknown characters vanish
    private final int @Nullable [] idOfByte;

    Unigram(Pieces pieces, CharTrie trie, double[] scores, double lowestScore, int unknownId, boolean byteFallback) {
        this.pieces = pieces;
        this.trie = trie;
        this.scores = scores;
        this.unknownId = unknownId;
        unknownScore = lowestScore - UNKNOWN_PENALTY;
        if (byteFallback) {
            idOfByte = new int[256];
            for (int b = 0; b < 256; b++) {
                idOfByte[b] = pieces.find(Bpe.byteToken(b));
            }
        } else {
            idOfByte = null;
        }
    }

    @Override
    public Pieces pieces() {
        return pieces;
    }

    @Override
    public void encode(String text, int from, int to, Scratch scratch) {
        int n = to - from;
        if (n == 0) {
            return;
        }
        scratch.ensureLinks(n + 1);
        if (scratch.scores.length < n + 1) {
            scratch.scores = new double[n + 1];
        }
        int[] start = scratch.previous; // where the best piece that ends here begins, -1 none
        int[] best = scratch.next; // its id, -1 unknown
        double[] score = scratch.scores;
        Arrays.fill(start, 0, n + 1, -1);
        score[0] = 0;
        forward(text, from, n, start, best, score);
        collect(text, from, n, start, best, scratch);
    }

    private void forward(String text, int from, int n, int[] start, int[] best, double[] score) {
        int width;
        for (int i = 0; i < n; i += width) {
            width = Character.isHighSurrogate(text.charAt(from + i)) && i + 1 < n ? 2 : 1;
            double here = score[i];
            boolean single = false;
            int node = 0;
            for (int k = i; k < n; k++) {
                node = trie.child(node, text.charAt(from + k));
                if (node == 0) {
                    break;
                }
                int id = trie.value(node);
                if (id >= 0) {
                    double candidate = here + scores[id];
                    if (start[k + 1] < 0 || candidate > score[k + 1]) {
                        score[k + 1] = candidate;
                        start[k + 1] = i;
                        best[k + 1] = id;
                    }
                    single |= k + 1 - i == width;
                }
            }
            int end = i + width;
            if (!single && (start[end] < 0 || here + unknownScore > score[end])) {
                score[end] = here + unknownScore;
                start[end] = i;
                best[end] = -1;
            }
        }
    }

    /** Follows the best path back, then walks it forwards; neighbouring unknown characters are taken together. */
    private void collect(String text, int from, int n, int[] start, int[] best, Scratch scratch) {
        scratch.numSymbols = 0;
        for (int end = n; end > 0; end = start[end]) {
            scratch.addSymbol(end);
        }
        int at = 0;
        int unknownFrom = -1;
        for (int k = scratch.numSymbols - 1; k >= 0; k--) {
            int end = scratch.symbols[k];
            int id = best[end];
            if (id < 0 || id == unknownId) {
                unknownFrom = unknownFrom < 0 ? at : unknownFrom;
            } else {
                flushUnknown(text, from, unknownFrom, at, scratch);
                unknownFrom = -1;
                scratch.out.add(id);
            }
            at = end;
        }
        flushUnknown(text, from, unknownFrom, at, scratch);
    }

    private void flushUnknown(String text, int from, int start, int end, Scratch scratch) {
        if (start < 0) {
            return;
        }
        scratch.setUtf8(text, from + start, from + end);
        int whole = pieces.find(scratch.bytes, 0, scratch.numBytes);
        if (whole >= 0) {
            scratch.out.add(whole);
        } else if (idOfByte != null && allBytesKnown(scratch)) {
            for (int i = 0; i < scratch.numBytes; i++) {
                scratch.out.add(idOfByte[scratch.bytes[i] & 0xFF]);
            }
        } else if (unknownId >= 0) {
            scratch.out.add(unknownId);
        }
    }

    private boolean allBytesKnown(Scratch scratch) {
        for (int i = 0; i < scratch.numBytes; i++) {
            if (idOfByte == null || idOfByte[scratch.bytes[i] & 0xFF] < 0) {
                return false;
            }
        }
        return true;
    }
}
