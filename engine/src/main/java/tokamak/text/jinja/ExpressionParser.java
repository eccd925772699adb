package tokamak.text.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tokamak.text.jinja.Expr.Arguments;
import tokamak.text.jinja.Expr.BinaryOperator;
import tokamak.text.jinja.Expr.Comparator;
import tokamak.text.jinja.Expr.FilterStep;

/**
 * Parses expressions by precedence climbing. From loosest to tightest: {@code if else}, {@code or}, {@code and},
 * {@code not}, comparisons (chained), {@code + -}, {@code ~}, {@code * / // %}, {@code **} (to the left, as in Jinja2),
 * signs, then subscripts, calls, filters and tests.
 */
final class ExpressionParser {
    private static final int OR = 1;
    private static final int AND = 2;
    private static final int NOT = 3;
    private static final int COMPARE = 4;
    private static final int ADD = 5;
    private static final int CONCAT = 6;
    private static final int MULTIPLY = 7;
    private static final int POWER = 8;
    private static final int MAX_INTEGER_DIGITS = 1000;

    private final TokenCursor in;
    private Set<String> namesRead = new HashSet<>();

    ExpressionParser(TokenCursor in) {
        this.in = in;
    }

    /** Starts collecting the names that are read; returns the collection so far, for {@link #endNames}. */
    Set<String> beginNames() {
        Set<String> outer = namesRead;
        namesRead = new HashSet<>();
        return outer;
    }

    /** The names read since {@link #beginNames}; they also count as read by what lies around. */
    Set<String> endNames(Set<String> outer) {
        Set<String> inner = namesRead;
        outer.addAll(inner);
        namesRead = outer;
        return inner;
    }

    /** One expression, or several with commas between: a tuple. */
    Expr tuple() {
        return tuple(true, false);
    }

    /** The same without {@code if ... else}: where a statement's own {@code if} may follow. */
    Expr tupleBeforeIf() {
        return tuple(false, false);
    }

    private Expr tuple(boolean conditional, boolean mayBeEmpty) {
        List<Expr> items = new ArrayList<>();
        boolean comma = false;
        while (!atTupleEnd() && (conditional || !in.atName("recursive"))) {
            items.add(conditional ? expression() : binary(OR));
            if (!in.skipOperator(",")) {
                break;
            }
            comma = true;
        }
        if (!comma && items.size() == 1) {
            return items.getFirst();
        }
        if (!comma && !mayBeEmpty) {
            throw in.fail("Expected an expression, got " + in.current().describe());
        }
        return new Expr.TupleLiteral(List.copyOf(items));
    }

    private boolean atTupleEnd() {
        return in.at(Token.Kind.VARIABLE_END) || in.at(Token.Kind.BLOCK_END) || in.atOperator(")");
    }

    Expr expression() {
        int level = in.nesting();
        Expr left = binary(OR);
        while (in.skipName("if")) {
            in.deeper();
            Expr test = binary(OR);
            Expr otherwise = in.skipName("else") ? expression() : null;
            left = new Expr.Conditional(test, left, otherwise);
        }
        in.back(level);
        return left;
    }

    private Expr binary(int minimum) {
        int level = in.nesting();
        in.deeper();
        Expr left;
        if (minimum <= NOT && in.skipName("not")) {
            left = new Expr.Not(binary(NOT));
        } else {
            left = unary(true);
        }
        while (true) {
            int precedence = precedence(in.current());
            if (precedence < minimum) {
                break;
            }
            in.deeper();
            left = infix(left, precedence);
        }
        in.back(level);
        return left;
    }

    private int precedence(Token token) {
        if (token.kind() == Token.Kind.NAME) {
            return switch (token.text()) {
                case "or" -> OR;
                case "and" -> AND;
                case "in" -> COMPARE;
                case "not" -> in.lookAhead().isName("in") ? COMPARE : 0;
                default -> 0;
            };
        }
        if (token.kind() != Token.Kind.OPERATOR) {
            return 0;
        }
        return switch (token.text()) {
            case "==", "!=", "<", "<=", ">", ">=" -> COMPARE;
            case "+", "-" -> ADD;
            case "~" -> CONCAT;
            case "*", "/", "//", "%" -> MULTIPLY;
            case "**" -> POWER;
            default -> 0;
        };
    }

    private Expr infix(Expr left, int precedence) {
        int line = in.line();
        if (precedence == COMPARE) {
            return comparison(left, line);
        }
        if (precedence == CONCAT) {
            List<Expr> parts = new ArrayList<>(List.of(left));
            while (in.skipOperator("~")) {
                parts.add(binary(MULTIPLY));
            }
            return new Expr.Concat(List.copyOf(parts));
        }
        String operator = in.next().text();
        Expr right = binary(precedence + 1);
        return switch (operator) {
            case "or" -> new Expr.Or(left, right);
            case "and" -> new Expr.And(left, right);
            default -> new Expr.Binary(binaryOperator(operator), left, right, line);
        };
    }

