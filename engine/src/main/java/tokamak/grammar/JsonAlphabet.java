package tokamak.grammar;

import java.util.ArrayList;
import java.util.List;

/**
 * Characters between the quotes of a JSON string, each in the form that writers give it: escaped where it must be, with the
 * short escapes where there are some, as {@code \}{@code u00XX} otherwise. What is not ASCII may be escaped too, as many
 * writers do.
 */
record JsonAlphabet(RegexPool pool) implements Alphabet {
    private static final CodePoints PLAIN =
            CodePoints.range(0x20, 0x10ffff).and(CodePoints.anyOf("\"\\").not());
    static final String SHORT_ESCAPED = "\"\\\b\f\n\r\t";
    static final String SHORT_ESCAPES = "\"\\bfnrt";

    /** What may be written in hexadecimal: control characters without a short escape, and what is not ASCII. */
    private static final CodePoints NEVER_SHORT = CodePoints.range(0, 0x1f)
            .or(CodePoints.range(0x80, 0x10ffff))
            .and(CodePoints.anyOf(SHORT_ESCAPED).not());

    @Override
    public Regex oneOf(CodePoints characters) {
        List<Regex> alternatives = new ArrayList<>();
        alternatives.add(new Utf8Alphabet(pool).oneOf(characters.and(PLAIN)));
        for (int i = 0; i < SHORT_ESCAPED.length(); i++) {
            if (characters.contains(SHORT_ESCAPED.charAt(i))) {
                alternatives.add(pool.literal("\\" + SHORT_ESCAPES.charAt(i)));
            }
        }
        CodePoints escaped = characters.and(NEVER_SHORT);
        alternatives.add(units().of(escaped.and(CodePoints.range(0, 0xffff)).toList()));
        List<int[]> beyond = new ArrayList<>();
        for (int[] range : escaped.and(CodePoints.range(0x10000, 0x10ffff)).toList()) {
            beyond.add(new int[] {range[0] - 0x10000, range[1] - 0x10000});
        }
        alternatives.add(pairs().of(beyond));
        return pool.or(alternatives);
    }

    /** Four hexadecimal digits. */
    private DigitTree units() {
        return new DigitTree(
                pool,
                new int[] {4, 4, 4, 4},
                (place, digits) -> place == 3 ? pool.concat(pool.literal("\\u"), hex(digits, 0)) : hex(digits, 0));
    }

    /** Twice ten bits as two UTF-16 surrogates. */
    private DigitTree pairs() {
        return new DigitTree(pool, new int[] {4, 4, 2, 4, 4, 2}, (place, digits) -> switch (place) {
            case 5 -> pool.concat(pool.literal("\\u"), pool.concat(hex(1 << 13, 0), hex(digits, 8)));
            case 2 -> pool.concat(pool.literal("\\u"), pool.concat(hex(1 << 13, 0), hex(digits, 12)));
            default -> hex(digits, 0);
        });
    }

    private Regex hex(long digits, int base) {
        ByteSet set = ByteSet.NONE;
        for (int digit = 0; digit < 16; digit++) {
            if ((digits >>> digit & 1) != 0) {
                char c = Character.forDigit(base + digit, 16);
                set = set.or(ByteSet.of(c)).or(ByteSet.of(Character.toUpperCase(c)));
            }
        }
        return pool.bytes(set);
    }

    @Override
    public Regex text(String text) {
        StringBuilder plain = new StringBuilder();
        List<Regex> parts = new ArrayList<>();
        text.codePoints().forEach(c -> {
            if (c < 0x80 && PLAIN.contains(c)) {
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
