package tokamak.text;

import java.util.Arrays;
import tokamak.file.ModelFormatException;

/** Pieces with ids and perhaps scores while a file is being read. */
final class Vocab {
    private static final int MAX_ID = 1 << 24;

    private String[] pieces = new String[1024];
    private int[] ids = new int[1024];
    private double[] scores = new double[1024];
    private int count;
    private int size;

    void add(String piece, long id, double score, String where) throws ModelFormatException {
        if (id < 0 || id >= MAX_ID) {
            throw new ModelFormatException(where + ": expected the id of '" + shorten(piece) + "' to be from 0 to "
                    + (MAX_ID - 1) + ", found " + id + ".");
        }
        if (count == pieces.length) {
            pieces = Arrays.copyOf(pieces, count * 2);
            ids = Arrays.copyOf(ids, count * 2);
            scores = Arrays.copyOf(scores, count * 2);
        }
        pieces[count] = piece;
        ids[count] = (int) id;
        scores[count++] = score;
        size = Math.max(size, (int) id + 1);
    }

    static String shorten(String text) {
        return text.length() <= 40 ? text : text.substring(0, 40) + "…";
    }

    int count() {
        return count;
    }

    /** The finished pieces. Ids must lie dense enough that their range costs no more than the pieces do. */
    Pieces pieces(String where) throws ModelFormatException {
        if (count == 0) {
            throw new ModelFormatException(where + ": expected a vocabulary, found an empty one.");
        }
        if (size > 8L * count + (1 << 16)) {
            throw new ModelFormatException(
                    where + ": expected ids near the number of pieces, " + count + ", found " + (size - 1) + ".");
        }
        return Pieces.of(Arrays.copyOf(pieces, count), Arrays.copyOf(ids, count), size);
    }

    /** [size] */
    double[] scores() {
        double[] byId = new double[size];
        for (int i = 0; i < count; i++) {
            byId[ids[i]] = scores[i];
        }
        return byId;
    }

    /** A model that finds the most probable cut. Ids for which {@code matches} is false are not found in text. */
    Unigram unigram(
            Pieces built, double lowest, int unknownId, boolean byteFallback, java.util.function.IntPredicate matches) {
        java.util.TreeMap<String, Integer> byPiece = new java.util.TreeMap<>();
        for (int i = 0; i < count; i++) {
            if (!pieces[i].isEmpty() && matches.test(ids[i])) {
                byPiece.put(pieces[i], ids[i]);
            }
        }
        String[] sorted = byPiece.keySet().toArray(String[]::new);
        int[] values = byPiece.values().stream().mapToInt(Integer::intValue).toArray();
        return new Unigram(built, new CharTrie(sorted, values), scores(), lowest, unknownId, byteFallback);
    }
}
