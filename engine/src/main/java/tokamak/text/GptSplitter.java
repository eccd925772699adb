package tokamak.text;

import static tokamak.text.CharClass.LETTER;
import static tokamak.text.CharClass.LOWERISH;
import static tokamak.text.CharClass.MARK;
import static tokamak.text.CharClass.NUMBER;
import static tokamak.text.CharClass.SPACE;
import static tokamak.text.CharClass.UPPERISH;

import org.jspecify.annotations.Nullable;

/**
 * The splitting expressions that most models use, by hand: several times as fast as a regular expression, and tested to
 * cut the same way. All are the same ordered choice (contraction, letters, digits, punctuation, spaces) with small
 * differences, which are the fields.
 *
 * @param words how letters go together
 * @param maxDigits how many number characters go together at most
 * @param lineEnds characters that stay with the punctuation before them
 */
record GptSplitter(Words words, int maxDigits, String lineEnds) {
    enum Words {
        /** GPT-2: a space may lead letters, digits and punctuation; contractions in lower case. */
        SPACED,
        /** Llama 3, Qwen 2: any one character but a line end may lead letters; contractions in any case. */
        LED,
        /** Qwen 3.5: as LED, and marks count as letters. */
        LED_MARKED,
        /** GPT-4o: as LED, capitals begin a word, and a contraction stays with its word. */
        CASED,
        /** Mistral's Tekken: as CASED without contractions. */
        CASED_PLAIN
    }

    private static final String CONTRACTION = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
    private static final String ANY_CASE = "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])";
    private static final String SPACES = "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    private static final String CASED_WORDS =
            "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+%s"
                    + "|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*%s";

    /** The splitter for an expression, or null. */
    static @Nullable GptSplitter of(String regex) {
        String r = regex.replace(ANY_CASE, CONTRACTION)
                .replace("?+", "?")
                .replace("++", "+")
                .replace("\\p{N}{1}", "\\p{N}");
        if (r.equals("'(?:[sdmt]|ll|ve|re)| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+")
                || r.equals("'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+")) {
            return new GptSplitter(Words.SPACED, Integer.MAX_VALUE, "");
        }
        for (int digits : new int[] {1, 3}) {
            String number = digits == 1 ? "|\\p{N}" : "|\\p{N}{1," + digits + "}";
            String led = CONTRACTION + "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+" + number + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*";
            if (r.equals(led + SPACES)) {
                return new GptSplitter(Words.LED, digits, "\r\n");
            }
            String marked = CONTRACTION + "|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+" + number
                    + "| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*";
            if (r.equals(marked + SPACES)) {
                return new GptSplitter(Words.LED_MARKED, digits, "\r\n");
            }
            String rest = number + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*" + SPACES;
            if (r.equals(CASED_WORDS.replace("%s", CONTRACTION + "?") + rest)) {
                return new GptSplitter(Words.CASED, digits, "\r\n/");
            }
            if (r.equals(CASED_WORDS.replace("%s", "") + rest)) {
                return new GptSplitter(Words.CASED_PLAIN, digits, "\r\n/");
            }
        }
        return null;
    }

    /** Where the piece that begins at {@code i} ends; after {@code i}, at most {@code to}. */
    int end(String s, int i, int to) {
        return switch (words) {
            case SPACED -> endSpaced(s, i, to);
            case LED, LED_MARKED -> endLed(s, i, to);
            case CASED, CASED_PLAIN -> endCased(s, i, to);
        };
    }

    private int endSpaced(String s, int i, int to) {
        char c = s.charAt(i);
        if (c == '\'') {
            int end = contraction(s, i, to);
            if (end > i && isLowerAscii(s, i + 1, end)) {
                return end;
            }
        }
        int start = c == ' ' && i + 1 < to ? i + 1 : i;
        int kind = classAt(s, start, to);
        if ((kind & LETTER) != 0) {
            return run(s, start, to, LETTER);
        }
        if ((kind & NUMBER) != 0) {
            return run(s, start, to, NUMBER);
        }
        if ((kind & SPACE) == 0) {
            return runOther(s, start, to, LETTER | NUMBER | SPACE);
        }
        return endSpaces(s, i, to);
    }

    private int endLed(String s, int i, int to) {
        int letters = words == Words.LED ? LETTER : LETTER | MARK;
        char c = s.charAt(i);
        if (c == '\'') {
            int end = contraction(s, i, to);
            if (end > i) {
                return end;
            }
        }
        int kind = classAt(s, i, to);
        if ((kind & letters) != 0) {
            return run(s, i, to, letters);
        }
        if ((kind & NUMBER) == 0 && c != '\r' && c != '\n') {
            int after = i + width(s, i, to);
            if (after < to && (classAt(s, after, to) & letters) != 0) {
                return run(s, after, to, letters);
            }
        }
        return endRest(s, i, to, kind, letters | NUMBER | SPACE);
    }

