package tokamak.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** A pattern that does not tell upper from lower case. */
final class Caseless {
    private static final int[] CASED = IntStream.rangeClosed(0, Character.MAX_CODE_POINT)
            .filter(c -> Character.toLowerCase(c) != c || Character.toUpperCase(c) != c)
            .toArray();

    private Caseless() {}

    static Pattern of(Pattern pattern) {
        return switch (pattern) {
            case Pattern.Chars chars -> new Pattern.Chars(of(chars.set()));
            case Pattern.Sequence sequence -> new Pattern.Sequence(of(sequence.parts()));
            case Pattern.Choice choice -> new Pattern.Choice(of(choice.parts()));
            case Pattern.Repeat repeat -> new Pattern.Repeat(of(repeat.part()), repeat.min(), repeat.max());
            case Pattern.Start start -> start;
            case Pattern.End end -> end;
            case Pattern.Ahead ahead -> new Pattern.Ahead(of(ahead.part()));
            case Pattern.NotAhead ahead -> new Pattern.NotAhead(of(ahead.part()));
        };
    }

    private static List<Pattern> of(List<Pattern> parts) {
        return parts.stream().map(Caseless::of).toList();
    }

    /** A set may be all of Unicode and a pattern may have thousands: only characters with another case are looked at. */
    private static CodePoints of(CodePoints set) {
        List<int[]> ranges = new ArrayList<>(set.toList());
        for (int[] range : set.toList()) {
            int first = Arrays.binarySearch(CASED, range[0]);
            for (int i = first < 0 ? ~first : first; i < CASED.length && CASED[i] <= range[1]; i++) {
                addIfOther(ranges, CASED[i], Character.toLowerCase(CASED[i]));
                addIfOther(ranges, CASED[i], Character.toUpperCase(CASED[i]));
            }
        }
        return CodePoints.ofRanges(ranges);
    }

    private static void addIfOther(List<int[]> ranges, int c, int other) {
        if (other != c) {
            ranges.add(new int[] {other, other});
        }
    }
}
