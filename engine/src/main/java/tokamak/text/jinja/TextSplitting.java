package tokamak.text.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The string methods that take a text apart. */
final class TextSplitting {
    private static final String LINE_BREAKS = "\n\r\u000b\f\u001c\u001d\u001e\u0085\u2028\u2029";

    private TextSplitting() {}

    static Object split(Interpreter in, String text, Args args) {
        Args.Bound bound = args.bind("split", 0, "sep", "maxsplit");
        int max = bound.integer(1, -1);
        int limit = max < 0 ? Integer.MAX_VALUE : max;
        Budget budget = in.budget();
        budget.cells(text.length());
        if (bound.or(0, null) == null) {
            return words(text, limit, budget);
        }
        String separator = separator(bound.string(0));
        List<@Nullable Object> parts = new ArrayList<>();
        int from = 0;
        for (int at;
                parts.size() < limit && (at = TextSearch.indexOf(text, separator, from, budget)) >= 0;
                from = at + separator.length()) {
            budget.elements(1);
            parts.add(text.substring(from, at));
        }
        parts.add(text.substring(from));
        return parts;
    }

    static Object rsplit(Interpreter in, String text, Args args) {
        Args.Bound bound = args.bind("rsplit", 0, "sep", "maxsplit");
        int max = bound.integer(1, -1);
        int limit = max < 0 ? Integer.MAX_VALUE : max;
        Budget budget = in.budget();
        budget.cells(text.length());
        if (bound.or(0, null) == null) {
            return wordsFromEnd(text, limit, budget);
        }
        String separator = separator(bound.string(0));
        List<@Nullable Object> parts = new ArrayList<>();
        int to = text.length();
        while (parts.size() < limit) {
            int at = to < separator.length()
                    ? -1
                    : TextSearch.lastIndexOf(text, separator, to - separator.length(), budget);
            if (at < 0) {
                break;
            }
            budget.elements(1);
            parts.add(text.substring(at + separator.length(), to));
            to = at;
        }
        parts.add(text.substring(0, to));
        Collections.reverse(parts);
        return parts;
    }

    private static String separator(String separator) {
        if (separator.isEmpty()) {
            throw JinjaException.valueError("empty separator");
        }
        return separator;
    }

    private static List<@Nullable Object> words(String text, int limit, Budget budget) {
        List<@Nullable Object> words = new ArrayList<>();
        int end = text.length();
        int at = 0;
        while (true) {
            while (at < end && PyText.isSpace(text.charAt(at))) {
                at++;
            }
            if (at == end) {
                return words;
            }
            budget.elements(1);
            int start = at;
            if (words.size() == limit) {
                words.add(text.substring(start));
                return words;
            }
            while (at < end && !PyText.isSpace(text.charAt(at))) {
                at++;
            }
            words.add(text.substring(start, at));
        }
    }

    private static List<@Nullable Object> wordsFromEnd(String text, int limit, Budget budget) {
        List<@Nullable Object> words = new ArrayList<>();
        int at = text.length();
        while (true) {
            while (at > 0 && PyText.isSpace(text.charAt(at - 1))) {
                at--;
            }
            if (at == 0) {
                break;
            }
            budget.elements(1);
            int end = at;
            while (at > 0 && (words.size() == limit || !PyText.isSpace(text.charAt(at - 1)))) {
                at--;
            }
            words.add(text.substring(at, end));
        }
        Collections.reverse(words);
        return words;
    }

    static Object splitlines(Interpreter in, String text, Args args) {
        boolean keepEnds = args.bind("splitlines", 0, "keepends").flag(0, false);
        Budget budget = in.budget();
        budget.cells(text.length());
        List<@Nullable Object> lines = new ArrayList<>();
        int start = 0;
        for (int i = 0; i < text.length(); i++) {
            if (LINE_BREAKS.indexOf(text.charAt(i)) < 0) {
                continue;
            }
            int next = text.startsWith("\r\n", i) ? i + 2 : i + 1;
            budget.elements(1);
            lines.add(text.substring(start, keepEnds ? next : i));
            start = next;
            i = next - 1;
        }
        if (start < text.length()) {
            lines.add(text.substring(start));
        }
        return lines;
    }

    static Object partition(Interpreter in, String text, Args args) {
        String separator = separator(args.bind("partition", 1, "sep").string(0));
        int at = TextSearch.indexOf(text, separator, 0, in.budget());
        in.budget().cells(text.length());
        return at < 0 ? Tuple.of(text, "", "") : parts(text, at, separator);
    }

    static Object rpartition(Interpreter in, String text, Args args) {
        String separator = separator(args.bind("rpartition", 1, "sep").string(0));
        int at = TextSearch.lastIndexOf(text, separator, text.length(), in.budget());
        in.budget().cells(text.length());
        return at < 0 ? Tuple.of("", "", text) : parts(text, at, separator);
    }

    private static Tuple parts(String text, int at, String separator) {
        return Tuple.of(text.substring(0, at), separator, text.substring(at + separator.length()));
    }
}
