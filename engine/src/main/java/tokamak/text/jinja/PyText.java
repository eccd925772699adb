package tokamak.text.jinja;

import java.math.BigDecimal;
import java.util.HexFormat;
import java.util.Locale;

/** Python's notions about text: whitespace, code points, literals and the text of numbers. */
final class PyText {
    private static final HexFormat HEX = HexFormat.of();

    private PyText() {}

    static boolean isSpace(int c) {
        return c == ' '
                || c >= '\t' && c <= '\r'
                || c >= 0x1c && c <= 0x1f
                || c == 0x85
                || c == 0xa0
                || c == 0x1680
                || c >= 0x2000 && c <= 0x200a
                || c == 0x2028
                || c == 0x2029
                || c == 0x202f
                || c == 0x205f
                || c == 0x3000;
    }

    /** Where the text ends without trailing whitespace. */
    static int stripEnd(String text) {
        int end = text.length();
        while (end > 0 && isSpace(text.charAt(end - 1))) {
            end--;
        }
        return end;
    }

    static String strip(String text) {
        int end = stripEnd(text);
        int start = 0;
        while (start < end && isSpace(text.charAt(start))) {
            start++;
        }
        return text.substring(start, end);
    }

    /** Length in code points. */
    static int length(String text) {
        return text.codePointCount(0, text.length());
    }

    /** The character index of a code point index. */
    static int offset(String text, int codePoints) {
        return text.offsetByCodePoints(0, codePoints);
    }

    /** The value of a string literal's inside. Unknown escapes stay as they are; a backslash removes a line break. */
    static String unescape(String body, int line) {
        int at = body.indexOf('\\');
        if (at < 0) {
            return body;
        }
        StringBuilder out = new StringBuilder(body.length());
        int from = 0;
        for (; at >= 0; at = body.indexOf('\\', from)) {
            out.append(body, from, at);
            from = escape(body, at + 1, out, line);
        }
        return out.append(body, from, body.length()).toString();
    }

    /** Appends what the escape whose letter is at {@code at} stands for; returns the index behind it. */
    private static int escape(String body, int at, StringBuilder out, int line) {
        char c = body.charAt(at);
        int simple = "\\'\"abfnrtv".indexOf(c);
        if (simple >= 0) {
            out.append("\\'\"\u0007\b\f\n\r\t\u000b".charAt(simple));
            return at + 1;
        }
        switch (c) {
            case '\n' -> {
                return at + 1;
            }
            case 'x' -> {
                return hexEscape(body, at + 1, 2, out, line);
            }
            case 'u' -> {
                return hexEscape(body, at + 1, 4, out, line);
            }
            case 'U' -> {
                return hexEscape(body, at + 1, 8, out, line);
            }
            case 'N' -> {
                return nameEscape(body, at + 1, out, line);
            }
            case '0', '1', '2', '3', '4', '5', '6', '7' -> {
                int end = at;
                int value = 0;
                while (end < at + 3 && end < body.length() && Character.digit(body.charAt(end), 8) >= 0) {
                    value = value * 8 + Character.digit(body.charAt(end++), 8);
                }
                out.append((char) value);
                return end;
            }
            default -> {
                out.append('\\').append(c);
                return at + 1;
            }
        }
    }

    private static int hexEscape(String body, int at, int length, StringBuilder out, int line) {
        int end = at + length;
        try {
            out.appendCodePoint(Integer.parseUnsignedInt(body.substring(at, end), 16));
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw JinjaException.syntax(
                    "an escape in a string needs " + length + " hexadecimal digits of a character", line);
        }
        return end;
    }

    private static int nameEscape(String body, int at, StringBuilder out, int line) {
        int end = body.indexOf('}', at);
        if (end < 0 || body.charAt(at) != '{') {
            throw JinjaException.syntax("\\N in a string needs a character name in braces", line);
        }
        try {
            out.appendCodePoint(Character.codePointOf(body.substring(at + 1, end)));
        } catch (IllegalArgumentException e) {
            throw JinjaException.syntax("unknown character name in a string: " + body.substring(at + 1, end), line);
        }
        return end + 1;
    }

