package tokamak.text.jinja;

import java.util.List;

/** A position in the tokens of a template, with the checks the parsers share. */
final class TokenCursor {
    private final List<Token> tokens;
    private final int maxNesting;
    private int pos;
    private int nesting;

    TokenCursor(List<Token> tokens, int maxNesting) {
        this.tokens = tokens;
        this.maxNesting = maxNesting;
    }

    Token current() {
        return tokens.get(pos);
    }

    Token lookAhead() {
        return tokens.get(Math.min(pos + 1, tokens.size() - 1));
    }

    Token next() {
        Token token = current();
        if (pos < tokens.size() - 1) {
            pos++;
        }
        return token;
    }

    boolean at(Token.Kind kind) {
        return current().kind() == kind;
    }

    boolean atOperator(String operator) {
        return current().isOperator(operator);
    }

    boolean atName(String name) {
        return current().isName(name);
    }

    boolean skipOperator(String operator) {
        boolean there = atOperator(operator);
        if (there) {
            next();
        }
        return there;
    }

    boolean skipName(String name) {
        boolean there = atName(name);
        if (there) {
            next();
        }
        return there;
    }

    Token expect(Token.Kind kind, String what) {
        if (!at(kind)) {
            throw fail("expected " + what + ", got " + current().describe());
        }
        return next();
    }

    Token expectOperator(String operator) {
        if (!atOperator(operator)) {
            throw fail("expected '" + operator + "', got " + current().describe());
        }
        return next();
    }

    void expectName(String name) {
        if (!atName(name)) {
            throw fail("expected '" + name + "', got " + current().describe());
        }
        next();
    }

    String name() {
        return expect(Token.Kind.NAME, "a name").text();
    }

    int line() {
        return current().line();
    }

    JinjaException fail(String message) {
        return JinjaException.syntax(message, line());
    }

    /** Every level of the syntax tree passes here, so that walking the tree can never exhaust the stack. */
    void deeper() {
        if (++nesting > maxNesting) {
            throw fail("nested deeper than " + maxNesting + " levels");
        }
    }

    int nesting() {
        return nesting;
    }

    void back(int level) {
        nesting = level;
    }
}
