package tokamak.grammar;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Expressions for text of which nothing is asked but what it does not contain, or how it ends. */
final class FreeTexts {
    private final RegexPool pool;
    private final SpecialTokens specials;
    private final Regex character;
    private final Regex anything;

    FreeTexts(RegexPool pool, SpecialTokens specials) {
        this.pool = pool;
        this.specials = specials;
        this.character = new Utf8Alphabet(pool).anyCharacter();
        this.anything = pool.universe(character);
    }

    /** Exactly this text, special tokens spelled in it being those tokens. */
    Regex literal(String text) {
        return pool.literal(specials.encode(text));
    }

    /** Any text in which none of the strings is spelled. */
    Regex without(List<String> strings) {
        if (strings.isEmpty()) {
            return anything;
        }
        return pool.and(anything, pool.not(containing(strings)));
    }

    /** Any text in which one of the strings is spelled. */
    Regex containing(List<String> strings) {
        return pool.concat(List.of(anything, spellings(strings), anything));
    }

    /** Any text up to the first of the ends, and that end. */
    Regex until(List<String> ends) {
        List<Regex> alternatives = new ArrayList<>();
        List<String> plain = ends.stream().filter(end -> !specials.occurIn(end)).toList();
        if (!plain.isEmpty()) {
            alternatives.add(untilPlain(ends, spellings(plain)));
        }
        for (String end : ends) {
            if (specials.occurIn(end)) {
                alternatives.add(until(ends, end));
            }
        }
        return pool.or(alternatives);
    }

    /**
     * The same where the first of the ends is {@code end}. Where an end has a special token, its spelling in plain characters is
     * excluded from the text: who reads the text only, without ids, sees the same ends.
     */
    Regex until(List<String> ends, String end) {
        byte[] encoded = specials.encode(end);
        int numPlain = 0;
        while (numPlain < encoded.length && (encoded[numPlain] & 0xff) < SpecialTokens.FIRST_NO_TEXT) {
            numPlain++;
        }
        if (numPlain < encoded.length) {
            Regex plain = pool.concat(anything, pool.literal(Arrays.copyOf(encoded, numPlain)));
            Regex special = pool.literal(Arrays.copyOfRange(encoded, numPlain, encoded.length));
            return pool.concat(pool.and(plain, without(ends)), special);
        }
        return untilPlain(ends, pool.literal(encoded));
    }

    private Regex untilPlain(List<String> ends, Regex end) {
        // The first occurrence is the end: before it there is none that has a character behind it.
        Regex early = pool.concat(List.of(anything, spellings(ends), character, anything));
        List<String> withSpecials = ends.stream().filter(specials::occurIn).toList();
        return pool.and(List.of(pool.concat(anything, end), pool.not(early), without(withSpecials)));
    }

    private Regex spellings(List<String> strings) {
        return pool.literals(strings.stream()
                .map(text -> text.getBytes(StandardCharsets.UTF_8))
                .toList());
    }
}
