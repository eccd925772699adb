package tokamak.text.jinja;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The methods of strings. */
final class TextMethods {
    /** One method; {@code self} is the text. */
    interface Method {
        @Nullable
        Object call(Interpreter in, String self, Args args);
    }

    private static final Map<String, Method> METHODS = Map.ofEntries(
            Map.entry("upper", plain(s -> s.toUpperCase(Locale.ROOT))),
            Map.entry("lower", plain(s -> s.toLowerCase(Locale.ROOT))),
            Map.entry("casefold", plain(s -> s.toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT))),
            Map.entry("title", plain(PyText::title)),
            Map.entry("capitalize", plain(PyText::capitalize)),
            Map.entry("swapcase", plain(TextMethods::swapCase)),
            Map.entry("strip", (in, s, args) -> strip(in, s, args, true, true)),
            Map.entry("lstrip", (in, s, args) -> strip(in, s, args, true, false)),
            Map.entry("rstrip", (in, s, args) -> strip(in, s, args, false, true)),
            Map.entry("split", TextSplitting::split),
            Map.entry("rsplit", TextSplitting::rsplit),
            Map.entry("splitlines", TextSplitting::splitlines),
            Map.entry("partition", TextSplitting::partition),
            Map.entry("rpartition", TextSplitting::rpartition),
            Map.entry("join", TextMethods::join),
            Map.entry("replace", TextMethods::replace),
            Map.entry("startswith", (in, s, args) -> affix(in, s, args, "startswith")),
            Map.entry("endswith", (in, s, args) -> affix(in, s, args, "endswith")),
            Map.entry("removeprefix", (in, s, args) -> {
                String prefix = args.bind("removeprefix", 1, "prefix").string(0);
                return s.startsWith(prefix) ? s.substring(prefix.length()) : s;
            }),
            Map.entry("removesuffix", (in, s, args) -> {
                String suffix = args.bind("removesuffix", 1, "suffix").string(0);
                return s.endsWith(suffix) ? s.substring(0, s.length() - suffix.length()) : s;
            }),
            Map.entry("find", (in, s, args) -> find(in, s, args, "find")),
            Map.entry("rfind", (in, s, args) -> find(in, s, args, "rfind")),
            Map.entry("index", (in, s, args) -> found(find(in, s, args, "index"))),
            Map.entry("rindex", (in, s, args) -> found(find(in, s, args, "rindex"))),
            Map.entry("count", TextMethods::count),
            Map.entry("format", StringFormat::method),
            Map.entry("format_map", StringFormat::mapMethod),
            Map.entry("zfill", TextMethods::zfill),
            Map.entry("ljust", (in, s, args) -> justify(in, s, args, "ljust")),
            Map.entry("rjust", (in, s, args) -> justify(in, s, args, "rjust")),
            Map.entry("center", (in, s, args) -> justify(in, s, args, "center")),
            Map.entry("expandtabs", TextMethods::expandTabs),
            Map.entry("isdigit", every(c -> Character.isDigit(c) || isOtherDigit(c))),
            Map.entry("isdecimal", every(Character::isDigit)),
            Map.entry(
                    "isnumeric",
                    every(c -> Character.isDigit(c)
                            || isOtherDigit(c)
                            || Character.getType(c) == Character.LETTER_NUMBER
                            || Character.getType(c) == Character.OTHER_NUMBER)),
            Map.entry("isalpha", every(Character::isLetter)),
            Map.entry(
                    "isalnum",
                    every(c -> Character.isLetterOrDigit(c)
                            || isOtherDigit(c)
                            || Character.getType(c) == Character.LETTER_NUMBER
                            || Character.getType(c) == Character.OTHER_NUMBER)),
            Map.entry("isspace", every(PyText::isSpace)),
            Map.entry("isascii", plain(s -> s.chars().allMatch(c -> c < 128))),
            Map.entry("isprintable", plain(s -> s.codePoints().allMatch(PyText::isPrintable))),
            Map.entry("isupper", plain(s -> isCased(s) && s.equals(s.toUpperCase(Locale.ROOT)))),
            Map.entry("islower", plain(s -> isCased(s) && s.equals(s.toLowerCase(Locale.ROOT)))),
            Map.entry("istitle", plain(s -> isCased(s) && s.equals(PyText.title(s)))),
            Map.entry("isidentifier", plain(TextMethods::isIdentifier)));

    private TextMethods() {}

    static Object bound(Object self, String name) {
        Method method = METHODS.get(name);
        if (method == null) {
            return Dicts.ABSENT;
        }
        if (self instanceof Markup markup) {
            return new NativeFunction(
                    name, (in, args) -> markupResult(call(method, in, markup.text(), escaped(name, args))));
        }
        return new NativeFunction(name, (in, args) -> call(method, in, (String) self, args));
    }

    /** Every method may read all of its texts. */
    private static @Nullable Object call(Method method, Interpreter in, String self, Args args) {
        in.budget().scan(self.length());
        for (Object value : args.positional()) {
            in.budget().scan(value instanceof String text ? text.length() : 0);
        }
        return method.call(in, self, args);
    }

    /** Text put into safe text is escaped. */
    private static Args escaped(String name, Args args) {
        if (!name.equals("replace") && !name.equals("format") && !name.equals("join")) {
            return args;
        }
        List<@Nullable Object> positional = new ArrayList<>();
        for (Object value : args.positional()) {
            positional.add(value instanceof String text ? PyText.escapeHtml(text) : value);
        }
        return new Args(positional, args.named());
    }

    private static @Nullable Object markupResult(@Nullable Object result) {
        return switch (result) {
            case String text -> new Markup(text);
            case List<?> list -> list.stream().map(TextMethods::markupResult).toList();
            case null, default -> result;
        };
    }

    private static Method plain(java.util.function.Function<String, Object> function) {
        return (in, self, args) -> {
            args.bind("str method", 0);
            in.budget().cells(self.length());
            return function.apply(self);
        };
    }

    private static Method every(java.util.function.IntPredicate predicate) {
        return plain(s -> !s.isEmpty() && s.codePoints().allMatch(predicate));
    }

    private static boolean isOtherDigit(int c) {
        return c == 0xb2
                || c == 0xb3
                || c == 0xb9
                || c == 0x2070
                || c >= 0x2074 && c <= 0x2079
                || c >= 0x2080 && c <= 0x2089;
    }

    private static boolean isCased(String text) {
        return text.codePoints()
                .anyMatch(c -> Character.isUpperCase(c) || Character.isLowerCase(c) || Character.isTitleCase(c));
    }

    private static boolean isIdentifier(String text) {
        return !text.isEmpty()
                && (text.charAt(0) == '_' || Character.isUnicodeIdentifierStart(text.codePointAt(0)))
                && text.codePoints()
                        .allMatch(c -> Character.isUnicodeIdentifierPart(c) && !Character.isIdentifierIgnorable(c));
    }

    private static String swapCase(String text) {
        StringBuilder out = new StringBuilder();
        text.codePoints().forEach(c -> {
            String one = Character.toString(c);
            out.append(Character.isUpperCase(c) ? one.toLowerCase(Locale.ROOT) : one.toUpperCase(Locale.ROOT));
        });
        return out.toString();
    }

    static String strip(Interpreter in, String text, Args args, boolean left, boolean right) {
        Object given = args.bind("strip", 0, "chars").or(0, null);
        in.budget().scan(text.length());
        java.util.function.IntPredicate strips = PyText::isSpace;
        if (given != null) {
            String set = Numbers.requireString(given);
            in.budget().scan((long) set.length() * text.length() / 16);
            strips = c -> set.indexOf(c) >= 0;
        }
        int start = 0;
        int end = text.length();
        while (left && start < end && strips.test(text.codePointAt(start))) {
            start += Character.charCount(text.codePointAt(start));
        }
        while (right && start < end && strips.test(text.codePointBefore(end))) {
            end -= Character.charCount(text.codePointBefore(end));
        }
        in.budget().cells(end - start);
        return text.substring(start, end);
    }

    static Object join(Interpreter in, String separator, Args args) {
        Budget budget = in.budget();
        Iterator<@Nullable Object> items =
                Sequences.iterate(args.bind("join", 1, "iterable").get(0), budget);
        StringBuilder out = new StringBuilder();
        for (int i = 0; items.hasNext(); i++) {
            Object item = items.next();
            String text = Types.string(item);
            if (text == null) {
                throw JinjaException.typeError(
                        "sequence item " + i + ": expected str instance, " + Types.name(item) + " found");
            }
            budget.cells((long) text.length() + separator.length());
            out.append(i == 0 ? "" : separator).append(text);
        }
        return out.toString();
    }

    private static Object replace(Interpreter in, String text, Args args) {
        Args.Bound bound = args.bind("replace", 2, "old", "new", "count");
        return replace(text, bound.string(0), bound.string(1), bound.integer(2, -1), in.budget());
    }

    static String replace(String text, String old, String replacement, int count, Budget budget) {
        budget.cells(text.length());
        StringBuilder out = new StringBuilder();
        int from = 0;
        int left = count < 0 ? Integer.MAX_VALUE : count;
        for (int at = 0; left > 0; left--) {
            at = TextSearch.indexOf(text, old, at, budget);
            if (at < 0) {
                break;
            }
            budget.cells(replacement.length());
            out.append(text, from, at).append(replacement);
            from = at + old.length();
            if (old.isEmpty()) {
                // Between every two characters, and at both ends.
                if (at == text.length()) {
                    break;
                }
                int next = at + Character.charCount(text.codePointAt(at));
                out.append(text, at, next);
                from = next;
                at = next;
            } else {
                at = from;
            }
        }
        return out.append(text, from, text.length()).toString();
    }

    private static boolean affix(Interpreter in, String text, Args args, String name) {
        Args.Bound bound = args.bind(name, 1, "prefix", "start", "end");
        String part = bound.has(1)
                ? String.valueOf(Access.slice(text, bound.get(1), bound.or(2, null), null, in.budget()))
                : text;
        Object affix = bound.get(0);
        if (affix instanceof Tuple tuple) {
            for (Object item : tuple.items()) {
                if (affix(part, Numbers.requireString(item), name)) {
                    return true;
                }
            }
            return false;
        }
        String single = Types.string(affix);
        if (single == null) {
            throw JinjaException.typeError(name + " first arg must be str or a tuple of str, not " + Types.name(affix));
        }
        return affix(part, single, name);
    }

    private static boolean affix(String text, String part, String name) {
        return name.equals("startswith") ? text.startsWith(part) : text.endsWith(part);
    }

    /** Position in code points, or -1. */
    private static long find(Interpreter in, String text, Args args, String name) {
        Args.Bound bound = args.bind(name, 1, "sub", "start", "end");
        String part = bound.string(0);
        int length = PyText.length(text);
        int start = clamp(bound.or(1, null) == null ? 0 : bound.integer(1, 0), length);
        int end = clamp(bound.or(2, null) == null ? length : bound.integer(2, length), length);
        if (start > end) {
            return -1;
        }
        int from = PyText.offset(text, start);
        int to = PyText.offset(text, end);
        in.budget().cells(to);
        String head = text.substring(0, to);
        int at = name.startsWith("r")
                ? TextSearch.lastIndexOf(head, part, to, in.budget())
                : TextSearch.indexOf(head, part, from, in.budget());
        return at < from ? -1 : text.codePointCount(0, at);
    }

    private static int clamp(int index, int length) {
        return Math.clamp(index < 0 ? (long) index + length : index, 0, index > length ? length + 1 : length);
    }

    private static long found(long index) {
        if (index < 0) {
            throw JinjaException.valueError("substring not found");
        }
        return index;
    }

    private static long count(Interpreter in, String text, Args args) {
        Args.Bound bound = args.bind("count", 1, "sub", "start", "end");
        String part = bound.string(0);
        String within = String.valueOf(Access.slice(text, bound.or(1, null), bound.or(2, null), null, in.budget()));
        if (part.isEmpty()) {
            return PyText.length(within) + 1L;
        }
        long count = 0;
        for (int at = -part.length(); (at = TextSearch.indexOf(within, part, at + part.length(), in.budget())) >= 0; ) {
            count++;
        }
        return count;
    }

    private static String zfill(Interpreter in, String text, Args args) {
        int width = args.bind("zfill", 1, "width").integer(0, 0);
        int missing = Math.max(0, width - PyText.length(text));
        in.budget().cells((long) missing + text.length());
        int sign = text.startsWith("+") || text.startsWith("-") ? 1 : 0;
        return text.substring(0, sign) + "0".repeat(missing) + text.substring(sign);
    }

    private static String justify(Interpreter in, String text, Args args, String name) {
        Args.Bound bound = args.bind(name, 1, "width", "fillchar");
        String fill = bound.has(1) ? bound.string(1) : " ";
        if (PyText.length(fill) != 1) {
            throw JinjaException.typeError("The fill character must be exactly one character long");
        }
        return pad(text, bound.integer(0, 0), fill, name, in.budget());
    }

    static String pad(String text, int width, String fill, String how, Budget budget) {
        int missing = Math.max(0, width - PyText.length(text));
        budget.cells((long) missing * fill.length() + text.length());
        int left = switch (how) {
            case "ljust" -> 0;
            case "rjust" -> missing;
            default -> missing / 2 + (missing & width & 1);
        };
        return fill.repeat(left) + text + fill.repeat(missing - left);
    }

    private static String expandTabs(Interpreter in, String text, Args args) {
        int size = args.bind("expandtabs", 0, "tabsize").integer(0, 8);
        StringBuilder out = new StringBuilder();
        int column = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            int spaces = c == '\t' && size > 0 ? size - column % size : 0;
            in.budget().cells(1L + spaces);
            if (c == '\t') {
                out.append(" ".repeat(spaces));
                column += spaces;
            } else {
                out.append(c);
                column = c == '\n' || c == '\r' ? 0 : column + 1;
            }
        }
        return out.toString();
    }
}
