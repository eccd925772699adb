package tokamak.grammar;

import java.util.List;

/** Strings in quotation marks, with escapes. */
final class JsonStrings implements StringNotation {
    private final RegexPool pool;
    private final JsonAlphabet alphabet;
    private final Regex quote;
    private final Forbidden forbidden;

    /** @param forbidden what a string may not be as it is written, for texts that something else ends too */
    JsonStrings(RegexPool pool, Forbidden forbidden) {
        this.pool = pool;
        this.alphabet = new JsonAlphabet(pool);
        this.quote = pool.literal("\"");
        this.forbidden = forbidden;
    }

    static JsonStrings of(RegexPool pool) {
        return new JsonStrings(pool, new Forbidden(pool, List.of()));
    }

    @Override
    public Alphabet alphabet() {
        return alphabet;
    }

    @Override
    public Regex anySpelling() {
        return alphabet.anySpelling();
    }

    @Override
    public List<String> spellings(String text) {
        return JsonValues.spellings(text).stream()
                .map(quoted -> quoted.substring(1, quoted.length() - 1))
                .toList();
    }

    @Override
    public Regex string(Regex text) {
        return pool.concat(quote, pool.concat(forbidden.removedFrom(text), quote));
    }

    @Override
    public Regex key(Regex text) {
        return string(text);
    }

    @Override
    public String whole(String text) {
        return JsonValues.quoted(text, JsonValues.Escapes.NEEDED);
    }

    @Override
    public String wholeKey(String text) {
        return whole(text);
    }
}
