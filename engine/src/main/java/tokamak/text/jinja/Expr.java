package tokamak.text.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** An expression. Lines count from 1 and stand where evaluating the node itself can fail. */
sealed interface Expr {
    record Constant(@Nullable Object value) implements Expr {}

    record Name(String name) implements Expr {}

    record ListLiteral(List<Expr> items) implements Expr {}

    record TupleLiteral(List<Expr> items) implements Expr {}

    record DictLiteral(List<Expr> keys, List<Expr> values) implements Expr {}

    record Attribute(Expr target, String name, int line) implements Expr {}

    record Subscript(Expr target, Expr index, int line) implements Expr {}

    /** Only as the index of a {@link Subscript}. */
    record Slice(
            @Nullable Expr start,
            @Nullable Expr stop,
            @Nullable Expr step) implements Expr {}

    record Call(Expr callee, Arguments arguments, int line) implements Expr {}

    record Filtered(Expr input, FilterStep filter) implements Expr {}

    record Tested(Expr input, FilterStep test) implements Expr {}

    record Not(Expr operand) implements Expr {}

    record Negative(Expr operand, int line) implements Expr {}

    record Positive(Expr operand, int line) implements Expr {}

    record Binary(BinaryOperator operator, Expr left, Expr right, int line) implements Expr {}

    record And(Expr left, Expr right) implements Expr {}

    record Or(Expr left, Expr right) implements Expr {}

    record Concat(List<Expr> parts) implements Expr {}

    /** {@code first op0 rest0 op1 rest1 ...}: every neighbouring pair must hold. */
    record Comparison(Expr first, List<Comparator> operators, List<Expr> rest, int line) implements Expr {}

    record Conditional(Expr test, Expr then, @Nullable Expr otherwise) implements Expr {}

    /** A filter or test by name with its arguments. */
    record FilterStep(String name, Arguments arguments, int line) {}

    /** What stands between the parentheses of a call. */
    record Arguments(
            List<Expr> positional,
            List<String> names,
            List<Expr> named,
            @Nullable Expr star,
            @Nullable Expr doubleStar) {
        static final Arguments NONE = new Arguments(List.of(), List.of(), List.of(), null, null);
    }

    enum BinaryOperator {
        ADD("+"),
        SUBTRACT("-"),
        MULTIPLY("*"),
        DIVIDE("/"),
        FLOOR_DIVIDE("//"),
        MODULO("%"),
        POWER("** or pow()");

        final String symbol;

        BinaryOperator(String symbol) {
            this.symbol = symbol;
        }
    }

    enum Comparator {
        EQUAL("=="),
        NOT_EQUAL("!="),
        LESS("<"),
        LESS_OR_EQUAL("<="),
        GREATER(">"),
        GREATER_OR_EQUAL(">="),
        IN("in"),
        NOT_IN("not in");

        final String symbol;

        Comparator(String symbol) {
            this.symbol = symbol;
        }
    }
}
