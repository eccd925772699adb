package tokamak.grammar;

import java.util.ArrayList;
import java.util.List;

/**
 * Reads regular expressions: the part of ECMA-262 (with the {@code u} flag's meaning of characters) that describes regular
 * languages, and what Python and Rust write besides: {@code (?P<name>...)}, {@code (?i)} at the beginning and {@code [:alpha:]}
 * in classes. Groups capture nothing; lazy quantifiers describe the same texts as greedy ones.
 */
final class PatternParser {
    private static final String SYNTAX_CHARACTERS = "^$\\.*+?()[]{}|/";

    private final String text;
    private int at;
    private int nesting;

    private PatternParser(String text) {
        this.text = text;
    }

    static Pattern parse(String text) {
        PatternParser parser = new PatternParser(text);
        boolean ignoresCase = parser.skip("(?i)");
        Pattern pattern = parser.choice();
        if (parser.at < text.length()) {
            throw parser.error("there is a ')' without a '('");
        }
        return ignoresCase ? Caseless.of(pattern) : pattern;
    }

    private GrammarException error(String what) {
        String shown = text.length() > 200 ? text.substring(0, 200) + "..." : text;
        return new GrammarException("pattern \"" + shown + "\", character " + (at + 1) + ": " + what);
    }

    private boolean ends() {
        return at >= text.length();
    }

    private boolean skip(String expected) {
        if (text.startsWith(expected, at)) {
            at += expected.length();
            return true;
        }
        return false;
    }

    private int nextCodePoint() {
        if (ends()) {
            throw error("the pattern ends too early");
        }
        int c = text.codePointAt(at);
        at += Character.charCount(c);
        return c;
    }

    private Pattern choice() {
        if (++nesting > Limits.MAX_NESTING) {
            throw error("groups are nested too deeply, the limit is " + Limits.MAX_NESTING);
        }
        List<Pattern> parts = new ArrayList<>();
        do {
            parts.add(sequence());
        } while (skip("|"));
        nesting--;
        return parts.size() == 1 ? parts.getFirst() : new Pattern.Choice(parts);
    }

    private Pattern sequence() {
        List<Pattern> parts = new ArrayList<>();
        while (!ends() && text.charAt(at) != '|' && text.charAt(at) != ')') {
            parts.add(quantified());
        }
        return parts.size() == 1 ? parts.getFirst() : new Pattern.Sequence(parts);
    }

    private Pattern quantified() {
        Pattern part = atom();
        int from = at;
        int min;
        int max = Regex.UNBOUNDED;
        if (skip("*")) {
            min = 0;
        } else if (skip("+")) {
            min = 1;
        } else if (skip("?")) {
            min = 0;
            max = 1;
        } else if (!ends() && text.charAt(at) == '{' && isBounds()) {
            at++;
            min = number();
            max = skip(",") ? (text.charAt(at) == '}' ? Regex.UNBOUNDED : number()) : min;
            at++;
        } else {
            return part;
        }
        if (max != Regex.UNBOUNDED && max < min) {
            at = from;
            throw error("a repetition's bounds are in the wrong order");
        }
        skip("?");
        if (!ends() && ("*+?".indexOf(text.charAt(at)) >= 0 || text.charAt(at) == '{' && isBounds())) {
            throw error("there is nothing to repeat");
        }
        if (part instanceof Pattern.Start
                || part instanceof Pattern.End
                || part instanceof Pattern.Ahead
                || part instanceof Pattern.NotAhead) {
            at = from;
            throw error("a repetition of an assertion is not supported");
        }
        return new Pattern.Repeat(part, min, max);
    }

