package tokamak.file;

import java.util.Optional;
import java.util.Set;

/** Finds the name somebody may have meant. Used on the way to an error only. */
public final class Similar {
    private static final int MAX_LENGTH = 256;

    private Similar() {}

    /** The candidate with the fewest changed characters, unless more than half would change. */
    public static Optional<String> nearest(String name, Set<String> candidates) {
        Optional<String> best = Optional.empty();
        int bestDistance = Math.min(name.length(), MAX_LENGTH) / 2 + 1;
        for (String candidate : candidates) {
            int gap = Math.abs(candidate.length() - name.length());
            if (gap < bestDistance && candidate.length() <= MAX_LENGTH && name.length() <= MAX_LENGTH) {
                int distance = distance(name, candidate);
                if (distance < bestDistance) {
                    bestDistance = distance;
                    best = Optional.of(candidate);
                }
            }
        }
        return best;
    }

    /** Levenshtein distance, one row of the table at a time. */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int substitution = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(substitution, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }
}
