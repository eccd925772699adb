package tokamak.text.jinja;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Filters that make text of their input. */
final class TextFilters {
    private static final String UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~";

    private static final HexFormat HEX = HexFormat.of().withUpperCase();

    private TextFilters() {}

    static void register(Map<String, Filters.Filter> table) {
        table.put("upper", simple("upper", s -> s.toUpperCase(Locale.ROOT)));
        table.put("lower", simple("lower", s -> s.toLowerCase(Locale.ROOT)));
        table.put("capitalize", simple("capitalize", PyText::capitalize));
        table.put("title", simple("title", TextFilters::title));
        table.put("trim", TextFilters::trim);
        table.put("replace", TextFilters::replace);
        table.put("indent", TextFilters::indent);
        table.put("truncate", TextFilters::truncate);
        table.put("wordwrap", WordWrap::filter);
        table.put("wordcount", (in, value, args) -> wordCount(Printer.str(value, in.budget())));
        table.put("center", (in, value, args) -> {
            int width = args.bind("center", 0, "width").integer(0, 80);
            String text = Printer.str(value, in.budget());
            return Access.wrapLike(value, TextMethods.pad(text, width, " ", "center", in.budget()));
        });
        table.put("format", TextFilters::format);
        table.put("escape", TextFilters::escape);
        table.put("e", TextFilters::escape);
        table.put("forceescape", (in, value, args) -> escaped(Printer.str(value, in.budget()), in));
        table.put("safe", (in, value, args) -> new Markup(Printer.str(value, in.budget())));
        table.put("striptags", (in, value, args) -> stripTags(Printer.str(value, in.budget()), in));
        table.put("urlencode", TextFilters::urlEncode);
        table.put("xmlattr", TextFilters::xmlAttributes);
    }

    private static Filters.Filter simple(String name, UnaryOperator<String> function) {
        return (in, value, args) -> {
            args.bind(name, 0);
            String text = Printer.str(value, in.budget());
            in.budget().cells(text.length());
            return Access.wrapLike(value, function.apply(text));
        };
    }

    /** Words begin at the start and behind whitespace, hyphens and opening brackets. */
    private static String title(String text) {
        StringBuilder out = new StringBuilder(text.length());
        boolean start = true;
        for (int i = 0; i < text.length(); ) {
            int c = text.codePointAt(i);
            String one = Character.toString(c);
            i += one.length();
            boolean separator = PyText.isSpace(c) || "-({[<".indexOf(c) >= 0;
            out.append(separator ? one : start ? one.toUpperCase(Locale.ROOT) : one.toLowerCase(Locale.ROOT));
            start = separator;
        }
        return out.toString();
    }

    private static @Nullable Object trim(Interpreter in, @Nullable Object value, Args args) {
        Args.Bound bound = args.bind("trim", 0, "chars");
        Args chars = bound.has(0) ? Args.of(bound.get(0)) : Args.NONE;
        return Access.wrapLike(value, TextMethods.strip(in, Printer.str(value, in.budget()), chars, true, true));
    }

    private static Object replace(Interpreter in, @Nullable Object value, Args args) {
        Args.Bound bound = args.bind("replace", 2, "old", "new", "count");
        int count = bound.or(2, null) == null ? -1 : bound.integer(2, -1);
        String old = Printer.str(bound.get(0), in.budget());
        return TextMethods.replace(
                Printer.str(value, in.budget()), old, Printer.str(bound.get(1), in.budget()), count, in.budget());
    }

