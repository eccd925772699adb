package tokamak.grammar;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;

/** Patterns of unsigned decimal numbers that are at least or at most something, compared digit by digit. */
final class NumberPatterns {
    /** As many digits as a double can have before its point; also what keeps weak models from writing digits for ever. */
    private static final int MAX_WHOLE_DIGITS = 300;
    /** More than three times what tells doubles apart. */
    private static final int MAX_FRACTION_DIGITS = 64;

    static final String WHOLE = "(?:0|[1-9]\\d{0," + (MAX_WHOLE_DIGITS - 1) + "})";
    private static final String MORE = "{0," + MAX_FRACTION_DIGITS + "}";
    static final String FRACTION = "(?:\\.\\d{1," + MAX_FRACTION_DIGITS + "})?";

    /** Digits that are not all 0. */
    private static final String NOT_ZERO = "\\d" + MORE + "[1-9]\\d" + MORE;

    private NumberPatterns() {}

    private static String whole(BigDecimal bound) {
        return bound.toBigInteger().toString();
    }

    private static String fraction(BigDecimal bound) {
        String text = bound.stripTrailingZeros().toPlainString();
        int point = text.indexOf('.');
        return point < 0 ? "" : text.substring(point + 1);
    }

    private static String choice(List<String> parts) {
        return "(?:" + String.join("|", parts) + ")";
    }

    private static String digits(int count) {
        return count == 0 ? "" : "\\d{" + count + "}";
    }

    private static String between(int low, int high) {
        return low == high ? Integer.toString(low) : "[" + low + "-" + high + "]";
    }

    // ---- whole numbers

    /** @param bound whole, from 0 up */
    static String wholeAtLeast(BigDecimal bound) {
        String digits = whole(bound);
        if (digits.equals("0")) {
            return WHOLE;
        }
        List<String> parts = wholeAbove(digits);
        parts.add(digits);
        return choice(parts);
    }

    /** @param bound whole, from 0 up */
    static String wholeAtMost(BigDecimal bound) {
        List<String> parts = wholeBelow(whole(bound));
        parts.add(whole(bound));
        return choice(parts);
    }

    private static List<String> wholeAbove(String digits) {
        List<String> parts = new ArrayList<>();
        int length = digits.length();
        parts.add("[1-9]\\d{" + length + "," + Math.max(length, MAX_WHOLE_DIGITS - 1) + "}");
        for (int i = 0; i < length; i++) {
            int digit = digits.charAt(i) - '0';
            if (digit < 9) {
                parts.add(digits.substring(0, i) + between(digit + 1, 9) + digits(length - 1 - i));
            }
        }
        return parts;
    }

    private static List<String> wholeBelow(String digits) {
        List<String> parts = new ArrayList<>();
        int length = digits.length();
        if (length > 1) {
            parts.add("0");
            parts.add("[1-9]\\d{0," + (length - 2) + "}");
        }
        for (int i = 0; i < length; i++) {
            int digit = digits.charAt(i) - '0';
            int lowest = i == 0 && length > 1 ? 1 : 0;
            if (digit > lowest) {
                parts.add(digits.substring(0, i) + between(lowest, digit - 1) + digits(length - 1 - i));
            }
        }
        return parts;
    }

    // ---- decimals

    static String atLeast(BigDecimal bound) {
        List<String> parts = decimalsAbove(bound);
        parts.add(whole(bound) + equalOrAbove(fraction(bound), "\\d" + MORE, FRACTION));
        return choice(parts);
    }

    static String above(BigDecimal bound) {
        List<String> parts = decimalsAbove(bound);
        parts.add(whole(bound) + equalOrAbove(fraction(bound), NOT_ZERO, "\\." + NOT_ZERO));
        return choice(parts);
    }

    static String atMost(BigDecimal bound) {
        List<String> parts = decimalsBelow(bound);
        String fraction = fraction(bound);
        parts.add(
                fraction.isEmpty()
                        ? whole(bound) + "(?:\\.0{1," + MAX_FRACTION_DIGITS + "})?"
                        : whole(bound) + "\\." + fraction + "0" + MORE);
        return choice(parts);
    }

    /** @param bound above 0 */
    static String below(BigDecimal bound) {
        return choice(decimalsBelow(bound));
    }

    private static List<String> decimalsAbove(BigDecimal bound) {
        List<String> parts = new ArrayList<>();
        wholeAbove(whole(bound)).forEach(part -> parts.add(part + FRACTION));
        return parts;
    }

    private static String equalOrAbove(String fraction, String rest, String withoutFraction) {
        if (fraction.isEmpty()) {
            return withoutFraction;
        }
        List<String> parts = new ArrayList<>();
        for (int i = 0; i < fraction.length(); i++) {
            int digit = fraction.charAt(i) - '0';
            if (digit < 9) {
                parts.add(fraction.substring(0, i) + between(digit + 1, 9) + "\\d" + MORE);
            }
        }
        parts.add(fraction + rest);
        return "\\." + choice(parts);
    }

    private static List<String> decimalsBelow(BigDecimal bound) {
        List<String> parts = new ArrayList<>();
        wholeBelow(whole(bound)).forEach(part -> parts.add(part + FRACTION));
        String fraction = fraction(bound);
        if (!fraction.isEmpty()) {
            List<String> less = new ArrayList<>();
            for (int i = 0; i < fraction.length(); i++) {
                int digit = fraction.charAt(i) - '0';
                if (digit > 0) {
                    less.add(fraction.substring(0, i) + between(0, digit - 1) + "\\d" + MORE);
                }
                if (i > 0) {
                    less.add(fraction.substring(0, i)); // its end is a digit other than 0, so a beginning is less
                }
            }
            parts.add(whole(bound) + "(?:\\." + choice(less) + ")?");
        }
        return parts;
    }
}
