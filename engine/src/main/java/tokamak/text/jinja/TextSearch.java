package tokamak.text.jinja;

/**
 * Finds one text in another in linear time. The JDK's search is fast for usual patterns but compares every position
 * with the whole pattern in the worst case, which a hostile template can arrange; long patterns are searched with
 * Knuth, Morris and Pratt's failure table instead.
 */
final class TextSearch {
    private static final int SHORT = 64;

    private TextSearch() {}

    /** The first occurrence at or behind {@code from}, or -1. */
    static int indexOf(String text, String part, int from, Budget budget) {
        if (part.length() <= SHORT) {
            int found = text.indexOf(part, from);
            budget.scan((found < 0 ? text.length() : found) - (long) from + part.length());
            return found;
        }
        budget.scan((long) text.length() - from + part.length());
        if (part.length() > text.length() - from) {
            return -1;
        }
        int[] failure = failure(part, budget);
        int matched = 0;
        for (int i = from; i < text.length(); i++) {
            matched = advance(part, failure, matched, text.charAt(i));
            if (matched == part.length()) {
                return i + 1 - matched;
            }
        }
        return -1;
    }

    /** The last occurrence that begins at or before {@code from}, or -1. */
    static int lastIndexOf(String text, String part, int from, Budget budget) {
        if (part.length() <= SHORT) {
            int found = text.lastIndexOf(part, from);
            budget.scan((long) from - Math.max(0, found) + part.length());
            return found;
        }
        budget.scan((long) text.length() + part.length());
        if (part.length() > text.length()) {
            return -1;
        }
        int[] failure = failure(part, budget);
        int matched = 0;
        int found = -1;
        for (int i = 0; i < Math.min((long) text.length(), (long) from + part.length()); i++) {
            matched = advance(part, failure, matched, text.charAt(i));
            if (matched == part.length()) {
                found = i + 1 - matched;
                matched = failure[matched - 1];
            }
        }
        return found;
    }

    /** For every prefix, the length of its longest proper prefix that is also its suffix. */
    private static int[] failure(String part, Budget budget) {
        budget.cells(4L * part.length());
        int[] failure = new int[part.length()];
        int matched = 0;
        for (int i = 1; i < part.length(); i++) {
            matched = advance(part, failure, matched, part.charAt(i));
            failure[i] = matched;
        }
        return failure;
    }

    private static int advance(String part, int[] failure, int before, char c) {
        int matched = before == part.length() ? failure[before - 1] : before;
        while (matched > 0 && part.charAt(matched) != c) {
            matched = failure[matched - 1];
        }
        return part.charAt(matched) == c ? matched + 1 : matched;
    }
}
