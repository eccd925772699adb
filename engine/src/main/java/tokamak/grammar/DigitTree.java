package tokamak.grammar;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Numbers out of ranges, written with a fixed number of digits of some bits each: code points in UTF-8, or in hexadecimal. Digits that
 * the same may follow are put together, so that the expression is about as small as the set is simple.
 */
final class DigitTree {
    /** How the digits of a place are written, and what stands before them. */
    interface Writing {
        /** @param digits a bit for each that is possible */
        Regex of(int place, long digits);
    }

    private final RegexPool pool;
    private final int[] bits; // by place, the last digit's is 0; at most 6
    private final int[] shifts;
    private final Writing writing;
    private final Regex[] full;

    DigitTree(RegexPool pool, int[] bits, Writing writing) {
        this.pool = pool;
        this.bits = bits;
        this.writing = writing;
        this.shifts = new int[bits.length];
        for (int place = 1; place < bits.length; place++) {
            shifts[place] = shifts[place - 1] + bits[place - 1];
        }
        this.full = new Regex[bits.length];
    }

    /** @param ranges sorted {low, high} pairs that don't overlap, both inclusive */
    Regex of(List<int[]> ranges) {
        return ranges.isEmpty() ? pool.nothing : build(bits.length - 1, ranges);
    }

    private Regex build(int place, List<int[]> ranges) {
        int shift = shifts[place];
        int mask = (1 << shift) - 1;
        long whole = 0;
        TreeMap<Integer, List<int[]>> partial = new TreeMap<>();
        for (int[] range : ranges) {
            for (int digit = range[0] >> shift; digit <= range[1] >> shift; digit++) {
                int low = Math.max(range[0], digit << shift);
                int high = Math.min(range[1], digit << shift | mask);
                if (high - low == mask) {
                    whole |= 1L << digit;
                } else {
                    partial.computeIfAbsent(digit, key -> new ArrayList<>()).add(new int[] {low & mask, high & mask});
                }
            }
        }
        if (place == 0) {
            return writing.of(0, whole);
        }
        Map<Regex, Long> digitsByTail = new LinkedHashMap<>();
        if (whole != 0) {
            digitsByTail.put(full(place - 1), whole);
        }
        partial.forEach((digit, rest) -> digitsByTail.merge(build(place - 1, rest), 1L << digit, (a, b) -> a | b));
        List<Regex> alternatives = new ArrayList<>();
        digitsByTail.forEach((tail, digits) -> alternatives.add(pool.concat(writing.of(place, digits), tail)));
        return pool.or(alternatives);
    }

    private Regex full(int place) {
        if (full[place] == null) {
            full[place] = build(place, List.of(new int[] {0, (1 << shifts[place] + bits[place]) - 1}));
        }
        return full[place];
    }
}
