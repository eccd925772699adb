package tokamak.grammar;

import java.util.List;

/** Turns a pattern into a regular expression over the bytes of an alphabet. */
final class PatternCompiler {
    private final Alphabet alphabet;
    private final RegexPool pool;
    private final Regex anything;

    PatternCompiler(Alphabet alphabet) {
        this.alphabet = alphabet;
        this.pool = alphabet.pool();
        this.anything = pool.universe(alphabet.anyCharacter());
    }

    /** Texts that match from start to end. */
    Regex whole(Pattern pattern) {
        return compile(pattern, pool.empty, true);
    }

    /** Texts that match somewhere. */
    Regex search(Pattern pattern) {
        Regex inside = compile(pattern, anything, false);
        if (!pattern.hasStart()) {
            return pool.concat(anything, inside);
        }
        Regex oneOrMore = pool.concat(alphabet.anyCharacter(), anything);
        return pool.or(compile(pattern, anything, true), pool.concat(oneOrMore, inside));
    }

    /**
     * The pattern, then {@code rest}. Knowing all that follows makes assertions simple: the end of the text is where nothing
     * but the empty text may follow, and looking ahead is an intersection.
     *
     * @param atStart whether nothing comes before
     */
    private Regex compile(Pattern pattern, Regex rest, boolean atStart) {
        return switch (pattern) {
            case Pattern.Chars chars -> pool.concat(alphabet.oneOf(chars.set()), rest);
            case Pattern.Sequence sequence -> compileSequence(sequence, rest, atStart);
            case Pattern.Choice choice
            when choice.hasAssertion() ->
                pool.or(choice.parts().stream()
                        .map(part -> compile(part, rest, atStart))
                        .toList());
            case Pattern.Choice choice ->
                pool.concat(
                        pool.or(choice.parts().stream()
                                .map(part -> compile(part, pool.empty, atStart))
                                .toList()),
                        rest);
            case Pattern.Repeat repeat -> compileRepeat(repeat, rest, atStart);
            case Pattern.Start _ -> atStart ? rest : pool.nothing;
            case Pattern.End _ -> pool.and(pool.empty, rest);
            case Pattern.Ahead ahead -> pool.and(compile(ahead.part(), anything, atStart), rest);
            case Pattern.NotAhead ahead -> pool.and(pool.not(compile(ahead.part(), anything, atStart)), rest);
        };
    }

    private Regex compileSequence(Pattern.Sequence sequence, Regex rest, boolean atStart) {
        List<Pattern> parts = sequence.parts();
        boolean[] starts = new boolean[parts.size()];
        boolean stillAtStart = atStart;
        for (int i = 0; i < starts.length; i++) {
            starts[i] = stillAtStart;
            Pattern part = parts.get(i);
            if (i > 0 && part.hasStart() && !stillAtStart && atStart && canBeEmpty(parts.subList(0, i))) {
                throw new GrammarException("a pattern has ^ after something that may be empty: that is not supported");
            }
            stillAtStart &=
                    part instanceof Pattern.Start || part instanceof Pattern.Ahead || part instanceof Pattern.NotAhead;
        }
        Regex result = rest;
        for (int i = starts.length - 1; i >= 0; i--) {
            int first = firstOfWord(parts, i);
            if (first < i) {
                result = pool.concat(alphabet.text(word(parts, first, i)), result);
                i = first;
            } else {
                result = compile(parts.get(i), result, starts[i]);
            }
        }
        return result;
    }

    /** Where the single characters begin that end with part {@code last}; behind it if that is none. */
    private static int firstOfWord(List<Pattern> parts, int last) {
        int first = last + 1;
        while (first > 0
                && parts.get(first - 1) instanceof Pattern.Chars chars
                && chars.set().single() >= 0) {
            first--;
        }
        return first;
    }

    private static String word(List<Pattern> parts, int first, int last) {
        StringBuilder word = new StringBuilder();
        for (int i = first; i <= last; i++) {
            word.appendCodePoint(((Pattern.Chars) parts.get(i)).set().single());
        }
        return word.toString();
    }

    private boolean canBeEmpty(List<Pattern> parts) {
        return parts.stream().allMatch(part -> switch (part) {
            case Pattern.Chars _ -> false;
            case Pattern.Start _, Pattern.End _, Pattern.Ahead _, Pattern.NotAhead _ -> true;
            case Pattern.Sequence sequence -> canBeEmpty(sequence.parts());
            case Pattern.Choice choice -> choice.parts().stream().anyMatch(each -> canBeEmpty(List.of(each)));
            case Pattern.Repeat repeat -> repeat.min() == 0 || canBeEmpty(List.of(repeat.part()));
        });
    }

    private Regex compileRepeat(Pattern.Repeat repeat, Regex rest, boolean atStart) {
        if (!repeat.hasAssertion()) {
            Regex part = compile(repeat.part(), pool.empty, atStart);
            return pool.concat(pool.repeat(part, repeat.min(), repeat.max()), rest);
        }
        if (repeat.max() == 1) {
            Regex once = compile(repeat.part(), rest, atStart);
            return repeat.min() == 1 ? once : pool.or(once, rest);
        }
        throw new GrammarException("a pattern has ^, $ or a look-ahead inside a repetition: that is not supported");
    }
}
