package tokamak.text.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import org.jspecify.annotations.Nullable;
import tokamak.text.jinja.Expr.BinaryOperator;

/** Python's arithmetic: integers of any size, division that rounds down, true and false as 1 and 0. */
final class Numbers {
    private static final int MAX_BITS = 8192;

    private Numbers() {}

    static boolean isNumber(@Nullable Object value) {
        return value instanceof Long
                || value instanceof Double
                || value instanceof Boolean
                || value instanceof BigInteger;
    }

    static boolean isInteger(@Nullable Object value) {
        return value instanceof Long || value instanceof Boolean || value instanceof BigInteger;
    }

    /** A Long if it fits. */
    static Object normal(BigInteger value) {
        if (value.bitLength() < 64) {
            return value.longValue();
        }
        if (value.bitLength() > MAX_BITS) {
            throw JinjaException.limit("an integer has more than " + MAX_BITS + " bits");
        }
        return value;
    }

    static BigInteger big(Object value) {
        return switch (value) {
            case Long l -> BigInteger.valueOf(l);
            case Boolean b -> b ? BigInteger.ONE : BigInteger.ZERO;
            default -> (BigInteger) value;
        };
    }

    static double real(Object value) {
        return switch (value) {
            case Double d -> d;
            case Long l -> l;
            case Boolean b -> b ? 1 : 0;
            default -> {
                double real = ((BigInteger) value).doubleValue();
                if (Double.isInfinite(real)) {
                    throw JinjaException.runtime("OverflowError", "int too large to convert to float");
                }
                yield real;
            }
        };
    }

    /** An integer that counts or indexes something; beyond the range of int the nearest int. */
    static int index(@Nullable Object value) {
        return switch (value) {
            case Long l -> Math.clamp(l, Integer.MIN_VALUE, Integer.MAX_VALUE);
            case Boolean b -> b ? 1 : 0;
            case BigInteger i -> i.signum() < 0 ? Integer.MIN_VALUE : Integer.MAX_VALUE;
            case Undefined u -> throw u.fail();
            case null, default ->
                throw JinjaException.typeError(
                        PyText.repr(Types.name(value)) + " object cannot be interpreted as an integer");
        };
    }

    static String requireString(@Nullable Object value) {
        String text = Types.string(value);
        if (text == null) {
            if (value instanceof Undefined undefined) {
                throw undefined.fail();
            }
            throw JinjaException.typeError("expected str instance, " + Types.name(value) + " found");
        }
        return text;
    }

    static int signum(Object value) {
        return value instanceof Double d ? (int) Math.signum(d) : big(value).signum();
    }

    /** Exact, also between integers and floats; NaN is unordered: {@link Integer#MIN_VALUE}. */
    static int compare(Object a, Object b) {
        if (a instanceof Long x && b instanceof Long y) {
            return Long.compare(x, y);
        }
        if (a instanceof Double || b instanceof Double) {
            double x = a instanceof Double d ? d : big(a).doubleValue();
            double y = b instanceof Double d ? d : big(b).doubleValue();
            if (Double.isNaN(x) || Double.isNaN(y)) {
                return Integer.MIN_VALUE;
            }
            if (x != y || Double.isInfinite(x) || a instanceof Double && b instanceof Double) {
                return x < y ? -1 : x > y ? 1 : 0;
            }
            return exact(a).compareTo(exact(b));
        }
        return big(a).compareTo(big(b));
    }

    private static BigDecimal exact(Object value) {
        return value instanceof Double d ? new BigDecimal(d) : new BigDecimal(big(value));
    }

