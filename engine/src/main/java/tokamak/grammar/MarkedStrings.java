package tokamak.grammar;

import java.util.List;

/** Strings as they are, between two marks; keys that are words stand alone. Marks may be empty: a text that is a string. */
final class MarkedStrings implements StringNotation {
    private static final String WORD = "[A-Za-z_][A-Za-z0-9_.-]*";

    private final RegexPool pool;
    private final Utf8Alphabet alphabet;
    private final String spelling;
    private final Regex mark;
    private final Forbidden forbidden;
    private final Regex word;

    /**
     * @param spelling of the mark
     * @param mark as it is matched
     * @param forbidden what a string may not be
     */
    MarkedStrings(RegexPool pool, String spelling, Regex mark, Forbidden forbidden) {
        this.pool = pool;
        this.alphabet = new Utf8Alphabet(pool);
        this.spelling = spelling;
        this.mark = mark;
        this.forbidden = forbidden;
        this.word = new PatternCompiler(alphabet).whole(PatternParser.parse(WORD));
    }

    @Override
    public Alphabet alphabet() {
        return alphabet;
    }

    @Override
    public Regex anySpelling() {
        return alphabet.anyCharacter();
    }

    @Override
    public List<String> spellings(String text) {
        return List.of(text);
    }

    @Override
    public Regex string(Regex text) {
        return pool.concat(mark, pool.concat(forbidden.removedFrom(text), mark));
    }

    @Override
    public Regex key(Regex text) {
        return pool.or(pool.and(text, word), string(pool.and(text, pool.not(word))));
    }

    @Override
    public String whole(String text) {
        return spelling + text + spelling;
    }

    @Override
    public String wholeKey(String text) {
        return text.matches(WORD) ? text : whole(text);
    }
}
