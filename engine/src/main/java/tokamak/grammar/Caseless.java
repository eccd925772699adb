package tokamak.grammar;

import java.util.ArrayList;
import java.util.List;

/** A pattern that does not tell upper from lower case. */
final class Caseless {
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

    private static CodePoints of(CodePoints set) {
        List<int[]> ranges = new ArrayList<>(set.toList());
        for (int[] range : set.toList()) {
            for (int c = range[0]; c <= range[1]; c++) {
                addIfOther(ranges, c, Character.toLowerCase(c));
                addIfOther(ranges, c, Character.toUpperCase(c));
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