    private int endCased(String s, int i, int to) {
        char c = s.charAt(i);
        int kind = classAt(s, i, to);
        boolean leads = (kind & (LETTER | NUMBER)) == 0 && c != '\r' && c != '\n';
        int after = leads ? i + width(s, i, to) : i;
        int end = endLowered(s, after, to);
        if (end < 0 && after > i) {
            end = endLowered(s, i, to);
        }
        if (end < 0) {
            end = run(s, after, to, UPPERISH);
            if (end == after) {
                end = after > i ? run(s, i, to, UPPERISH) : i;
            }
        }
        if (end > i && end > (leads && (kind & MARK) == 0 ? after : i)) {
            return words == Words.CASED && end < to && s.charAt(end) == '\'' ? contraction(s, end, to) : end;
        }
        return endRest(s, i, to, kind, LETTER | NUMBER | SPACE);
    }

    /** Capitals, then at least one of the lower case; backs off to the last character that may be either. Or -1. */
    private static int endLowered(String s, int start, int to) {
        int capitals = run(s, start, to, UPPERISH);
        int end = run(s, capitals, to, LOWERISH);
        if (end > capitals) {
            return end;
        }
        int k = capitals;
        while (k > start) {
            int c = s.codePointBefore(k);
            if ((CharClass.of(c) & LOWERISH) != 0) {
                return k;
            }
            k -= Character.charCount(c);
        }
        return -1;
    }

    /** Digits, punctuation, spaces: the same in all but GPT-2's. */
    private int endRest(String s, int i, int to, int kind, int notOther) {
        if ((kind & NUMBER) != 0) {
            int end = i;
            for (int n = 0; n < maxDigits && end < to && (classAt(s, end, to) & NUMBER) != 0; n++) {
                end += width(s, end, to);
            }
            return end;
        }
        int start = s.charAt(i) == ' ' && i + 1 < to ? i + 1 : i;
        if ((classAt(s, start, to) & notOther) == 0) {
            int end = runOther(s, start, to, notOther);
            while (end < to && lineEnds.indexOf(s.charAt(end)) >= 0) {
                end++;
            }
            return end;
        }
        return (kind & SPACE) != 0 ? endSpacesOrLines(s, i, to) : i + width(s, i, to);
    }

    private static int endSpacesOrLines(String s, int i, int to) {
        int end = run(s, i, to, SPACE);
        for (int k = end - 1; k >= i; k--) {
            if (s.charAt(k) == '\n' || s.charAt(k) == '\r') {
                return k + 1;
            }
        }
        return end == to || end == i + 1 ? end : end - 1;
    }

    /** Spaces but for the last one before something else, which goes with that. */
    private static int endSpaces(String s, int i, int to) {
        int end = run(s, i, to, SPACE);
        return end == to || end == i + 1 ? end : end - 1;
    }

    private static int classAt(String s, int i, int to) {
        char c = s.charAt(i);
        return Character.isHighSurrogate(c) && i + 1 < to ? CharClass.of(s.codePointAt(i)) : CharClass.of(c);
    }

    private static int width(String s, int i, int to) {
        return Character.isHighSurrogate(s.charAt(i)) && i + 1 < to ? 2 : 1;
    }

    private static int run(String s, int i, int to, int bits) {
        while (i < to && (classAt(s, i, to) & bits) != 0) {
            i += width(s, i, to);
        }
        return i;
    }

    private static int runOther(String s, int i, int to, int bits) {
        while (i < to && (classAt(s, i, to) & bits) == 0) {
            i += width(s, i, to);
        }
        return i;
    }

    private static boolean isLowerAscii(String s, int from, int to) {
        for (int i = from; i < to; i++) {
            if (s.charAt(i) < 'a' || s.charAt(i) > 'z') {
                return false;
            }
        }
        return true;
    }

    /** The end of an English contraction at an apostrophe, any case (the long s folds to s), or {@code i}. */
    private static int contraction(String s, int i, int to) {
        if (i + 1 >= to) {
            return i;
        }
        char a = fold(s.charAt(i + 1));
        if (a == 's' || a == 't' || a == 'm' || a == 'd') {
            return i + 2;
        }
        if (i + 2 >= to) {
            return i;
        }
        char b = fold(s.charAt(i + 2));
        return a == 'r' && b == 'e' || a == 'v' && b == 'e' || a == 'l' && b == 'l' ? i + 3 : i;
    }

    private static char fold(char c) {
        return c >= 'A' && c <= 'Z' ? (char) (c + 32) : c == '\u017F' ? 's' : c;
    }
}
