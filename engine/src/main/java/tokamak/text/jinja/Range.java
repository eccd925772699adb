package tokamak.text.jinja;

import java.util.AbstractList;
import java.util.List;
import java.util.RandomAccess;
import org.jspecify.annotations.Nullable;

/** A Python range. */
record Range(long start, long stop, long step) {
    /** As many elements as the sandbox of Jinja2 lets a template ask for. */
    private static final long MAX_LENGTH = 100_000;

    static Range of(long start, long stop, long step) {
        if (step == 0) {
            throw JinjaException.valueError("range() arg 3 must not be zero");
        }
        Range range = new Range(start, stop, step);
        if (range.length() > MAX_LENGTH || range.length() < 0) {
            throw JinjaException.runtime(
                    "OverflowError",
                    "Range too big. The sandbox blocks ranges larger than MAX_RANGE (" + MAX_LENGTH + ").");
        }
        return range;
    }

    /** Negative if it does not fit. */
    private long length() {
        if (step > 0 ? start >= stop : start <= stop) {
            return 0;
        }
        try {
            long span = step > 0 ? Math.subtractExact(stop, start) : Math.subtractExact(start, stop);
            long stride = Math.absExact(step);
            return (span - 1) / stride + 1;
        } catch (ArithmeticException e) {
            return -1;
        }
    }

    List<@Nullable Object> items() {
        return new Items(this, (int) length());
    }

    private static final class Items extends AbstractList<@Nullable Object> implements RandomAccess {
        private final Range range;
        private final int size;

        Items(Range range, int size) {
            this.range = range;
            this.size = size;
        }

        @Override
        public Object get(int index) {
            return range.start + index * range.step;
        }

        @Override
        public int size() {
            return size;
        }
    }
}