    private boolean isBounds() {
        int i = at + 1;
        int digits = 0;
        while (i < text.length() && isDigit(text.charAt(i))) {
            i++;
            digits++;
        }
        if (i < text.length() && text.charAt(i) == ',') {
            i++;
            while (i < text.length() && isDigit(text.charAt(i))) {
                i++;
            }
        }
        return digits > 0 && i < text.length() && text.charAt(i) == '}';
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private int number() {
        long value = 0;
        while (!ends() && isDigit(text.charAt(at))) {
            value = value * 10 + (text.charAt(at++) - '0');
            if (value > Integer.MAX_VALUE) {
                throw error("a repetition's bound is over " + Integer.MAX_VALUE);
            }
        }
        return (int) value;
    }

    private Pattern atom() {
        int c = nextCodePoint();
        return switch (c) {
            case '^' -> new Pattern.Start();
            case '$' -> new Pattern.End();
            case '.' -> new Pattern.Chars(CharacterClasses.NOT_LINE_END);
            case '(' -> group();
            case '[' -> new Pattern.Chars(set());
            case '\\' -> escape();
            case '*', '+', '?' -> throw error("there is nothing to repeat");
            default -> new Pattern.Chars(CodePoints.of(c));
        };
    }

    private Pattern group() {
        boolean isAhead = false;
        boolean isNotAhead = false;
        boolean ignoresCase = false;
        if (skip("?")) {
            if (skip("=")) {
                isAhead = true;
            } else if (skip("!")) {
                isNotAhead = true;
            } else if (skip("<=") || skip("<!")) {
                throw error("looking behind is not supported");
            } else if (skip("P<") || skip("<")) {
                int end = text.indexOf('>', at);
                if (end < 0) {
                    throw error("a group's name has no end");
                }
                at = end + 1;
            } else if (skip("i:")) {
                ignoresCase = true;
            } else if (!skip(":")) {
                throw error("this kind of group is not supported: there are (...), (?:...), (?i:...), (?<name>...),"
                        + " (?=...), (?!...), and (?i) at the beginning");
            }
        }
        Pattern inner = choice();
        if (!skip(")")) {
            throw error("a group has no end");
        }
        if (ignoresCase) {
            return Caseless.of(inner);
        }
        return isAhead ? new Pattern.Ahead(inner) : isNotAhead ? new Pattern.NotAhead(inner) : inner;
    }

    private Pattern escape() {
        int c = nextCodePoint();
        return switch (c) {
            case 'b', 'B' -> throw error("word boundaries are not supported");
            case 'A' -> new Pattern.Start();
            case 'z', 'Z' -> new Pattern.End();
            case 'k' -> throw error("references to groups are not supported");
            default -> new Pattern.Chars(escaped(c));
        };
    }

    private CodePoints escaped(int c) {
        return switch (c) {
            case 'd' -> CharacterClasses.DIGIT;
            case 'D' -> CharacterClasses.DIGIT.not();
            case 'w' -> CharacterClasses.WORD;
            case 'W' -> CharacterClasses.WORD.not();
            case 's' -> CharacterClasses.SPACE;
            case 'S' -> CharacterClasses.SPACE.not();
            case 'p' -> property();
            case 'P' -> property().not();
            default -> CodePoints.of(escapedCharacter(c));
        };
    }

    private int escapedCharacter(int c) {
        return switch (c) {
            case 't' -> '\t';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 'f' -> '\f';
            case 'v' -> 0x0b;
            case 'a' -> 0x07;
            case 'e' -> 0x1b;
            case '0' -> 0;
            case 'c' -> nextCodePoint() & 31;
            case 'x' -> skip("{") ? bracedHex() : hex(2);
            case 'u' -> skip("{") ? bracedHex() : utf16();
            case 'U' -> hex(8);
            default -> {
                if (c >= '1' && c <= '9') {
                    throw error("references to groups are not supported");
                }
                if (Character.isLetterOrDigit(c) && c < 128) {
                    throw error("\\" + Character.toString(c) + " is not supported");
                }
                yield c;
            }
        };
    }

    private int hex(int count) {
        int value = 0;
        for (int i = 0; i < count; i++) {
            int digit = Character.digit(nextCodePoint(), 16);
            if (digit < 0 || value > 0x10ffff) {
                throw error("a hexadecimal number is expected");
            }
            value = value * 16 + digit;
        }
        return valid(value);
    }

    private int bracedHex() {
        int value = 0;
        while (!skip("}")) {
            int digit = Character.digit(nextCodePoint(), 16);
            if (digit < 0 || value > 0x10ffff) {
                throw error("a hexadecimal number and a '}' are expected");
            }
            value = value * 16 + digit;
        }
        return valid(value);
    }

    private int valid(int value) {
        if (value < 0 || value > 0x10ffff) {
            throw error("there is no such character");
        }
        return value;
    }

    /** A surrogate pair is written as two escapes. */
    private int utf16() {
        int value = hex(4);
        if (value >= 0xd800 && value < 0xdc00 && skip("\\u")) {
            int low = hex(4);
            if (low < 0xdc00 || low > 0xdfff) {
                throw error("half of a surrogate pair");
            }
            return Character.toCodePoint((char) value, (char) low);
        }
        return value;
    }

    private CodePoints property() {
        int end = text.indexOf('}', at);
        if (!skip("{") || end < 0) {
            throw error("a property is written \\p{...}");
        }
        String name = text.substring(at, end);
        at = end + 1;
        return CharacterClasses.property(name)
                .orElseThrow(() -> error("the Unicode property " + name + " is not supported"));
    }

    private CodePoints set() {
        boolean negated = skip("^");
        CodePoints set = CodePoints.NONE;
        List<CodePoints> members = new ArrayList<>();
        while (!skip("]")) {
            if (ends()) {
                throw error("a character class has no end");
            }
            if (isPosixClass()) {
                members.add(posixClass());
                continue;
            }
            int low = nextCodePoint();
            if (low == '\\') {
                int kind = nextCodePoint();
                if ("dDwWsSpP".indexOf(kind) >= 0) {
                    members.add(escaped(kind));
                    continue;
                }
                low = kind == 'b' ? '\b' : escapedCharacter(kind);
            }
            members.add(rangeFrom(low));
        }
        for (CodePoints member : members) {
            set = set.or(member);
        }
        return negated ? set.not() : set;
    }

    /** ECMAScript takes {@code [:alpha:]} for its characters, which nobody means who writes it. */
    private boolean isPosixClass() {
        return text.startsWith("[:", at) && text.indexOf(":]", at + 2) > 0;
    }

    private CodePoints posixClass() {
        int end = text.indexOf(":]", at);
        String name = text.substring(at + 2, end);
        boolean negated = name.startsWith("^");
        CodePoints set = CharacterClasses.posix(negated ? name.substring(1) : name)
                .orElseThrow(() -> error("there is no class [:" + name + ":]"));
        at = end + 2;
        return negated ? set.not() : set;
    }

    private CodePoints rangeFrom(int low) {
        boolean isRange = at + 1 < text.length() && text.charAt(at) == '-' && text.charAt(at + 1) != ']';
        if (!isRange) {
            return CodePoints.of(low);
        }
        int before = at++;
        int high = nextCodePoint();
        if (high == '\\') {
            int kind = nextCodePoint();
            if ("dDwWsSpP".indexOf(kind) >= 0) {
                at = before; // "a-\d": the hyphen stands for itself
                return CodePoints.of(low);
            }
            high = kind == 'b' ? '\b' : escapedCharacter(kind);
        }
        if (high < low) {
            throw error("a range is in the wrong order");
        }
        return CodePoints.range(low, high);
    }

    /** The pattern that matches exactly this text. */
    static String quote(String text) {
        StringBuilder quoted = new StringBuilder();
        text.codePoints().forEach(c -> {
            if (SYNTAX_CHARACTERS.indexOf(c) >= 0) {
                quoted.append('\\');
            }
            quoted.appendCodePoint(c);
        });
        return quoted.toString();
    }
}
