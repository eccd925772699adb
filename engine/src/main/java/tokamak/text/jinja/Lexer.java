package tokamak.text.jinja;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Splits a template into tokens as Jinja2 does with {@code trim_blocks} and {@code lstrip_blocks} on: the line break
 * after a block or comment goes, and so do blanks between the start of a line and a block or comment; {@code -} strips
 * more, {@code +} nothing.
 */
final class Lexer {
    private static final List<String> LONG_OPERATORS = List.of("//", "**", "==", "!=", "<=", ">=");
    private static final String OPERATORS = "+-*/%~[](){}<>=.:|,;";

    private final String source;
    private final List<Token> tokens = new ArrayList<>();
    private int pos;
    private int line = 1;
    private int linePos;

    private Lexer(String source) {
        this.source = source;
    }

    static List<Token> tokenize(String template) {
        String source = template.replace("\r\n", "\n").replace('\r', '\n');
        if (source.endsWith("\n")) {
            source = source.substring(0, source.length() - 1);
        }
        Lexer lexer = new Lexer(source);
        lexer.root();
        return lexer.tokens;
    }

    private void root() {
        while (pos < source.length()) {
            int tag = nextTag();
            if (tag < 0) {
                add(Token.Kind.DATA, source.substring(pos), pos);
                pos = source.length();
                break;
            }
            char type = source.charAt(tag + 1);
            char sign = signAt(tag + 2);
            data(pos, tag, sign, type != '{');
            pos = tag + 2 + (sign == 0 ? 0 : 1);
            switch (type) {
                case '#' -> comment(tag);
                case '%' -> {
                    int rawBody = rawBegin(pos);
                    if (rawBody >= 0) {
                        raw(tag, rawBody);
                    } else {
                        add(Token.Kind.BLOCK_BEGIN, "{%", tag);
                        tag(Token.Kind.BLOCK_END);
                    }
                }
                default -> {
                    add(Token.Kind.VARIABLE_BEGIN, "{{", tag);
                    tag(Token.Kind.VARIABLE_END);
                }
            }
        }
        add(Token.Kind.END, "", source.length());
    }

    private int nextTag() {
        for (int at = source.indexOf('{', pos); at >= 0; at = source.indexOf('{', at + 1)) {
            if (at + 1 < source.length() && "{%#".indexOf(source.charAt(at + 1)) >= 0) {
                return at;
            }
        }
        return -1;
    }

    /** The whitespace sign at a position: '-', '+', or 0 for none. */
    private char signAt(int at) {
        char c = at < source.length() ? source.charAt(at) : 0;
        return c == '-' || c == '+' ? c : 0;
    }

    /** Adds the text before a tag, stripped as the tag's sign says. */
    private void data(int start, int end, char sign, boolean lstrip) {
        String text = source.substring(start, end);
        if (sign == '-') {
            text = text.substring(0, PyText.stripEnd(text));
        } else if (sign != '+' && lstrip) {
            int lineStart = text.lastIndexOf('\n') + 1;
            boolean atLineStart = lineStart > 0 || start == 0 || source.charAt(start - 1) == '\n';
            if (atLineStart && skipSpace(text, lineStart) == text.length()) {
                text = text.substring(0, lineStart);
            }
        }
        if (!text.isEmpty()) {
            add(Token.Kind.DATA, text, start);
        }
    }

    private void comment(int begin) {
        int end = source.indexOf("#}", pos);
        if (end < 0) {
            throw JinjaException.syntax("Missing end of comment tag", lineAt(begin));
        }
        char sign = end > pos ? signAt(end - 1) : 0;
        pos = afterEnd(end + 2, sign, true);
    }

    /** Behind the end of a tag: all whitespace goes for '-', one line break for a block or comment without sign. */
    private int afterEnd(int end, char sign, boolean trim) {
        if (sign == '-') {
            return skipSpace(source, end);
        }
        return sign == 0 && trim && end < source.length() && source.charAt(end) == '\n' ? end + 1 : end;
    }

    private static int skipSpace(String text, int from) {
        int at = from;
        while (at < text.length() && PyText.isSpace(text.charAt(at))) {
            at++;
        }
        return at;
    }

    /** If a block is {@code raw}: where its body begins, else -1. */
    private int rawBegin(int from) {
        int at = keyword(from, "raw");
        if (at < 0) {
            return -1;
        }
        if (source.startsWith("-%}", at)) {
            return skipSpace(source, at + 3);
        }
        return source.startsWith("%}", at) ? at + 2 : -1;
    }

    private int keyword(int from, String word) {
        int at = skipSpace(source, from);
        return source.startsWith(word, at) ? skipSpace(source, at + word.length()) : -1;
    }

    private void raw(int begin, int body) {
        for (int tag = source.indexOf("{%", body); tag >= 0; tag = source.indexOf("{%", tag + 1)) {
            char sign = signAt(tag + 2);
            int at = keyword(tag + 2 + (sign == 0 ? 0 : 1), "endraw");
            if (at < 0) {
                continue;
            }
            char endSign = signAt(at);
            int end = at + (endSign == 0 ? 0 : 1);
            if (source.startsWith("%}", end)) {
                data(body, tag, sign, true);
                pos = afterEnd(end + 2, endSign, true);
                return;
            }
        }
        throw JinjaException.syntax("Missing end of raw directive", lineAt(begin));
    }

