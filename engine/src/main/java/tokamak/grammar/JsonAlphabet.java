package tokamak.grammar;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Characters between the quotes of a JSON string, each in the form that writers give it: escaped where it must be, with the
 * short escapes where there are some, as {@code \}{@code u00XX} otherwise. A pattern thus sees every text once.
 */
record JsonAlphabet(RegexPool pool) implements Alphabet {
    private static final CodePoints PLAIN =
            CodePoints.range(0x20, 0x10ffff).and(CodePoints.anyOf("\"\\").not());
    private static final String SHORT_ESCAPED = "\"\\\b\f\n\r\t";
    private static final String SHORT_ESCAPES = "\"\\bfnrt";

    @Override
    public Regex oneOf(CodePoints characters) {
        List<Regex> alternatives = new ArrayList<>();
        alternatives.add(new Utf8Alphabet(pool).oneOf(characters.and(PLAIN)));
        for (int i = 0; i < SHORT_ESCAPED.length(); i++) {
            if (characters.contains(SHORT_ESCAPED.charAt(i))) {
                alternatives.add(pool.literal("\\" + SHORT_ESCAPES.charAt(i)));
            }
        }
        for (int c = 0; c < 0x20; c++) {
            if (characters.contains(c) && SHORT_ESCAPED.indexOf(c) < 0) {
                String hex = String.format(Locale.ROOT, "\\u%04x", c);
                alternatives.add(pool.literal(hex));
                if (c % 16 > 9) {
                    alternatives.add(pool.literal("\\u" + hex.substring(2).toUpperCase(Locale.ROOT)));
                }
            }
        }
        return pool.or(alternatives);
    }

    @Override
    public Regex text(String text) {
        StringBuilder plain = new StringBuilder();
        List<Regex> parts = new ArrayList<>();
        text.codePoints().forEach(c -> {
            if (PLAIN.contains(c)) {
                plain.appendCodePoint(c);
            } else {
                parts.add(pool.literal(plain.toString()));
                plain.setLength(0);
                parts.add(oneOf(CodePoints.of(c)));
            }
        });
        parts.add(pool.literal(plain.toString()));
        return pool.concat(parts);
    }

    /**
     * Any character in any spelling, {@code \}{@code uXXXX} included: surrogates only as a pair, which is one character. For strings
     * about whose content a schema says nothing but the length.
     */
    Regex anySpelling() {
        Regex hex = set("0123456789abcdefABCDEF");
        Regex before = pool.literal("\\u");
        Regex hex2 = pool.repeat(hex, 2, 2);
        Regex notSurrogate = pool.or(
                pool.concat(set("0123456789abcefABCEF"), pool.repeat(hex, 3, 3)),
                pool.concat(List.of(set("dD"), set("01234567"), hex2)));
        Regex high = pool.concat(List.of(before, set("dD"), set("89abAB"), hex2));
        Regex low = pool.concat(List.of(before, set("dD"), set("cdefCDEF"), hex2));
        return pool.or(
                new Utf8Alphabet(pool).oneOf(PLAIN),
                pool.concat(pool.literal("\\"), set("\"\\/bfnrt")),
                pool.concat(before, notSurrogate),
                pool.concat(high, low));
    }

    private Regex set(String characters) {
        return new Utf8Alphabet(pool).oneOf(CodePoints.anyOf(characters));
    }
}
