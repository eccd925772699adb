package tokamak.text.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Text and numbers into numbers, as Python's {@code int}, {@code float} and {@code round} do it. */
final class Conversions {
    private static final Pattern FLOAT = Pattern.compile(
            "[+-]?(\\d++(_\\d++)*+\\.?(\\d++(_\\d++)*+)?|\\.\\d++(_\\d++)*+)([eE][+-]?\\d++(_\\d++)*+)?");
    private static final int MAX_DIGITS = 2400;

    private Conversions() {}

    static BigInteger truncate(double value) {
        if (Double.isNaN(value) || Double.isInfinite(value)) {
            throw JinjaException.runtime("OverflowError", "cannot convert float " + PyText.repr(value) + " to integer");
        }
        return new BigDecimal(value).toBigInteger();
    }

    /** Python's {@code int(text, base)}; null where Python raises. */
    static @Nullable Object integer(String text, int base) {
        String digits = PyText.strip(text).toLowerCase(Locale.ROOT);
        boolean negative = digits.startsWith("-");
        digits = negative || digits.startsWith("+") ? digits.substring(1) : digits;
        int radix = base;
        String prefix = digits.length() > 2 ? digits.substring(0, 2) : "";
        int prefixRadix = switch (prefix) {
            case "0x" -> 16;
            case "0o" -> 8;
            case "0b" -> 2;
            default -> 0;
        };
        if (prefixRadix != 0 && (base == 0 || base == prefixRadix)) {
            radix = prefixRadix;
            digits = digits.substring(digits.charAt(2) == '_' ? 3 : 2);
        } else if (base == 0) {
            radix = 10;
            if (digits.startsWith("0") && !digits.matches("0++(_0++)*+")) {
                return null;
            }
        }
        if (radix < 2
                || radix > 36
                || digits.length() > MAX_DIGITS
                || digits.startsWith("_")
                || digits.endsWith("_")
                || digits.contains("__")
                || digits.startsWith("-")
                || digits.startsWith("+")) {
            return null;
        }
        try {
            BigInteger value = new BigInteger(digits.replace("_", ""), radix);
            return Numbers.normal(negative ? value.negate() : value);
        } catch (NumberFormatException e) {
            return null;
        }
    }

    /** Python's {@code float(value)}; null where Python raises. */
    static @Nullable Double real(@Nullable Object value) {
        if (value != null && Numbers.isNumber(value)) {
            return Numbers.real(value);
        }
        String given = Types.string(value);
        if (given == null) {
            return null;
        }
        String text = PyText.strip(given);
        String plain = text.toLowerCase(Locale.ROOT);
        boolean negative = plain.startsWith("-");
        switch (negative || plain.startsWith("+") ? plain.substring(1) : plain) {
            case "inf", "infinity" -> {
                return negative ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
            }
            case "nan" -> {
                return Double.NaN;
            }
            default -> {
                return FLOAT.matcher(text).matches() ? Double.valueOf(text.replace("_", "")) : null;
            }
        }
    }

    /** Python's {@code round}: halves to the even neighbour, on the exact value. */
    static Object round(Object value, int precision) {
        if (!(value instanceof Double real)) {
            if (precision >= 0) {
                return Numbers.normal(Numbers.big(value));
            }
            if (precision < -2500) {
                return 0L;
            }
            return Numbers.normal(new BigDecimal(Numbers.big(value))
                    .setScale(precision, RoundingMode.HALF_EVEN)
                    .toBigInteger());
        }
        if (Double.isNaN(real) || Double.isInfinite(real) || precision > 330) {
            return real;
        }
        if (precision < -330) {
            return 0.0;
        }
        double rounded =
                new BigDecimal(real).setScale(precision, RoundingMode.HALF_EVEN).doubleValue();
        return rounded == 0 ? Math.copySign(0, real) : rounded;
    }
}
