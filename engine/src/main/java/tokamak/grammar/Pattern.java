package tokamak.grammar;

import java.util.List;

/** A regular expression as it was written, over characters. */
sealed interface Pattern {
    record Chars(CodePoints set) implements Pattern {}

    record Sequence(List<Pattern> parts) implements Pattern {}

    record Choice(List<Pattern> parts) implements Pattern {}

    /** @param max {@link Regex#UNBOUNDED} for no limit */
    record Repeat(Pattern part, int min, int max) implements Pattern {}

    /** The start of the text. */
    record Start() implements Pattern {}

    /** The end of the text. */
    record End() implements Pattern {}

    /** What follows begins like {@code part}. */
    record Ahead(Pattern part) implements Pattern {}

    /** What follows does not begin like {@code part}. */
    record NotAhead(Pattern part) implements Pattern {}

    /** Whether a place in the text matters, and not only the characters. */
    default boolean hasAssertion() {
        return switch (this) {
            case Chars _ -> false;
            case Start _, End _, Ahead _, NotAhead _ -> true;
            case Sequence sequence -> sequence.parts.stream().anyMatch(Pattern::hasAssertion);
            case Choice choice -> choice.parts.stream().anyMatch(Pattern::hasAssertion);
            case Repeat repeat -> repeat.part.hasAssertion();
        };
    }

    default boolean hasStart() {
        return switch (this) {
            case Chars _, End _, Ahead _, NotAhead _ -> false;
            case Start _ -> true;
            case Sequence sequence -> sequence.parts.stream().anyMatch(Pattern::hasStart);
            case Choice choice -> choice.parts.stream().anyMatch(Pattern::hasStart);
            case Repeat repeat -> repeat.part.hasStart();
        };
    }

    /** The same where a dot means the ends of lines too. */
    default Pattern withLineEnds() {
        return switch (this) {
            case Chars chars -> chars.set == CharacterClasses.NOT_LINE_END ? new Chars(CodePoints.ALL) : chars;
            case Start _, End _ -> this;
            case Ahead ahead -> new Ahead(ahead.part.withLineEnds());
            case NotAhead ahead -> new NotAhead(ahead.part.withLineEnds());
            case Sequence sequence -> new Sequence(withLineEnds(sequence.parts));
            case Choice choice -> new Choice(withLineEnds(choice.parts));
            case Repeat repeat -> new Repeat(repeat.part.withLineEnds(), repeat.min, repeat.max);
        };
    }

    private static List<Pattern> withLineEnds(List<Pattern> parts) {
        return parts.stream().map(Pattern::withLineEnds).toList();
    }
}
