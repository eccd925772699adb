package tokamak.grammar;

import java.util.List;

/** The right side of a rule, whatever notation it was written in. */
sealed interface Ebnf {
    /** A text that matches an expression. */
    record Terminal(Regex regex) implements Ebnf {}

    /** A rule by its name. */
    record Ref(String name) implements Ebnf {}

    /** A JSON value that a schema finds valid. */
    record Schema(String schema) implements Ebnf {}

    record Sequence(List<Ebnf> parts) implements Ebnf {}

    record Choice(List<Ebnf> parts) implements Ebnf {}

    /** @param max {@link Regex#UNBOUNDED} for no limit */
    record Repeat(Ebnf part, int min, int max) implements Ebnf {}
}
