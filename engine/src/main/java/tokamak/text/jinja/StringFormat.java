package tokamak.text.jinja;

import java.math.BigInteger;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** {@code str.format}: replacement fields in braces with Python's format specifications. */
final class StringFormat {
    private static final Pattern SPEC = Pattern.compile(
            "(?:(?<fill>.)(?=[<>=^]))?(?<align>[<>=^])?(?<sign>[-+ ])?(?<alternate>#)?(?<zero>0)?(?<width>\\d{1,9})?"
                    + "(?<group>[,_])?(?:\\.(?<precision>\\d{1,9}))?(?<type>[a-zA-Z%])?",
            Pattern.DOTALL);

    private final Args args;
    private final Budget budget;
    private int automatic;
    private boolean manual;

    private StringFormat(Args args, Budget budget) {
        this.args = args;
        this.budget = budget;
    }

    static Object method(Interpreter in, String self, Args args) {
        return new StringFormat(args, in.budget()).format(self, 0);
    }

    static Object mapMethod(Interpreter in, String self, Args args) {
        if (!(args.bind("format_map", 1, "mapping").get(0) instanceof Map<?, ?> map)) {
            throw JinjaException.typeError("format_map() expects a mapping");
        }
        Map<String, @Nullable Object> named = new java.util.LinkedHashMap<>();
        map.forEach((key, value) -> named.put(Printer.str(key, in.budget()), value));
        return new StringFormat(new Args(java.util.List.of(), named), in.budget()).format(self, 0);
    }

    private String format(String format, int level) {
        if (level > 2) {
            throw JinjaException.valueError("Max string recursion exceeded");
        }
        budget.cells(format.length());
        StringBuilder out = new StringBuilder();
        int at = 0;
        while (at < format.length()) {
            char c = format.charAt(at);
            boolean doubled = at + 1 < format.length() && format.charAt(at + 1) == c;
            if (c != '{' && c != '}') {
                out.append(c);
                at++;
            } else if (doubled) {
                out.append(c);
                at += 2;
            } else if (c == '}') {
                throw JinjaException.valueError("Single '}' encountered in format string");
            } else {
                int close = closingBrace(format, at);
                String text = field(format.substring(at + 1, close), level);
                budget.cells(text.length());
                out.append(text);
                at = close + 1;
            }
        }
        return out.toString();
    }

    private static int closingBrace(String format, int open) {
        int depth = 0;
        for (int i = open; i < format.length(); i++) {
            char c = format.charAt(i);
            depth += c == '{' ? 1 : c == '}' ? -1 : 0;
            if (depth == 0) {
                return i;
            }
        }
        throw JinjaException.valueError("Single '{' encountered in format string");
    }

    private String field(String field, int level) {
        int nameEnd = 0;
        boolean bracket = false;
        while (nameEnd < field.length() && (bracket || ":!".indexOf(field.charAt(nameEnd)) < 0)) {
            bracket = field.charAt(nameEnd) == '[' || bracket && field.charAt(nameEnd) != ']';
            nameEnd++;
        }
        Object value = lookup(field.substring(0, nameEnd));
        String rest = field.substring(nameEnd);
        if (rest.startsWith("!")) {
            value = converted(rest, value);
            rest = rest.substring(2);
        }
        String spec = rest.isEmpty() ? "" : format(rest.substring(1), level + 1);
        return formatted(value, spec);
    }

    private String converted(String rest, @Nullable Object value) {
        char how = rest.length() > 1 ? rest.charAt(1) : 0;
        if (rest.length() > 2 && rest.charAt(2) != ':') {
            throw JinjaException.valueError("expected ':' after conversion specifier");
        }
        return switch (how) {
            case 's' -> Printer.str(value, budget);
            case 'r', 'a' -> Printer.repr(value, budget);
            default -> throw JinjaException.valueError("Unknown conversion specifier '" + how + "'");
        };
    }

    private @Nullable Object lookup(String name) {
        int end = 0;
        while (end < name.length() && ".[".indexOf(name.charAt(end)) < 0) {
            end++;
        }
        Object value = first(name.substring(0, end));
        int at = end;
        while (at < name.length()) {
            int next = at + 1;
            if (name.charAt(at) == '.') {
                while (next < name.length() && ".[".indexOf(name.charAt(next)) < 0) {
                    next++;
                }
                value = Access.attribute(value, name.substring(at + 1, next), budget);
                at = next;
            } else {
                next = name.indexOf(']', at);
                if (next < 0) {
                    throw JinjaException.valueError("Missing ']' in format string");
                }
                String key = name.substring(at + 1, next);
                value = Access.item(value, isDigits(key) ? (Object) Long.valueOf(key) : key, budget);
                at = next + 1;
            }
        }
        return value;
    }

    private static boolean isDigits(String text) {
        return !text.isEmpty() && text.length() < 10 && text.chars().allMatch(c -> c >= '0' && c <= '9');
    }

