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
                alternatives.add(unit(c, c));
            }
        }
        addEscapesBeyondAscii(characters, alternatives);
        return pool.or(alternatives);
    }

    // ---- four hexadecimal digits for a UTF-16 unit

    private void addEscapesBeyondAscii(CodePoints characters, List<Regex> alternatives) {
        for (int[] range : characters.and(CodePoints.range(0x80, 0xffff)).toList()) {
            alternatives.add(unit(range[0], range[1]));
        }
        for (int[] range : characters.and(CodePoints.range(0x10000, 0x10ffff)).toList()) {
            int low = range[0] - 0x10000;
            int high = range[1] - 0x10000;
            int first = low >> 10;
            int last = high >> 10;
            if (first == last) {
                alternatives.add(pair(first, first, low & 0x3ff, high & 0x3ff));
                continue;
            }
            alternatives.add(pair(first, first, low & 0x3ff, 0x3ff));
            if (last > first + 1) {
                alternatives.add(pair(first + 1, last - 1, 0, 0x3ff));
            }
            alternatives.add(pair(last, last, 0, high & 0x3ff));
        }
    }

    private Regex pair(int firstHigh, int lastHigh, int firstLow, int lastLow) {
        return pool.concat(unit(0xd800 + firstHigh, 0xd800 + lastHigh), unit(0xdc00 + firstLow, 0xdc00 + lastLow));
    }

    private Regex unit(int low, int high) {
        return pool.concat(pool.literal("\\u"), hex(low, high, 12));
    }

    /** The digits from {@code shift} down of the numbers in a range. */
    private Regex hex(int low, int high, int shift) {
        int first = low >> shift;
        int last = high >> shift;
        if (shift == 0) {
            return digits(first, last);
        }
        int mask = (1 << shift) - 1;
        if (first == last) {
            return pool.concat(digits(first, last), hex(low & mask, high & mask, shift - 4));
        }
        List<Regex> alternatives = new ArrayList<>();
        int fullFrom = first;
        int fullTo = last;
        if ((low & mask) != 0) {
            alternatives.add(pool.concat(digits(first, first), hex(low & mask, mask, shift - 4)));
            fullFrom++;
        }
        if ((high & mask) != mask) {
            alternatives.add(pool.concat(digits(last, last), hex(0, high & mask, shift - 4)));
            fullTo--;
        }
        if (fullFrom <= fullTo) {
            alternatives.add(pool.concat(digits(fullFrom, fullTo), hex(0, mask, shift - 4)));
        }
        return pool.or(alternatives);
    }

    private Regex digits(int first, int last) {
        ByteSet set = ByteSet.NONE;
        for (int digit = first; digit <= last; digit++) {
            char c = Character.forDigit(digit, 16);
            set = set.or(ByteSet.of(c)).or(ByteSet.of(Character.toUpperCase(c)));
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
