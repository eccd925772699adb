package tokamak.text.jinja;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The {@code wordwrap} filter: fills lines of a given width with words, paragraph by paragraph. */
final class WordWrap {
    private WordWrap() {}

    static Object filter(Interpreter in, @Nullable Object value, Args args) {
        Args.Bound bound =
                args.bind("wordwrap", 0, "width", "break_long_words", "wrapstring", "break_on_hyphens");
        int width = bound.integer(0, 79);
        String lineBreak = bound.or(2, null) == null ? "\n" : bound.string(2);
        if (width <= 0) {
            throw JinjaException.valueError("invalid width " + width + " (must be > 0)");
        }
        String text = Numbers.requireString(value);
        StringBuilder out = new StringBuilder();
        String separator = "";
        for (Object line : Sequences.list(TextSplitting.splitlines(in, text, Args.NONE), in.budget())) {
            List<String> wrapped = wrap(
                    chunks(String.valueOf(line), bound.flag(3, true)), width, bound.flag(1, true), in.budget());
            String joined = String.join(lineBreak, wrapped);
            in.budget().cells(joined.length());
            out.append(separator).append(joined);
            separator = lineBreak;
        }
        return out.toString();
    }

    /** Runs of blanks, and words, the latter cut behind hyphens between letters. */
    private static List<String> chunks(String line, boolean atHyphens) {
        List<String> chunks = new ArrayList<>();
        int start = 0;
        for (int i = 1; i <= line.length(); i++) {
            boolean end = i == line.length() || isBlank(line.charAt(i)) != isBlank(line.charAt(i - 1));
            if (end || atHyphens && isHyphenBreak(line, start, i)) {
                chunks.add(line.substring(start, i));
                start = i;
            }
        }
        return chunks;
    }

    private static boolean isBlank(char c) {
        return c == ' ' || c >= '\t' && c <= '\r';
    }

    private static boolean isHyphenBreak(String line, int start, int at) {
        return line.charAt(at - 1) == '-'
                && at - 2 >= start + 1
                && Character.isLetter(line.charAt(at - 2))
                && Character.isLetter(line.charAt(at - 3))
                && at + 1 < line.length()
                && Character.isLetter(line.charAt(at))
                && Character.isLetter(line.charAt(at + 1));
    }

    private static List<String> wrap(List<String> chunks, int width, boolean breakLong, Budget budget) {
        List<String> lines = new ArrayList<>();
        int next = 0;
        String pending = null;
        while (next < chunks.size() || pending != null) {
            StringBuilder line = new StringBuilder();
            int lastStart = 0;
            while (pending != null || next < chunks.size()) {
                budget.work(1);
                String chunk = pending != null ? pending : chunks.get(next);
                boolean dropped = line.isEmpty() && !lines.isEmpty() && chunk.isBlank();
                if (!dropped && line.length() + chunk.length() > width) {
                    break;
                }
                next += pending == null ? 1 : 0;
                pending = null;
                if (!dropped) {
                    lastStart = line.length();
                    line.append(chunk);
                }
            }
            String chunk = pending != null ? pending : next < chunks.size() ? chunks.get(next) : "";
            if (chunk.length() > width) {
                int room = breakLong ? width - line.length() : line.isEmpty() ? chunk.length() : 0;
                if (room > 0) {
                    lastStart = line.length();
                    line.append(chunk, 0, room);
                    next += pending == null ? 1 : 0;
                    pending = room < chunk.length() ? chunk.substring(room) : null;
                }
            }
            if (line.substring(lastStart).isBlank()) {
                line.setLength(lastStart);
            }
            if (!line.isEmpty()) {
                lines.add(line.toString());
            }
        }
        return lines;
    }
}