    static Object binary(BinaryOperator operator, Object a, Object b) {
        if (operator == BinaryOperator.DIVIDE) {
            return divide(real(a), real(b));
        }
        if (a instanceof Double || b instanceof Double) {
            return realBinary(operator, real(a), real(b));
        }
        if (operator == BinaryOperator.ADD && a instanceof Long l && b instanceof Long r && noOverflow(l, r)) {
            return l + r;
        }
        BigInteger x = big(a);
        BigInteger y = big(b);
        return switch (operator) {
            case ADD -> normal(x.add(y));
            case SUBTRACT -> normal(x.subtract(y));
            case MULTIPLY -> normal(x.multiply(y));
            case FLOOR_DIVIDE -> normal(floorDivide(x, y, "integer division or modulo by zero"));
            case MODULO ->
                normal(x.subtract(floorDivide(x, y, "integer modulo by zero").multiply(y)));
            case POWER -> power(x, y);
            case DIVIDE -> throw new AssertionError(operator);
        };
    }

    private static boolean noOverflow(long a, long b) {
        long sum = a + b;
        return ((a ^ sum) & (b ^ sum)) >= 0;
    }

    private static double divide(double a, double b) {
        if (b == 0) {
            throw JinjaException.runtime("ZeroDivisionError", "division by zero");
        }
        return a / b;
    }

    private static BigInteger floorDivide(BigInteger a, BigInteger b, String byZero) {
        if (b.signum() == 0) {
            throw JinjaException.runtime("ZeroDivisionError", byZero);
        }
        BigInteger[] parts = a.divideAndRemainder(b);
        boolean down = parts[1].signum() != 0 && parts[1].signum() != b.signum();
        return down ? parts[0].subtract(BigInteger.ONE) : parts[0];
    }

    private static Object power(BigInteger base, BigInteger exponent) {
        if (exponent.signum() < 0) {
            return realPower(real(normal(base)), real(normal(exponent)));
        }
        long bits = base.abs().bitLength();
        if (bits <= 1) {
            return normal(exponent.signum() == 0 ? BigInteger.ONE : exponent.testBit(0) ? base : base.abs());
        }
        if (exponent.bitLength() > 31 || bits * exponent.longValue() > 2L * MAX_BITS) {
            throw JinjaException.limit("an integer has more than " + MAX_BITS + " bits");
        }
        return normal(base.pow(exponent.intValueExact()));
    }

    private static double realPower(double base, double exponent) {
        if (base == 0 && exponent < 0) {
            throw JinjaException.runtime("ZeroDivisionError", "0.0 cannot be raised to a negative power");
        }
        double power = Math.pow(base, exponent);
        if (Double.isNaN(power) && !Double.isNaN(base) && !Double.isNaN(exponent)) {
            throw JinjaException.valueError("complex numbers are not supported");
        }
        if (Double.isInfinite(power) && !Double.isInfinite(base) && !Double.isInfinite(exponent)) {
            throw JinjaException.runtime("OverflowError", "(34, 'Numerical result out of range')");
        }
        return power;
    }

    private static double realBinary(BinaryOperator operator, double a, double b) {
        return switch (operator) {
            case ADD -> a + b;
            case SUBTRACT -> a - b;
            case MULTIPLY -> a * b;
            case FLOOR_DIVIDE -> realFloorDivide(a, b);
            case MODULO -> realModulo(a, b);
            case POWER -> realPower(a, b);
            case DIVIDE -> divide(a, b);
        };
    }

    private static double realModulo(double a, double b) {
        if (b == 0) {
            throw JinjaException.runtime("ZeroDivisionError", "float modulo");
        }
        double rest = a % b;
        if (rest == 0) {
            return Math.copySign(0, b);
        }
        return rest < 0 != b < 0 ? rest + b : rest;
    }

    private static double realFloorDivide(double a, double b) {
        if (b == 0) {
            throw JinjaException.runtime("ZeroDivisionError", "float floor division by zero");
        }
        double rest = a % b;
        double quotient = (a - rest) / b;
        if (rest != 0 && rest < 0 != b < 0) {
            quotient -= 1;
        }
        if (quotient == 0) {
            return Math.copySign(0, a / b);
        }
        double floor = Math.floor(quotient);
        return quotient - floor > 0.5 ? floor + 1 : floor;
    }
}
