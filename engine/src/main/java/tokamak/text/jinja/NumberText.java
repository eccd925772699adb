package tokamak.text.jinja;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;

/** Floats as text with a given precision, rounded exactly as C and Python do (half to even on the exact value). */
final class NumberText {
    private static final int MAX_PRECISION = 1000;

    private NumberText() {}

    /** @param type one of e, E, f, F, g, G */
    static String real(double value, char type, int precision, boolean alternate) {
        if (precision > MAX_PRECISION) {
            throw JinjaException.limit("a number format's precision is above " + MAX_PRECISION);
        }
        if (Double.isNaN(value) || Double.isInfinite(value)) {
            String text = PyText.repr(value);
            return Character.isUpperCase(type) ? text.toUpperCase(Locale.ROOT) : text;
        }
        BigDecimal exact = new BigDecimal(Math.abs(value));
        String digits = switch (Character.toLowerCase(type)) {
            case 'f' -> exact.setScale(precision, RoundingMode.HALF_EVEN).toPlainString();
            case 'e' -> scientific(exact, precision);
            default -> general(exact, Math.max(1, precision), alternate);
        };
        boolean negative = value < 0 || value == 0 && 1 / value < 0;
        return (negative ? "-" : "") + (Character.isUpperCase(type) ? digits.toUpperCase(Locale.ROOT) : digits);
    }

    private static String scientific(BigDecimal exact, int precision) {
        BigDecimal rounded = exact.round(new MathContext(precision + 1, RoundingMode.HALF_EVEN));
        int exponent = exact.signum() == 0 ? 0 : exponent(rounded);
        String mantissa = rounded.scaleByPowerOfTen(-exponent)
                .setScale(precision, RoundingMode.HALF_EVEN)
                .toPlainString();
        return mantissa + PyText.exponent(exponent);
    }

    private static int exponent(BigDecimal value) {
        return value.precision() - value.scale() - 1;
    }

    private static String general(BigDecimal exact, int precision, boolean alternate) {
        BigDecimal rounded = exact.round(new MathContext(precision, RoundingMode.HALF_EVEN));
        int exponent = exact.signum() == 0 ? 0 : exponent(rounded);
        if (exponent < -4 || exponent >= precision) {
            String text = scientific(exact, precision - 1);
            int e = text.indexOf('e');
            return (alternate ? text.substring(0, e) : stripZeros(text.substring(0, e))) + text.substring(e);
        }
        String text =
                exact.setScale(precision - 1 - exponent, RoundingMode.HALF_EVEN).toPlainString();
        return alternate ? text : stripZeros(text);
    }

    private static String stripZeros(String text) {
        if (text.indexOf('.') < 0) {
            return text;
        }
        int end = text.length();
        while (text.charAt(end - 1) == '0') {
            end--;
        }
        return text.substring(0, text.charAt(end - 1) == '.' ? end - 1 : end);
    }
}