    private static BinaryOperator binaryOperator(String text) {
        return switch (text) {
            case "+" -> BinaryOperator.ADD;
            case "-" -> BinaryOperator.SUBTRACT;
            case "*" -> BinaryOperator.MULTIPLY;
            case "/" -> BinaryOperator.DIVIDE;
            case "//" -> BinaryOperator.FLOOR_DIVIDE;
            case "%" -> BinaryOperator.MODULO;
            default -> BinaryOperator.POWER;
        };
    }

    private Expr comparison(Expr first, int line) {
        List<Comparator> operators = new ArrayList<>();
        List<Expr> rest = new ArrayList<>();
        while (precedence(in.current()) == COMPARE) {
            String text = in.next().text();
            if (text.equals("not")) {
                in.next();
            }
            operators.add(
                    switch (text) {
                        case "==" -> Comparator.EQUAL;
                        case "!=" -> Comparator.NOT_EQUAL;
                        case "<" -> Comparator.LESS;
                        case "<=" -> Comparator.LESS_OR_EQUAL;
                        case ">" -> Comparator.GREATER;
                        case ">=" -> Comparator.GREATER_OR_EQUAL;
                        case "in" -> Comparator.IN;
                        default -> Comparator.NOT_IN;
                    });
            rest.add(binary(ADD));
        }
        return new Expr.Comparison(first, List.copyOf(operators), List.copyOf(rest), line);
    }

    /** A sign binds tighter than a filter behind it: {@code -1|abs} is the absolute value of -1. */
    private Expr unary(boolean withFilters) {
        int level = in.nesting();
        in.deeper();
        int line = in.line();
        Expr node;
        if (in.skipOperator("-")) {
            node = new Expr.Negative(unary(false), line);
        } else if (in.skipOperator("+")) {
            node = new Expr.Positive(unary(false), line);
        } else {
            node = primary();
        }
        node = postfix(node);
        if (withFilters) {
            node = filtersAndTests(node);
        }
        in.back(level);
        return node;
    }

    Expr primary() {
        Token token = in.current();
        switch (token.kind()) {
            case NAME -> {
                in.next();
                return switch (token.text()) {
                    case "true", "True" -> new Expr.Constant(true);
                    case "false", "False" -> new Expr.Constant(false);
                    case "none", "None" -> new Expr.Constant(null);
                    default -> {
                        namesRead.add(token.text());
                        yield new Expr.Name(token.text());
                    }
                };
            }
            case STRING -> {
                StringBuilder text = new StringBuilder();
                while (in.at(Token.Kind.STRING)) {
                    text.append(in.next().text());
                }
                return new Expr.Constant(text.toString());
            }
            case INTEGER -> {
                in.next();
                return new Expr.Constant(integer(token));
            }
            case FLOAT -> {
                in.next();
                return new Expr.Constant(Double.parseDouble(token.text().replace("_", "")));
            }
            case OPERATOR -> {
                return bracketed(token);
            }
            case DATA, VARIABLE_BEGIN, VARIABLE_END, BLOCK_BEGIN, BLOCK_END, END ->
                throw in.fail("unexpected " + token.describe());
        }
        throw new AssertionError(token);
    }

    private static Object integer(Token token) {
        String digits = token.text().replace("_", "").toLowerCase(Locale.ROOT);
        if (digits.length() > MAX_INTEGER_DIGITS) {
            throw JinjaException.syntax("an integer of more than " + MAX_INTEGER_DIGITS + " digits", token.line());
        }
        int radix = digits.startsWith("0x") ? 16 : digits.startsWith("0o") ? 8 : digits.startsWith("0b") ? 2 : 10;
        return Numbers.normal(new BigInteger(radix == 10 ? digits : digits.substring(2), radix));
    }

    private Expr bracketed(Token token) {
        switch (token.text()) {
            case "(" -> {
                in.next();
                Expr inside = tuple(true, true);
                in.expectOperator(")");
                return inside;
            }
            case "[" -> {
                in.next();
                List<Expr> items = new ArrayList<>();
                while (!in.atOperator("]")) {
                    items.add(expression());
                    if (!in.skipOperator(",")) {
                        break;
                    }
                }
                in.expectOperator("]");
                return new Expr.ListLiteral(List.copyOf(items));
            }
            case "{" -> {
                return dict();
            }
            default -> throw in.fail("unexpected " + token.describe());
        }
    }

    private Expr dict() {
        in.next();
        List<Expr> keys = new ArrayList<>();
        List<Expr> values = new ArrayList<>();
        while (!in.atOperator("}")) {
            keys.add(expression());
            in.expectOperator(":");
            values.add(expression());
            if (!in.skipOperator(",")) {
                break;
            }
        }
        in.expectOperator("}");
        return new Expr.DictLiteral(List.copyOf(keys), List.copyOf(values));
    }