    /** The tokens inside a tag, up to and including its end. */
    private void tag(Token.Kind end) {
        String close = end == Token.Kind.BLOCK_END ? "%}" : "}}";
        Deque<Character> open = new ArrayDeque<>();
        while (true) {
            pos = skipSpace(source, pos);
            if (pos >= source.length()) {
                return;
            }
            if (open.isEmpty()) {
                char sign = signAt(pos);
                boolean signed = sign == '-' || sign == '+' && end == Token.Kind.BLOCK_END;
                if (source.startsWith(close, signed ? pos + 1 : pos)) {
                    add(end, close, pos);
                    pos = afterEnd(pos + (signed ? 3 : 2), signed ? sign : 0, end == Token.Kind.BLOCK_END);
                    return;
                }
            }
            token(open);
        }
    }

    private void token(Deque<Character> open) {
        int c = source.codePointAt(pos);
        if (c >= '0' && c <= '9') {
            number();
        } else if (c == '_' || Character.isUnicodeIdentifierStart(c)) {
            int start = pos;
            while (pos < source.length() && isNamePart(source.codePointAt(pos))) {
                pos += Character.charCount(source.codePointAt(pos));
            }
            add(Token.Kind.NAME, source.substring(start, pos), start);
        } else if (c == '\'' || c == '"') {
            string((char) c);
        } else {
            operator(open);
        }
    }

    private static boolean isNamePart(int c) {
        return Character.isUnicodeIdentifierPart(c) && !Character.isIdentifierIgnorable(c);
    }

    private void string(char quote) {
        int start = pos;
        int at = pos + 1;
        while (at < source.length() && source.charAt(at) != quote) {
            at += source.charAt(at) == '\\' ? 2 : 1;
        }
        if (at >= source.length()) {
            throw JinjaException.syntax("a string that begins here has no end", lineAt(start));
        }
        add(Token.Kind.STRING, PyText.unescape(source.substring(start + 1, at), lineAt(start)), start);
        pos = at + 1;
    }

    private void number() {
        int start = pos;
        boolean afterDot = start > 0 && source.charAt(start - 1) == '.';
        int end = digits(start, "0123456789");
        int floatEnd = floatEnd(end);
        if (floatEnd > end && !afterDot) {
            add(Token.Kind.FLOAT, source.substring(start, floatEnd), start);
            pos = floatEnd;
            return;
        }
        if (source.charAt(start) == '0') {
            end = zeroPrefixed(start);
        }
        add(Token.Kind.INTEGER, source.substring(start, end), start);
        pos = end;
    }

    private int floatEnd(int integerEnd) {
        int end = integerEnd;
        if (charAt(end) == '.' && Character.digit(charAt(end + 1), 10) >= 0) {
            end = digits(end + 1, "0123456789");
        }
        if (charAt(end) == 'e' || charAt(end) == 'E') {
            int exponent = signAt(end + 1) == 0 ? end + 1 : end + 2;
            int exponentEnd = digits(exponent, "0123456789");
            end = exponentEnd > exponent ? exponentEnd : end;
        }
        return end;
    }

    /** Hexadecimal, octal, binary, or zeros: Python knows no other number that begins with 0. */
    private int zeroPrefixed(int start) {
        String set = switch (charAt(start + 1)) {
            case 'x', 'X' -> "0123456789abcdefABCDEF";
            case 'o', 'O' -> "01234567";
            case 'b', 'B' -> "01";
            default -> "";
        };
        int end = set.isEmpty() ? start : digits(charAt(start + 2) == '_' ? start + 3 : start + 2, set);
        return end > start + 2 ? end : digits(start, "0");
    }

    /** Behind the digits from a position, single underscores between them allowed. */
    private int digits(int from, String set) {
        int at = from;
        while (set.indexOf(charAt(at)) >= 0 || at > from && charAt(at) == '_' && set.indexOf(charAt(at + 1)) >= 0) {
            at++;
        }
        return at;
    }

    private char charAt(int at) {
        return at < source.length() ? source.charAt(at) : '\uffff';
    }

    private void operator(Deque<Character> open) {
        for (String operator : LONG_OPERATORS) {
            if (source.startsWith(operator, pos)) {
                add(Token.Kind.OPERATOR, operator, pos);
                pos += 2;
                return;
            }
        }
        char c = source.charAt(pos);
        if (OPERATORS.indexOf(c) < 0) {
            throw JinjaException.syntax("unexpected char " + PyText.repr(String.valueOf(c)), lineAt(pos));
        }
        switch (c) {
            case '{' -> open.push('}');
            case '(' -> open.push(')');
            case '[' -> open.push(']');
            case '}', ')', ']' -> {
                if (open.isEmpty()) {
                    throw JinjaException.syntax("unexpected '" + c + "'", lineAt(pos));
                }
                char expected = open.pop();
                if (expected != c) {
                    throw JinjaException.syntax("unexpected '" + c + "', expected '" + expected + "'", lineAt(pos));
                }
            }
            default -> {}
        }
        add(Token.Kind.OPERATOR, String.valueOf(c), pos);
        pos++;
    }

    private void add(Token.Kind kind, String text, int at) {
        tokens.add(new Token(kind, text, lineAt(at)));
    }

    private int lineAt(int at) {
        for (; linePos < at; linePos++) {
            if (source.charAt(linePos) == '\n') {
                line++;
            }
        }
        return line;
    }
}
