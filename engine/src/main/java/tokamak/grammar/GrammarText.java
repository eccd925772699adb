package tokamak.grammar;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The text of a grammar while it is read: what both notations write alike. */
final class GrammarText {
    private static final int NONE = -1;
    private static final int MAX_COUNT = 100_000;

    private final String text;
    private int at;
    private int nesting;

    GrammarText(String text) {
        this.text = text;
    }

    GrammarException error(String what) {
        int line = 1 + (int) text.chars().limit(at).filter(c -> c == '\n').count();
        int column = at - text.lastIndexOf('\n', Math.max(0, at - 1));
        return new GrammarException("grammar, line " + line + ", character " + Math.max(1, column) + ": " + what);
    }

    boolean ends() {
        return at >= text.length();
    }

    /** The next character, {@code -1} at the end. */
    int peek() {
        return ends() ? NONE : text.codePointAt(at);
    }

    int next() {
        if (ends()) {
            throw error("the grammar ends too early");
        }
        int c = text.codePointAt(at);
        at += Character.charCount(c);
        return c;
    }

    boolean startsWith(String expected) {
        return text.startsWith(expected, at);
    }

    boolean skip(String expected) {
        boolean found = startsWith(expected);
        at += found ? expected.length() : 0;
        return found;
    }

    void skipLine() {
        int end = text.indexOf('\n', at);
        at = end < 0 ? text.length() : end;
    }

    int at() {
        return at;
    }

    void backTo(int position) {
        at = position;
    }

    String from(int start) {
        return text.substring(start, at);
    }

    void enter() {
        if (++nesting > Limits.MAX_NESTING) {
            throw error("groups are nested too deeply, the limit is " + Limits.MAX_NESTING);
        }
    }

    void leave() {
        nesting--;
    }

    /** The rest of a string whose opening quote has been read. */
    String string(int quote) {
        StringBuilder result = new StringBuilder();
        while (peek() != quote) {
            if (peek() == '\n') {
                throw error("a string must end in its line");
            }
            result.appendCodePoint(character());
        }
        next();
        return result.toString();
    }

    /** One character, maybe written as an escape. */
    private int character() {
        int c = next();
        if (c != '\\') {
            return c;
        }
        int escaped = next();
        return switch (escaped) {
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'f' -> '\f';
            case 'b' -> '\b';
            case 'v' -> 0x0b;
            case '0' -> 0;
            case 'x' -> hex(2);
            case 'u' -> hex(4);
            case 'U' -> hex(8);
            default -> escaped;
        };
    }

    private int hex(int digits) {
        int value = 0;
        for (int i = 0; i < digits; i++) {
            int digit = ends() ? NONE : Character.digit(text.charAt(at), 16);
            if (digit < 0 || value > 0x10ffff) {
                throw error("expected " + digits + " hexadecimal digits of a character");
            }
            value = value * 16 + digit;
            at++;
        }
        if (value > 0x10ffff || value >= 0xd800 && value <= 0xdfff) {
            throw error("there is no character U+" + Integer.toHexString(value));
        }
        return value;
    }

    /** The rest of a character class whose opening bracket has been read. */
    CodePoints charClass() {
        boolean negated = skip("^");
        List<int[]> ranges = new ArrayList<>();
        while (!skip("]")) {
            int low = character();
            int high = low;
            if (startsWith("-") && !startsWith("-]")) {
                next();
                high = character();
            }
            if (high < low) {
                throw error("the range from U+" + Integer.toHexString(low) + " to U+" + Integer.toHexString(high)
                        + " is backwards");
            }
            ranges.add(new int[] {low, high});
        }
        CodePoints set = CodePoints.ofRanges(ranges);
        return negated ? set.not() : set;
    }

    /** The rest of {@code <name>} or {@code <[id]>}, which mean a special token. */
    Regex specialToken(RegexPool pool, SpecialTokens specials) {
        int start = at - 1;
        if (skip("[")) {
            int id = number();
            if (!skip("]>")) {
                throw error("expected ]> after a token id");
            }
            return pool.literal(specials.encode(id));
        }
        // A name may have a > inside: <|a|>. It ends with the first one.
        while (next() != '>') {
            if (peek() == '\n') {
                throw error("a token's name must end in its line");
            }
        }
        String spelled = from(start);
        return pool.literal(specials.encode(spelled));
    }

    /** The element with the repetition that follows; null if none does. */
    @Nullable
    Ebnf quantified(Ebnf element) {
        if (skip("*")) {
            return new Ebnf.Repeat(element, 0, Regex.UNBOUNDED);
        }
        if (skip("+")) {
            return new Ebnf.Repeat(element, 1, Regex.UNBOUNDED);
        }
        if (skip("?")) {
            return new Ebnf.Repeat(element, 0, 1);
        }
        if (!skip("{")) {
            return null;
        }
        skipBlanks();
        int min = peek() == ',' ? 0 : count();
        skipBlanks();
        int max = min;
        if (skip(",")) {
            skipBlanks();
            max = peek() == '}' ? Regex.UNBOUNDED : count();
            skipBlanks();
        }
        if (!skip("}")) {
            throw error("expected a '}'");
        }
        return repeat(element, min, max);
    }

    Ebnf repeat(Ebnf element, int min, int max) {
        if (max != Regex.UNBOUNDED && max < min) {
            throw error("a repetition from " + min + " to " + max + " times is none");
        }
        return new Ebnf.Repeat(element, min, max);
    }

    private void skipBlanks() {
        while (peek() == ' ' || peek() == '\t') {
            next();
        }
    }

    int number() {
        int start = at;
        int value = 0;
        while (!ends() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
            value = value * 10 + text.charAt(at) - '0';
            at++;
            if (value > 10_000_000) {
                throw error("a number is too large");
            }
        }
        if (at == start) {
            throw error("expected a number");
        }
        return value;
    }

    /** A count of repetitions. */
    int count() {
        int value = number();
        if (value > MAX_COUNT) {
            throw error("a repetition of " + value + " times is too much, the limit is " + MAX_COUNT);
        }
        return value;
    }
}
