package tokamak.grammar;

import org.jspecify.annotations.Nullable;

/**
 * How far digits have come in being a multiple of {@code factor * 10^-scale}.
 *
 * @param factor at least 1
 * @param scale digits of a fraction that count; further ones must be 0
 * @param remainder of all digits so far, read as one integer
 * @param numFraction digits read after the point; -1 before the point, 0 right after it
 */
record Multiple(long factor, int scale, long remainder, int numFraction) {
    static final long MAX_FACTOR = 1_000_000;
    static final int MAX_SCALE = 30;

    static Multiple start(long factor, int scale) {
        return new Multiple(factor, scale, 0, -1);
    }

    /** After one more byte; null if there is no such number. */
    @Nullable
    Multiple after(int value) {
        if (value == '.') {
            return numFraction == -1 ? new Multiple(factor, scale, remainder, 0) : null;
        }
        if (value < '0' || value > '9') {
            return null;
        }
        int digit = value - '0';
        if (numFraction >= scale) {
            return digit == 0 ? new Multiple(factor, scale, remainder, scale + 1) : null;
        }
        long next = (remainder * 10 + digit) % factor;
        return new Multiple(factor, scale, next, numFraction == -1 ? -1 : numFraction + 1);
    }

    /** Whether the digits may end here. Whether there are enough of them is for others to say. */
    boolean isComplete() {
        if (numFraction == 0) {
            return false;
        }
        long rest = remainder;
        for (int i = Math.max(numFraction, 0); i < scale; i++) {
            rest = rest * 10 % factor;
        }
        return rest == 0;
    }
}
