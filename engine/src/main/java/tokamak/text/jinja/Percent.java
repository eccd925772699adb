package tokamak.text.jinja;

import java.math.BigInteger;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The {@code %} operator on strings: C-like formats. */
final class Percent {
    private final String format;
    private final Budget budget;
    private final @Nullable Object arguments;
    private final List<@Nullable Object> positional;
    private final boolean escape;
    private final StringBuilder out = new StringBuilder();
    private int at;
    private int used;
    private boolean byName;

    private Percent(String format, @Nullable Object arguments, boolean escape, Budget budget) {
        this.format = format;
        this.budget = budget;
        this.arguments = arguments;
        this.escape = escape;
        this.positional =
                arguments instanceof Tuple tuple ? tuple.items() : java.util.Collections.singletonList(arguments);
    }

    static Object format(@Nullable Object format, @Nullable Object arguments, Budget budget) {
        boolean markup = format instanceof Markup;
        Percent percent = new Percent(Numbers.requireString(format), arguments, markup, budget);
        String text = percent.run();
        return markup ? new Markup(text) : text;
    }

    private String run() {
        budget.cells(format.length());
        while (at < format.length()) {
            char c = format.charAt(at++);
            if (c != '%') {
                out.append(c);
            } else {
                conversion();
            }
        }
        boolean all = byName || used == positional.size() || arguments instanceof Map && used == 0;
        if (!all && !((arguments instanceof List || arguments instanceof Undefined) && used == 0)) {
            throw JinjaException.typeError("not all arguments converted during string formatting");
        }
        return out.toString();
    }

    private void conversion() {
        String key = null;
        if (peek() == '(') {
            int close = format.indexOf(')', at);
            if (close < 0) {
                throw JinjaException.valueError("incomplete format key");
            }
            key = format.substring(at + 1, close);
            at = close + 1;
        }
        int flagsStart = at;
        while ("-+ #0".indexOf(peek()) >= 0) {
            at++;
        }
        String flags = format.substring(flagsStart, at);
        int width = number();
        if (width < 0 && width != -1) {
            flags += "-";
            width = -width;
        }
        int precision = -1;
        if (peek() == '.') {
            at++;
            precision = Math.max(0, number());
        }
        while ("hlL".indexOf(peek()) >= 0) {
            at++;
        }
        char type = peek();
        at++;
        if (type == '\uffff') {
            throw JinjaException.valueError("incomplete format");
        }
        if (type == '%') {
            out.append('%');
            return;
        }
        append(convert(type, flags, precision, argument(key)), flags, width, "diouxXeEfFgG".indexOf(type) >= 0);
    }

    private char peek() {
        return at < format.length() ? format.charAt(at) : '\uffff';
    }

    private int number() {
        if (peek() == '*') {
            at++;
            return Numbers.index(argument(null));
        }
        int start = at;
        while (peek() >= '0' && peek() <= '9') {
            at++;
        }
        if (start == at) {
            return -1;
        }
        if (at - start > 9) {
            throw JinjaException.valueError("width too big");
        }
        return Integer.parseInt(format.substring(start, at));
    }

    private @Nullable Object argument(@Nullable String key) {
        if (key != null) {
            if (!(arguments instanceof Map<?, ?> map)) {
                throw JinjaException.typeError("format requires a mapping");
            }
            byName = true;
            if (!map.containsKey(key)) {
                throw JinjaException.runtime("KeyError", PyText.repr(key));
            }
            return map.get(key);
        }
        if (used >= positional.size()) {
            throw JinjaException.typeError("not enough arguments for format string");
        }
        return positional.get(used++);
    }

    private String convert(char type, String flags, int precision, @Nullable Object value) {
        switch (type) {
            case 's', 'r', 'a' -> {
                String text = type == 's' ? Printer.str(value, budget) : Printer.repr(value, budget);
                text = escape && !(value instanceof Markup) ? PyText.escapeHtml(text) : text;
                return precision >= 0 && precision < PyText.length(text)
                        ? text.substring(0, PyText.offset(text, precision))
                        : text;
            }
            case 'c' -> {
                String text = Types.string(value);
                return text != null && PyText.length(text) == 1 ? text : Character.toString(codePoint(value));
            }
            case 'd', 'i', 'u', 'o', 'x', 'X' -> {
                return integer(type, flags, precision, value);
            }
            case 'e', 'E', 'f', 'F', 'g', 'G' -> {
                if (value == null || !Numbers.isNumber(value)) {
                    throw value instanceof Undefined undefined
                            ? undefined.fail()
                            : JinjaException.typeError("must be real number, not " + Types.name(value));
                }
                String text =
                        NumberText.real(Numbers.real(value), type, precision < 0 ? 6 : precision, flags.contains("#"));
                return signed(text, flags);
            }
            default ->
                throw JinjaException.valueError("unsupported format character '" + type + "' at index " + (at - 1));
        }
    }

    private static int codePoint(@Nullable Object value) {
        int c = value instanceof Long ? Numbers.index(value) : -1;
        if (!Character.isValidCodePoint(c)) {
            throw JinjaException.typeError("%c requires int or char");
        }
        return c;
    }

    private String integer(char type, String flags, int precision, @Nullable Object value) {
        BigInteger number;
        if (value != null && Numbers.isInteger(value)) {
            number = Numbers.big(value);
        } else if (value instanceof Double d && "diu".indexOf(type) >= 0) {
            number = Conversions.truncate(d);
        } else {
            throw value instanceof Undefined undefined
                    ? undefined.fail()
                    : JinjaException.typeError(
                            "%" + type + " format: " + ("diu".indexOf(type) >= 0 ? "a real number" : "an integer")
                                    + " is required, not " + Types.name(value));
        }
        int radix = type == 'o' ? 8 : type == 'x' || type == 'X' ? 16 : 10;
        String digits = number.abs().toString(radix);
        budget.cells(Math.max(precision, 0));
        digits = "0".repeat(Math.max(0, precision - digits.length())) + digits;
        String prefix = flags.contains("#") && radix != 10 ? radix == 8 ? "0o" : "0x" : "";
        String text = (number.signum() < 0 ? "-" : "") + prefix + digits;
        return signed(type == 'X' ? text.toUpperCase(Locale.ROOT) : text, flags);
    }

    private static String signed(String text, String flags) {
        if (text.startsWith("-")) {
            return text;
        }
        return (flags.contains("+") ? "+" : flags.contains(" ") ? " " : "") + text;
    }

    private void append(String text, String flags, int width, boolean numeric) {
        int missing = Math.max(0, width - PyText.length(text));
        budget.cells((long) missing + text.length());
        if (flags.contains("-")) {
            out.append(text).append(" ".repeat(missing));
        } else if (flags.contains("0") && numeric) {
            int start = text.startsWith("-") || text.startsWith("+") || text.startsWith(" ") ? 1 : 0;
            start += text.startsWith("0x", start) || text.startsWith("0o", start) ? 2 : 0;
            out.append(text, 0, start).append("0".repeat(missing)).append(text, start, text.length());
        } else {
            out.append(" ".repeat(missing)).append(text);
        }
    }
}
