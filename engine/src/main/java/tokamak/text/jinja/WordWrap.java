package tokamak.text.jinja;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The {@code wordwrap} filter: fills lines of a given width with words, paragraph by paragraph. */
final class WordWrap {
    private WordWrap() {}

    static Object filter(Interpreter in, @Nullable Object value, Args args) {
        Args.Bound bound = args.bind("wordwrap", 0, "width", "break_long_words", "wrapstring", "break_on_hyphens");
        int width = bound.integer(0, 79);
        String lineBreak = bound.or(2, null) == null ? "\n" : bound.string(2);
        if (width <= 0) {
            throw JinjaException.valueError("invalid width " + width + " (must be > 0)");
        }
        String text = Numbers.requireString(value);
        StringBuilder out = new StringBuilder();
        String separator = "";
        for (Object line : Sequences.list(TextSplitting.splitlines(in, text, Args.NONE), in.budget())) {
            List<String> wrapped =
                    wrap(chunks(String.valueOf(line), bound.flag(3, true)), width, bound.flag(1, true), in.budget());
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
        int offset = 0; // how much of the next chunk is already written
        while (next < chunks.size()) {
            StringBuilder line = new StringBuilder();
            int lastStart = 0;
            for (; next < chunks.size(); next++, offset = 0) {
                budget.work(1);
                String chunk = chunks.get(next);
                if (line.isEmpty() && !lines.isEmpty() && isBlank(chunk.charAt(0))) {
                    continue;
                }
                if (line.length() + chunk.length() - offset > width) {
                    break;
                }
                lastStart = line.length();
                line.append(chunk, offset, chunk.length());
            }
            int left = next < chunks.size() ? chunks.get(next).length() - offset : 0;
            int room = breakLong ? width - line.length() : line.isEmpty() ? left : 0;
            if (left > width && room > 0) {
                int end = offset + Math.min(room, left);
                lastStart = line.length();
                line.append(chunks.get(next), offset, end);
                boolean whole = end == chunks.get(next).length();
                next += whole ? 1 : 0;
                offset = whole ? 0 : end;
            }
            if (!line.isEmpty() && isBlank(line.charAt(lastStart))) {
                line.setLength(lastStart);
            }
            if (!line.isEmpty()) {
                budget.elements(1);
                lines.add(line.toString());
            }
        }
        return lines;
    }
}