    /** Python's {@code repr} of a string: single quotes unless only those occur inside. */
    static String repr(String text) {
        char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
        StringBuilder out = new StringBuilder(text.length() + 2).append(quote);
        for (int i = 0; i < text.length(); ) {
            int c = text.codePointAt(i);
            i += Character.charCount(c);
            switch (c) {
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\\' -> out.append("\\\\");
                default -> {
                    if (c == quote) {
                        out.append('\\').append(quote);
                    } else if (isPrintable(c)) {
                        out.appendCodePoint(c);
                    } else if (c < 0x100) {
                        out.append("\\x").append(HEX.toHexDigits((byte) c));
                    } else {
                        boolean wide = c >= 0x10000;
                        out.append(wide ? "\\U" : "\\u").append(HEX.toHexDigits(c, wide ? 8 : 4));
                    }
                }
            }
        }
        return out.append(quote).toString();
    }

    static boolean isPrintable(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> false;
            case Character.SPACE_SEPARATOR -> c == ' ';
            default -> true;
        };
    }

    /** Python's {@code repr} of a float: the shortest digits that read back, exponents below 1e-4 and from 1e16. */
    static String repr(double value) {
        if (Double.isNaN(value)) {
            return "nan";
        }
        if (Double.isInfinite(value)) {
            return value > 0 ? "inf" : "-inf";
        }
        if (value == 0) {
            return 1 / value > 0 ? "0.0" : "-0.0";
        }
        BigDecimal shortest = new BigDecimal(Double.toString(value)).stripTrailingZeros();
        int exponent = shortest.precision() - shortest.scale() - 1;
        if (exponent >= -4 && exponent < 16) {
            String plain = shortest.toPlainString();
            return plain.indexOf('.') < 0 ? plain + ".0" : plain;
        }
        String digits = shortest.unscaledValue().abs().toString();
        String mantissa = digits.length() == 1 ? digits : digits.charAt(0) + "." + digits.substring(1);
        return (value < 0 ? "-" : "") + mantissa + exponent(exponent);
    }

    /** An exponent as C writes it: sign and at least two digits. */
    static String exponent(int exponent) {
        int size = Math.abs(exponent);
        return (exponent < 0 ? "e-" : "e+") + (size < 10 ? "0" : "") + size;
    }

    /** Title case as {@code str.title}: the first letter of every run of letters is large, the others small. */
    static String title(String text) {
        StringBuilder out = new StringBuilder(text.length());
        boolean inWord = false;
        for (int i = 0; i < text.length(); ) {
            int c = text.codePointAt(i);
            String one = Character.toString(c);
            i += one.length();
            boolean cased = Character.isUpperCase(c) || Character.isLowerCase(c) || Character.isTitleCase(c);
            out.append(!cased ? one : inWord ? one.toLowerCase(Locale.ROOT) : titled(one));
            inWord = cased;
        }
        return out.toString();
    }

    /** First character in title case, all others in lower case. */
    static String capitalize(String text) {
        if (text.isEmpty()) {
            return text;
        }
        int first = Character.charCount(text.codePointAt(0));
        return titled(text.substring(0, first)) + text.substring(first).toLowerCase(Locale.ROOT);
    }

    /** One character in title case; Java knows only one-to-one mappings, a few characters become two or three. */
    private static String titled(String one) {
        int c = one.codePointAt(0);
        int title = Character.toTitleCase(c);
        if (title != c || Character.isTitleCase(c)) {
            return Character.toString(title);
        }
        String upper = one.toUpperCase(Locale.ROOT);
        int first = Character.charCount(upper.codePointAt(0));
        return upper.substring(0, first) + upper.substring(first).toLowerCase(Locale.ROOT);
    }

    /** Escapes for HTML as MarkupSafe does. */
    static String escapeHtml(String text) {
        return text.replace("&", "&amp;")
                .replace(">", "&gt;")
                .replace("<", "&lt;")
                .replace("'", "&#39;")
                .replace("\"", "&#34;");
    }
}
