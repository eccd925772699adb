package tokamak.api;

/** Range checks whose errors name the field, its range and what was found. */
final class Check {
    private Check() {}

    static void that(String field, boolean holds, String what) {
        if (!holds) {
            throw new InvalidRequestException(field, field + ": " + what);
        }
    }

    static void inRange(String field, double value, double min, double max) {
        inRange(field, field, value, min, max);
    }

    /** @param what of the field it is */
    static void inRange(String field, String what, double value, double min, double max) {
        // Written so that NaN fails.
        if (!(value >= min && value <= max)) {
            throw outside(field, what, "[" + number(min) + ", " + number(max) + "]", value);
        }
    }

    /** The lower end is outside the range. */
    static void inRangeAbove(String field, double value, double min, double max) {
        if (!(value > min && value <= max)) {
            throw outside(field, field, "(" + number(min) + ", " + number(max) + "]", value);
        }
    }

    static void tokenId(String field, int id) {
        if (id < 0) {
            throw new InvalidRequestException(field, field + ": token ids start at 0, found " + id);
        }
    }

    private static InvalidRequestException outside(String field, String what, String range, double value) {
        return new InvalidRequestException(field, what + " must be in " + range + ", found " + number(value));
    }

    private static String number(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e15
                ? Long.toString((long) value)
                : Double.toString(value);
    }
}
