package tokamak.text.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A statement: something that writes text or changes variables. */
sealed interface Stmt {
    record Data(String text) implements Stmt {}

    record Output(Expr value, int line) implements Stmt {}

    record For(
            Target target,
            Expr iterable,
            @Nullable Expr filter,
            boolean recursive,
            List<Stmt> body,
            List<Stmt> otherwise,
            int line)
            implements Stmt {}

    /** {@code tests[i]} guards {@code bodies[i]}; one more body is the else branch, perhaps empty. */
    record If(List<Expr> tests, List<List<Stmt>> bodies, int line) implements Stmt {}

    record Set(Target target, Expr value, int line) implements Stmt {}

    record SetBlock(Target target, List<Expr.FilterStep> filters, List<Stmt> body, int line) implements Stmt {}

    record Macro(MacroSpec spec) implements Stmt {}

    record CallBlock(Expr.Call call, MacroSpec caller, int line) implements Stmt {}

    record FilterBlock(List<Expr.FilterStep> filters, List<Stmt> body, int line) implements Stmt {}

    record With(List<Target> targets, List<Expr> values, List<Stmt> body, int line) implements Stmt {}

    /** A body with variables of its own: {@code generation} and {@code block}. */
    record Scoped(List<Stmt> body) implements Stmt {}

    record Break() implements Stmt {}

    record Continue() implements Stmt {}

    /** What can be assigned to. */
    sealed interface Target {
        record Variable(String name) implements Target {}

        record Unpacked(List<Target> targets) implements Target {}

        record NamespaceAttribute(String namespace, String attribute) implements Target {}
    }

    /**
     * A macro or the body of a call block.
     *
     * @param defaults as long as {@code parameters}; null where a parameter has none
     */
    record MacroSpec(
            String name,
            List<String> parameters,
            List<@Nullable Expr> defaults,
            List<Stmt> body,
            boolean usesVarargs,
            boolean usesKwargs,
            boolean usesCaller) {}
}
