package tokamak.text;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import tokamak.file.ModelFormatException;

/** Collects the merges of a file for {@link Bpe}. */
final class Merges {
    private static final byte[] MARK = String.valueOf(Bpe.MARK).getBytes(StandardCharsets.UTF_8);

    private final Pieces pieces;
    private final MergeTable table;
    private final boolean byteFallback;
    private boolean marksJoin;

    Merges(Pieces pieces, int capacity, boolean byteFallback) {
        this.pieces = pieces;
        this.byteFallback = byteFallback;
        table = new MergeTable(capacity);
    }

    MergeTable table() {
        return table;
    }

    boolean marksJoin() {
        return marksJoin;
    }

    /**
     * Two pieces become what they spell together.
     *
     * @param prefix length of the prefix that the right one loses
     * @return false, and nothing happens, if one of the three is not in the vocabulary
     */
    boolean add(byte[] left, byte[] right, int prefix, int rank) {
        byte[] both = Arrays.copyOf(left, left.length + Math.max(0, right.length - prefix));
        System.arraycopy(right, Math.min(prefix, right.length), both, left.length, both.length - left.length);
        int leftId = pieces.find(left, 0, left.length);
        int rightId = pieces.find(right, 0, right.length);
        int result = pieces.find(both, 0, both.length);
        if (leftId < 0 || rightId < 0 || result < 0) {
            return false;
        }
        put(left, leftId, right, rightId, rank, result);
        return true;
    }

    private void put(byte[] left, int leftId, byte[] right, int rightId, int rank, int result) {
        table.put(leftId, rightId, rank, result);
        marksJoin |= startsWithMark(right) && !endsWithMark(left);
        marksJoin |= byteFallback && (isByte(left) || isByte(right));
    }

    private static boolean startsWithMark(byte[] piece) {
        return piece.length >= 3 && Arrays.equals(piece, 0, 3, MARK, 0, 3);
    }

    private static boolean endsWithMark(byte[] piece) {
        return piece.length >= 3 && Arrays.equals(piece, piece.length - 3, piece.length, MARK, 0, 3);
    }

    private static boolean isByte(byte[] piece) {
        return piece.length == 6 && piece[0] == '<' && Bpe.isByteToken(new String(piece, StandardCharsets.UTF_8));
    }

    /** A merge written as two pieces with a space between them. */
    void addLine(String line, int prefix, int rank, String where) throws ModelFormatException {
        int space = line.indexOf(' ', 1);
        if (space < 0 || space == line.length() - 1) {
            throw new ModelFormatException(where + ": expected two pieces with a space between them as merge " + rank
                    + ", found '" + line + "'.");
        }
        addPair(line.substring(0, space), line.substring(space + 1), prefix, rank, where);
    }

    void addPair(String left, String right, int prefix, int rank, String where) throws ModelFormatException {
        if (!add(left.getBytes(StandardCharsets.UTF_8), right.getBytes(StandardCharsets.UTF_8), prefix, rank)) {
            throw new ModelFormatException(where + ": expected merge " + rank
                    + " to join pieces of the vocabulary to a piece of the vocabulary, found '" + left + "' and '"
                    + right + "', one of which or whose union is missing.");
        }
    }

    /**
     * The merges that a SentencePiece vocabulary implies: any two pieces whose union is a piece may be joined; the union
     * with the highest score goes first, of equal scores the leftmost.
     */
    static Merges implied(Pieces pieces, double[] scores, boolean byteFallback) {
        int[] rankOf = ranks(pieces, scores);
        Merges merges = new Merges(pieces, pieces.size() * 2, byteFallback);
        for (int id = 0; id < pieces.size(); id++) {
            byte[] piece = pieces.bytes(id);
            if (piece.length == 0 || pieces.find(piece, 0, piece.length) != id) {
                continue;
            }
            for (int cut = 1; cut < piece.length; cut++) {
                if ((piece[cut] & 0xC0) == 0x80) {
                    continue;
                }
                int left = pieces.find(piece, 0, cut);
                int right = left < 0 ? -1 : pieces.find(piece, cut, piece.length);
                if (right >= 0) {
                    byte[] leftBytes = Arrays.copyOf(piece, cut);
                    byte[] rightBytes = Arrays.copyOfRange(piece, cut, piece.length);
                    merges.put(leftBytes, left, rightBytes, right, rankOf[id], id);
                }
            }
        }
        return merges;
    }

    /** Rank of every id by descending score; equal scores share a rank. */
    private static int[] ranks(Pieces pieces, double[] scores) {
        double[] distinct = Arrays.stream(scores).distinct().sorted().toArray();
        int[] ranks = new int[pieces.size()];
        for (int id = 0; id < ranks.length; id++) {
            ranks[id] = distinct.length - Arrays.binarySearch(distinct, scores[id]);
        }
        return ranks;
    }
}