    private @Nullable Object first(String name) {
        int index;
        if (name.isEmpty()) {
            if (manual) {
                throw JinjaException.valueError(
                        "cannot switch from manual field specification to automatic field numbering");
            }
            index = automatic++;
        } else if (isDigits(name)) {
            if (automatic > 0) {
                throw JinjaException.valueError(
                        "cannot switch from automatic field numbering to manual field specification");
            }
            manual = true;
            index = Integer.parseInt(name);
        } else {
            if (!args.named().containsKey(name)) {
                throw JinjaException.runtime("KeyError", PyText.repr(name));
            }
            return args.named().get(name);
        }
        if (index >= args.positional().size()) {
            throw JinjaException.runtime(
                    "IndexError", "Replacement index " + index + " out of range for positional args tuple");
        }
        return args.positional().get(index);
    }

    private String formatted(@Nullable Object value, String spec) {
        if (spec.isEmpty()) {
            return Printer.str(value, budget);
        }
        Matcher parts = SPEC.matcher(spec);
        if (!parts.matches()) {
            throw JinjaException.valueError("Invalid format specifier " + PyText.repr(spec));
        }
        boolean text = Types.isString(value);
        if (!text && (value == null || !Numbers.isNumber(value))) {
            throw JinjaException.typeError("unsupported format string passed to " + Types.name(value) + ".__format__");
        }
        String typeText = parts.group("type");
        char type = typeText == null ? 0 : typeText.charAt(0);
        int precision = parts.group("precision") == null ? -1 : Integer.parseInt(parts.group("precision"));
        if (text) {
            String body = Numbers.requireString(value);
            if (type != 's' && type != 0) {
                throw unknownCode(type, value);
            }
            if (precision >= 0 && precision < PyText.length(body)) {
                body = body.substring(0, PyText.offset(body, precision));
            }
            return aligned(body, "", parts, '<');
        }
        String number = number(java.util.Objects.requireNonNull(value), type, precision, parts);
        boolean negative = number.startsWith("-");
        String sign = negative
                ? "-"
                : "-".equals(parts.group("sign")) || parts.group("sign") == null ? "" : parts.group("sign");
        return aligned(negative ? number.substring(1) : number, sign, parts, '>');
    }

    private String number(Object value, char type, int precision, Matcher parts) {
        String group = parts.group("group");
        boolean alternate = parts.group("alternate") != null;
        if (Numbers.isInteger(value) && (type == 0 || "bcdoxXn".indexOf(type) >= 0)) {
            BigInteger integer = Numbers.big(value);
            return switch (type) {
                case 'b' -> prefixed(integer, 2, alternate ? "0b" : "", group);
                case 'o' -> prefixed(integer, 8, alternate ? "0o" : "", group);
                case 'x' -> prefixed(integer, 16, alternate ? "0x" : "", group);
                case 'X' -> prefixed(integer, 16, alternate ? "0x" : "", group).toUpperCase(Locale.ROOT);
                case 'c' -> Character.toString(integer.intValue() & 0xffff);
                default -> prefixed(integer, 10, "", group);
            };
        }
        double real = Numbers.real(value);
        return switch (type) {
            case 0 -> grouped(precision < 0 ? PyText.repr(real) : floatDefault(real, precision), group, 3);
            case 'e', 'E', 'f', 'F', 'g', 'G' ->
                grouped(NumberText.real(real, type, precision < 0 ? 6 : precision, alternate), group, 3);
            case '%' ->
                grouped(NumberText.real(real * 100, 'f', precision < 0 ? 6 : precision, alternate), group, 3) + "%";
            default -> throw unknownCode(type, value);
        };
    }

    /** Like g, but at least one digit behind the point. */
    private static String floatDefault(double value, int precision) {
        String text = NumberText.real(value, 'g', precision, false);
        return text.matches("-?\\d+") ? text + ".0" : text;
    }

    private static JinjaException unknownCode(char type, @Nullable Object value) {
        return JinjaException.valueError(
                "Unknown format code '" + type + "' for object of type '" + Types.name(value) + "'");
    }

    private static String prefixed(BigInteger value, int radix, String prefix, @Nullable String group) {
        return (value.signum() < 0 ? "-" : "")
                + prefix
                + grouped(value.abs().toString(radix), group, radix == 10 ? 3 : 4);
    }

    private static String grouped(String number, @Nullable String separator, int size) {
        if (separator == null) {
            return number;
        }
        int start = number.startsWith("-") ? 1 : 0;
        int end = start;
        while (end < number.length() && Character.isLetterOrDigit(number.charAt(end)) && number.charAt(end) != 'e') {
            end++;
        }
        StringBuilder out = new StringBuilder(number);
        for (int at = end - size; at > start; at -= size) {
            out.insert(at, separator);
        }
        return out.toString();
    }

    private String aligned(String body, String sign, Matcher parts, char usual) {
        String align = parts.group("align");
        String fill = parts.group("fill");
        boolean zero = parts.group("zero") != null;
        String padding = fill != null ? fill : zero ? "0" : " ";
        char side = align != null ? align.charAt(0) : zero && usual == '>' ? '=' : usual;
        int width = parts.group("width") == null ? 0 : Integer.parseInt(parts.group("width"));
        int missing = Math.max(0, width - PyText.length(body) - sign.length());
        budget.cells(missing);
        return switch (side) {
            case '<' -> sign + body + padding.repeat(missing);
            case '^' -> padding.repeat(missing / 2) + sign + body + padding.repeat(missing - missing / 2);
            case '=' -> sign + padding.repeat(missing) + body;
            default -> padding.repeat(missing) + sign + body;
        };
    }
}