    private static @Nullable Object indent(Interpreter in, @Nullable Object value, Args args) {
        Args.Bound bound = args.bind("indent", 0, "width", "first", "blank");
        String given = bound.has(0) ? Types.string(bound.get(0)) : null;
        int width = given != null ? 0 : Math.max(0, bound.integer(0, 4));
        in.budget().cells(width);
        String indent = given != null ? given : " ".repeat(width);
        String text = Types.string(Filters.defined(value));
        if (text == null) {
            throw JinjaException.typeError(
                    "unsupported operand type(s) for +=: " + PyText.repr(Types.name(value)) + " and 'str'");
        }
        List<@Nullable Object> lines =
                Sequences.list(TextSplitting.splitlines(in, text + "\n", Args.NONE), in.budget());
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < lines.size(); i++) {
            String line = String.valueOf(lines.get(i));
            boolean indented = i == 0 ? bound.flag(1, false) : bound.flag(2, false) || !line.isEmpty();
            in.budget().cells(1L + line.length() + indent.length());
            out.append(i == 0 ? "" : "\n").append(indented ? indent : "").append(line);
        }
        return Access.wrapLike(value, out.toString());
    }

    private static @Nullable Object truncate(Interpreter in, @Nullable Object value, Args args) {
        Args.Bound bound = args.bind("truncate", 0, "length", "killwords", "end", "leeway");
        int length = bound.integer(0, 255);
        String end = bound.has(2) ? bound.string(2) : "...";
        int leeway = bound.or(3, null) == null ? 5 : bound.integer(3, 5);
        if (length < PyText.length(end) || leeway < 0) {
            throw JinjaException.runtime(
                    "AssertionError",
                    length < PyText.length(end)
                            ? "expected length >= " + PyText.length(end) + ", got " + length
                            : "expected leeway >= 0, got " + leeway);
        }
        if (Sequences.length(value, in.budget()) <= (long) length + leeway) {
            return value;
        }
        String text = Numbers.requireString(value);
        String kept = text.substring(0, PyText.offset(text, length - PyText.length(end)));
        int space = kept.lastIndexOf(' ');
        return Access.wrapLike(value, (bound.flag(1, false) || space < 0 ? kept : kept.substring(0, space)) + end);
    }

    private static long wordCount(String text) {
        long words = 0;
        boolean inWord = false;
        for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
            int c = text.codePointAt(i);
            boolean part = Character.isLetterOrDigit(c)
                    || c == '_'
                    || Character.getType(c) == Character.LETTER_NUMBER
                    || Character.getType(c) == Character.OTHER_NUMBER;
            words += part && !inWord ? 1 : 0;
            inWord = part;
        }
        return words;
    }

    private static Object format(Interpreter in, @Nullable Object value, Args args) {
        if (!args.named().isEmpty() && !args.positional().isEmpty()) {
            throw JinjaException.runtime(
                    "FilterArgumentError", "can't handle positional and keyword arguments at the same time");
        }
        Object values = args.named().isEmpty() ? new Tuple(args.positional()) : args.named();
        Object format = value instanceof Markup ? value : Printer.str(value, in.budget());
        return Percent.format(format, values, in.budget());
    }

    private static Object escape(Interpreter in, @Nullable Object value, Args args) {
        return value instanceof Markup ? value : escaped(Printer.str(value, in.budget()), in);
    }

    private static Markup escaped(String text, Interpreter in) {
        in.budget().cells(5L * text.length());
        return new Markup(PyText.escapeHtml(text));
    }

    private static String stripTags(String text, Interpreter in) {
        StringBuilder kept = new StringBuilder();
        in.budget().cells(text.length());
        int lastTag = text.lastIndexOf('>');
        int lastComment = text.lastIndexOf("-->");
        int at = 0;
        while (at < text.length()) {
            boolean comment = text.startsWith("<!--", at);
            // Looking only for ends that are there keeps this linear.
            boolean closed = text.charAt(at) == '<' && at < (comment ? lastComment : lastTag);
            int end = !closed ? -1 : comment ? text.indexOf("-->", at) : text.indexOf('>', at);
            if (end < 0) {
                kept.append(text.charAt(at++));
            } else {
                at = end + (comment ? 3 : 1);
            }
        }
        String joined = TextMethods.join(in, " ", Args.of(TextSplitting.split(in, kept.toString(), Args.NONE)))
                .toString();
        return joined.replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&#34;", "\"")
                .replace("&quot;", "\"")
                .replace("&#39;", "'")
                .replace("&amp;", "&");
    }

    private static Object urlEncode(Interpreter in, @Nullable Object value, Args args) {
        if (Types.isString(value) || !Sequences.isIterable(value)) {
            return quoted(Printer.str(value, in.budget()), true, in);
        }
        Object pairs = value instanceof Map<?, ?> map ? new DictView(DictView.ITEMS, map) : value;
        List<String> parts = new ArrayList<>();
        Iterator<@Nullable Object> items = Sequences.iterate(pairs, in.budget());
        while (items.hasNext()) {
            List<@Nullable Object> pair = Sequences.list(items.next(), in.budget());
            if (pair.size() != 2) {
                throw JinjaException.valueError("urlencode expects pairs");
            }
            parts.add(quoted(Printer.str(pair.get(0), in.budget()), false, in) + "="
                    + quoted(Printer.str(pair.get(1), in.budget()), false, in));
        }
        return String.join("&", parts);
    }

    /** Percent-encoded UTF-8: a path keeps slashes, a query writes spaces as plus. */
    private static String quoted(String text, boolean path, Interpreter in) {
        in.budget().cells(3L * text.length());
        StringBuilder out = new StringBuilder();
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            if (UNRESERVED.indexOf(b) >= 0 || path && b == '/') {
                out.append((char) b);
            } else if (!path && b == ' ') {
                out.append('+');
            } else {
                out.append('%').append(HEX.toHexDigits(b));
            }
        }
        return out.toString();
    }

    private static Object xmlAttributes(Interpreter in, @Nullable Object value, Args args) {
        boolean space = args.bind("xmlattr", 0, "autospace").flag(0, true);
        if (!(Filters.defined(value) instanceof Map<?, ?> map)) {
            throw JinjaException.typeError("xmlattr expects a dict");
        }
        List<String> parts = new ArrayList<>();
        map.forEach((key, item) -> {
            if (item == null || item instanceof Undefined) {
                return;
            }
            String name = Numbers.requireString(key);
            if (name.chars().anyMatch(c -> PyText.isSpace(c) || "/>=".indexOf(c) >= 0)) {
                throw JinjaException.valueError("Invalid character in attribute name: " + PyText.repr(name));
            }
            Object escaped = escape(in, item, Args.NONE);
            parts.add(PyText.escapeHtml(name) + "=\"" + Printer.str(escaped, in.budget()) + "\"");
        });
        return (space && !parts.isEmpty() ? " " : "") + String.join(" ", parts);
    }
}