    private Expr postfix(Expr start) {
        Expr node = start;
        while (in.atOperator(".") || in.atOperator("[") || in.atOperator("(")) {
            in.deeper();
            node = in.atOperator("(") ? call(node) : subscript(node);
        }
        return node;
    }

    private Expr filtersAndTests(Expr start) {
        Expr node = start;
        while (true) {
            if (in.skipOperator("|")) {
                node = new Expr.Filtered(node, filterStep());
            } else if (in.atName("is")) {
                node = test(node);
            } else if (in.atOperator("(")) {
                node = call(node);
            } else {
                return node;
            }
            in.deeper();
        }
    }

    private Expr call(Expr callee) {
        int line = in.line();
        return new Expr.Call(callee, arguments(), line);
    }

    private Expr subscript(Expr target) {
        int line = in.line();
        if (in.skipOperator(".")) {
            Token name = in.next();
            return switch (name.kind()) {
                case NAME -> new Expr.Attribute(target, name.text(), line);
                case INTEGER -> new Expr.Subscript(target, new Expr.Constant(integer(name)), line);
                case DATA, VARIABLE_BEGIN, VARIABLE_END, BLOCK_BEGIN, BLOCK_END, STRING, FLOAT, OPERATOR, END ->
                    throw JinjaException.syntax("expected name or number", name.line());
            };
        }
        in.next();
        List<Expr> indices = new ArrayList<>();
        while (!in.atOperator("]")) {
            if (!indices.isEmpty()) {
                in.expectOperator(",");
            }
            indices.add(index());
        }
        in.next();
        Expr index = indices.size() == 1 ? indices.getFirst() : new Expr.TupleLiteral(List.copyOf(indices));
        return new Expr.Subscript(target, index, line);
    }

    private Expr index() {
        Expr start = in.atOperator(":") ? null : expression();
        if (!in.skipOperator(":")) {
            return java.util.Objects.requireNonNull(start);
        }
        Expr stop = sliceEnd();
        Expr step = in.skipOperator(":") ? sliceEnd() : null;
        return new Expr.Slice(start, stop, step);
    }

    private @Nullable Expr sliceEnd() {
        return in.atOperator(":") || in.atOperator("]") || in.atOperator(",") ? null : expression();
    }

    Arguments arguments() {
        in.expectOperator("(");
        List<Expr> positional = new ArrayList<>();
        List<String> names = new ArrayList<>();
        List<Expr> named = new ArrayList<>();
        Expr star = null;
        Expr doubleStar = null;
        while (!in.atOperator(")")) {
            boolean valid;
            if (in.skipOperator("*")) {
                valid = star == null && doubleStar == null;
                star = expression();
            } else if (in.skipOperator("**")) {
                valid = doubleStar == null;
                doubleStar = expression();
            } else if (in.at(Token.Kind.NAME) && in.lookAhead().isOperator("=")) {
                String name = in.name();
                in.next();
                valid = doubleStar == null && !names.contains(name);
                names.add(name);
                named.add(expression());
            } else {
                valid = star == null && doubleStar == null && names.isEmpty();
                positional.add(expression());
            }
            if (!valid) {
                throw in.fail("invalid syntax for function call expression");
            }
            if (!in.skipOperator(",")) {
                break;
            }
        }
        in.expectOperator(")");
        return new Arguments(List.copyOf(positional), List.copyOf(names), List.copyOf(named), star, doubleStar);
    }

    /** A filter's name and arguments; the bar in front of it is already read. */
    FilterStep filterStep() {
        int line = in.line();
        String name = dottedName();
        return new FilterStep(name, in.atOperator("(") ? arguments() : Arguments.NONE, line);
    }

    private String dottedName() {
        StringBuilder name = new StringBuilder(in.name());
        while (in.skipOperator(".")) {
            name.append('.').append(in.name());
        }
        return name.toString();
    }

    private Expr test(Expr input) {
        int line = in.line();
        in.next();
        boolean negated = in.skipName("not");
        String name = dottedName();
        Arguments arguments = Arguments.NONE;
        if (in.atOperator("(")) {
            arguments = arguments();
        } else if (atTestArgument()) {
            if (in.atName("is")) {
                throw in.fail("You cannot chain multiple tests with is");
            }
            in.deeper();
            Expr argument = postfix(primary());
            arguments = new Arguments(List.of(argument), List.of(), List.of(), null, null);
        }
        Expr node = new Expr.Tested(input, new FilterStep(name, arguments, line));
        return negated ? new Expr.Not(node) : node;
    }

    private boolean atTestArgument() {
        Token token = in.current();
        return switch (token.kind()) {
            case NAME -> !token.isName("else") && !token.isName("or") && !token.isName("and");
            case STRING, INTEGER, FLOAT -> true;
            case OPERATOR -> token.isOperator("[") || token.isOperator("{");
            case DATA, VARIABLE_BEGIN, VARIABLE_END, BLOCK_BEGIN, BLOCK_END, END -> false;
        };
    }
}
