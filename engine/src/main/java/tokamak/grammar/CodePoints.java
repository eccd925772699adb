package tokamak.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;

/** A set of Unicode code points without surrogates: sorted ranges that do not touch. */
final class CodePoints {
    static final CodePoints NONE = new CodePoints(new int[0]);
    static final CodePoints ALL = new CodePoints(new int[] {0, 0xd7ff, 0xe000, 0x10ffff});

    /** Low and high end, both inclusive, in turn. */
    private final int[] ranges;

    private CodePoints(int[] ranges) {
        this.ranges = ranges;
    }

    static CodePoints of(int codePoint) {
        return range(codePoint, codePoint);
    }

    static CodePoints range(int low, int high) {
        return union(List.of(new int[] {low, high}));
    }

    static CodePoints anyOf(String characters) {
        return union(characters.codePoints().mapToObj(c -> new int[] {c, c}).toList());
    }

    /** @param ranges low and high ends, both inclusive, in any order */
    static CodePoints ofRanges(List<int[]> ranges) {
        return union(ranges);
    }

    static CodePoints where(IntPredicate belongs) {
        List<int[]> found = new ArrayList<>();
        for (int c = 0; c <= 0x10ffff; c++) {
            if (belongs.test(c)) {
                int low = c;
                while (c < 0x10ffff && belongs.test(c + 1)) {
                    c++;
                }
                found.add(new int[] {low, c});
            }
        }
        return union(found);
    }

    private static CodePoints union(List<int[]> unsorted) {
        List<int[]> sorted = new ArrayList<>(unsorted);
        sorted.sort((a, b) -> Integer.compare(a[0], b[0]));
        int[] merged = new int[2 * sorted.size()];
        int n = 0;
        for (int[] range : sorted) {
            if (n > 0 && range[0] <= merged[n - 1] + 1) {
                merged[n - 1] = Math.max(merged[n - 1], range[1]);
            } else {
                merged[n++] = range[0];
                merged[n++] = range[1];
            }
        }
        return new CodePoints(Arrays.copyOf(merged, n)).withoutSurrogates();
    }

    private CodePoints withoutSurrogates() {
        for (int i = 0; i < ranges.length; i += 2) {
            if (ranges[i] <= 0xdfff && ranges[i + 1] >= 0xd800) {
                return and(ALL);
            }
        }
        return this;
    }

    CodePoints or(CodePoints other) {
        List<int[]> all = new ArrayList<>(toList());
        all.addAll(other.toList());
        return union(all);
    }

    CodePoints and(CodePoints other) {
        int[] result = new int[ranges.length + other.ranges.length];
        int n = 0;
        int i = 0;
        int j = 0;
        while (i < ranges.length && j < other.ranges.length) {
            int low = Math.max(ranges[i], other.ranges[j]);
            int high = Math.min(ranges[i + 1], other.ranges[j + 1]);
            if (low <= high) {
                result[n++] = low;
                result[n++] = high;
            }
            if (ranges[i + 1] < other.ranges[j + 1]) {
                i += 2;
            } else {
                j += 2;
            }
        }
        return new CodePoints(Arrays.copyOf(result, n));
    }

    CodePoints not() {
        int[] gaps = new int[ranges.length + 2];
        int n = 0;
        int next = 0;
        for (int i = 0; i < ranges.length; i += 2) {
            if (ranges[i] > next) {
                gaps[n++] = next;
                gaps[n++] = ranges[i] - 1;
            }
            next = ranges[i + 1] + 1;
        }
        if (next <= 0x10ffff) {
            gaps[n++] = next;
            gaps[n++] = 0x10ffff;
        }
        return new CodePoints(Arrays.copyOf(gaps, n)).and(ALL);
    }

    /** The only character, -1 if there are none or more. */
    int single() {
        return ranges.length == 2 && ranges[0] == ranges[1] ? ranges[0] : -1;
    }

    boolean isEmpty() {
        return ranges.length == 0;
    }

    boolean contains(int codePoint) {
        for (int i = 0; i < ranges.length; i += 2) {
            if (codePoint >= ranges[i] && codePoint <= ranges[i + 1]) {
                return true;
            }
        }
        return false;
    }

    /** {low, high} pairs in order. */
    List<int[]> toList() {
        List<int[]> list = new ArrayList<>(ranges.length / 2);
        for (int i = 0; i < ranges.length; i += 2) {
            list.add(new int[] {ranges[i], ranges[i + 1]});
        }
        return list;
    }
}
