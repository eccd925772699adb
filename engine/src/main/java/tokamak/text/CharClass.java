package tokamak.text;

/** The Unicode classes that pre-tokenizers ask for, as bits; one table look-up for the Basic Multilingual Plane. */
final class CharClass {
    static final int LETTER = 1;
    static final int NUMBER = 2;
    static final int SPACE = 4; // Unicode White_Space, not Java's idea of it
    static final int MARK = 8;
    static final int UPPERISH = 16; // Lu Lt Lm Lo M
    static final int LOWERISH = 32; // Ll Lm Lo M

    private static final byte[] BMP = new byte[0x10000];

    static {
        for (int c = 0; c < BMP.length; c++) {
            BMP[c] = (byte) classify(c);
        }
    }

    private CharClass() {}

    static int of(int codePoint) {
        return codePoint < BMP.length ? BMP[codePoint] : classify(codePoint);
    }

    private static int classify(int c) {
        int bits = isWhiteSpace(c) ? SPACE : 0;
        return bits
                | switch (Character.getType(c)) {
                    case Character.UPPERCASE_LETTER, Character.TITLECASE_LETTER -> LETTER | UPPERISH;
                    case Character.LOWERCASE_LETTER -> LETTER | LOWERISH;
                    case Character.MODIFIER_LETTER, Character.OTHER_LETTER -> LETTER | UPPERISH | LOWERISH;
                    case Character.NON_SPACING_MARK, Character.COMBINING_SPACING_MARK, Character.ENCLOSING_MARK ->
                        MARK | UPPERISH | LOWERISH;
                    case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER -> NUMBER;
                    default -> 0;
                };
    }

    static boolean isWhiteSpace(int c) {
        return c >= 9 && c <= 13
                || c == ' '
                || c == 0x85
                || c == 0xA0
                || c == 0x1680
                || c >= 0x2000 && c <= 0x200A
                || c == 0x2028
                || c == 0x2029
                || c == 0x202F
                || c == 0x205F
                || c == 0x3000;
    }

    static boolean isNumber(int c) {
        return (of(c) & NUMBER) != 0;
    }

    /** Unicode punctuation, or an ASCII symbol. */
    static boolean isPunctuation(int c) {
        if (c < 0x80) {
            return c >= '!' && c <= '/' || c >= ':' && c <= '@' || c >= '[' && c <= '`' || c >= '{' && c <= '~';
        }
        return switch (Character.getType(c)) {
            case Character.CONNECTOR_PUNCTUATION,
                    Character.DASH_PUNCTUATION,
                    Character.START_PUNCTUATION,
                    Character.END_PUNCTUATION,
                    Character.INITIAL_QUOTE_PUNCTUATION,
                    Character.FINAL_QUOTE_PUNCTUATION,
                    Character.OTHER_PUNCTUATION -> true;
            default -> false;
        };
    }

    /** What {@code \w} means to Rust and Oniguruma. */
    static boolean isWord(int c) {
        return Character.isAlphabetic(c)
                || (of(c) & MARK) != 0
                || Character.getType(c) == Character.DECIMAL_DIGIT_NUMBER
                || Character.getType(c) == Character.CONNECTOR_PUNCTUATION
                || c == 0x200C
                || c == 0x200D;
    }
}
