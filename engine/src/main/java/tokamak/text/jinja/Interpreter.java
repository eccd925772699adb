package tokamak.text.jinja;

import java.time.Clock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tokamak.text.jinja.Expr.FilterStep;
import tokamak.text.jinja.Stmt.Target;

/** One rendering: runs statements, evaluates expressions, holds the text written so far. Used by one thread. */
final class Interpreter {
    /** How a list of statements ended. */
    enum Flow {
        NORMAL,
        BREAK,
        CONTINUE
    }

    /** A body whose text is wanted as a value. */
    interface Body {
        Flow run();
    }

    private static final int CAPTURE_LEVELS = 4;

    private final Budget budget;
    private final Clock clock;
    private StringBuilder out = new StringBuilder();
    private int line;

    Interpreter(Budget budget, Clock clock) {
        this.budget = budget;
        this.clock = clock;
    }

    Budget budget() {
        return budget;
    }

    Clock clock() {
        return clock;
    }

    /** The line being evaluated, for errors. */
    int line() {
        return line;
    }

    String render(List<Stmt> body, Scope scope) {
        run(body, scope);
        return out.toString();
    }

    /** Runs a body and returns what it wrote instead of writing it. */
    String capture(Body body) {
        StringBuilder outer = out;
        int outerLine = line;
        out = new StringBuilder();
        budget.enter(CAPTURE_LEVELS);
        body.run();
        budget.leave(CAPTURE_LEVELS);
        String text = out.toString();
        out = outer;
        line = outerLine;
        return text;
    }

    private void write(String text) {
        budget.cells(text.length());
        budget.output((long) out.length() + text.length());
        out.append(text);
    }

    Flow run(List<Stmt> body, Scope scope) {
        for (Stmt statement : body) {
            budget.enter();
            Flow flow = run(statement, scope);
            budget.leave();
            if (flow != Flow.NORMAL) {
                return flow;
            }
        }
        return Flow.NORMAL;
    }

    private Flow run(Stmt statement, Scope scope) {
        switch (statement) {
            case Stmt.Data data -> write(data.text());
            case Stmt.Output output -> {
                line = output.line();
                write(Printer.str(evaluate(output.value(), scope), budget));
            }
            case Stmt.If branches -> {
                return runIf(branches, scope);
            }
            case Stmt.For loop -> runFor(loop, scope);
            case Stmt.Set set -> {
                line = set.line();
                assign(set.target(), evaluate(set.value(), scope), scope);
            }
            case Stmt.SetBlock set -> {
                String text = capture(() -> run(set.body(), new Scope(scope)));
                line = set.line();
                assign(set.target(), filtered(text, set.filters(), scope), scope);
            }
            case Stmt.Macro macro -> scope.set(macro.spec().name(), new Macro(macro.spec(), scope));
            case Stmt.CallBlock block -> {
                line = block.line();
                Object callee = evaluate(block.call().callee(), scope);
                Args args = arguments(block.call().arguments(), scope).with("caller", new Macro(block.caller(), scope));
                write(Printer.str(call(callee, args), budget));
            }
            case Stmt.FilterBlock block -> {
                String text = capture(() -> run(block.body(), new Scope(scope)));
                line = block.line();
                write(Printer.str(filtered(text, block.filters(), scope), budget));
            }
            case Stmt.With with -> {
                line = with.line();
                Scope inner = new Scope(scope);
                for (int i = 0; i < with.targets().size(); i++) {
                    assign(with.targets().get(i), evaluate(with.values().get(i), scope), inner);
                }
                return run(with.body(), inner);
            }
            case Stmt.Scoped scoped -> {
                return run(scoped.body(), new Scope(scope));
            }
            case Stmt.Break b -> {
                return Flow.BREAK;
            }
            case Stmt.Continue c -> {
                return Flow.CONTINUE;
            }
        }
        return Flow.NORMAL;
    }

    private Flow runIf(Stmt.If branches, Scope scope) {
        line = branches.line();
        List<Expr> tests = branches.tests();
        int taken = 0;
        while (taken < tests.size() && !Operators.truth(evaluate(tests.get(taken), scope))) {
            taken++;
        }
        return run(branches.bodies().get(taken), scope);
    }

    private void runFor(Stmt.For loop, Scope scope) {
        line = loop.line();
        runFor(loop, evaluate(loop.iterable(), scope), 0, scope);
    }

    private Flow runFor(Stmt.For statement, @Nullable Object iterable, int depth0, Scope scope) {
        Iterator<@Nullable Object> items = Sequences.iterate(iterable, budget);
        int size = -1;
        if (statement.filter() != null) {
            items = filteredItems(items, statement.target(), statement.filter(), scope);
        } else if (!(iterable instanceof Generator || iterable instanceof Loop)) {
            size = (int) Sequences.length(iterable, budget);
        }
        Loop.Recursion recursion =
                statement.recursive() ? (inner, depth) -> capture(() -> runFor(statement, inner, depth, scope)) : null;
        Loop loop = new Loop(items, size, depth0, recursion, budget);
        boolean isAnyDone = false; // as Jinja counts: a round that was broken off is none
        Flow flow = Flow.NORMAL;
        while (flow != Flow.BREAK && loop.hasNext()) {
            Scope inner = new Scope(scope);
            inner.set("loop", loop);
            assign(statement.target(), loop.next(), inner);
            flow = run(statement.body(), inner);
            isAnyDone |= flow == Flow.NORMAL;
        }
        return isAnyDone ? Flow.NORMAL : run(statement.otherwise(), new Scope(scope));
    }

    private Iterator<@Nullable Object> filteredItems(
            Iterator<@Nullable Object> items, Target target, Expr filter, Scope scope) {
        return Sequences.generate(budget, () -> {
                    while (items.hasNext()) {
                        Object item = items.next();
                        Scope inner = new Scope(scope);
                        assign(target, item, inner);
                        if (Operators.truth(evaluate(filter, inner))) {
                            return item;
                        }
                    }
                    return Dicts.ABSENT;
                })
                .iterator();
    }

    private @Nullable Object filtered(String text, List<FilterStep> filters, Scope scope) {
        Object value = text;
        for (FilterStep step : filters) {
            value = Filters.apply(step.name(), this, value, arguments(step.arguments(), scope));
        }
        return value;
    }

    private void assign(Target target, @Nullable Object value, Scope scope) {
        switch (target) {
            case Target.Variable variable -> scope.set(variable.name(), value);
            case Target.NamespaceAttribute attribute -> {
                if (!(scope.get(attribute.namespace()) instanceof Namespace namespace)) {
                    throw JinjaException.runtime(
                            "TemplateRuntimeError", "cannot assign attribute on non-namespace object");
                }
                namespace.attributes.put(attribute.attribute(), value);
            }
            case Target.Unpacked unpacked -> unpack(unpacked.targets(), value, scope);
        }
    }

    private void unpack(List<Target> targets, @Nullable Object value, Scope scope) {
        if (!Sequences.isIterable(value)) {
            throw JinjaException.typeError("cannot unpack non-iterable " + Types.name(value) + " object");
        }
        List<@Nullable Object> items = Sequences.list(value, budget);
        if (items.size() != targets.size()) {
            throw JinjaException.valueError(
                    items.size() > targets.size()
                            ? "too many values to unpack (expected " + targets.size() + ")"
                            : "not enough values to unpack (expected " + targets.size() + ", got " + items.size()
                                    + ")");
        }
        for (int i = 0; i < items.size(); i++) {
            assign(targets.get(i), items.get(i), scope);
        }
    }

    @Nullable
    Object evaluate(Expr expression, Scope scope) {
        budget.enter();
        Object value = value(expression, scope);
        budget.leave();
        return value;
    }

    private @Nullable Object value(Expr expression, Scope scope) {
        return switch (expression) {
            case Expr.Constant constant -> constant.value();
            case Expr.Name name -> scope.get(name.name());
            case Expr.Attribute attribute -> {
                Object owner = evaluate(attribute.target(), scope);
                line = attribute.line();
                yield Access.attribute(owner, attribute.name(), budget);
            }
            case Expr.Subscript subscript -> subscript(subscript, scope);
            case Expr.Slice slice -> throw new AssertionError("a slice outside of a subscript");
            case Expr.Call call -> {
                Object callee = evaluate(call.callee(), scope);
                Args args = arguments(call.arguments(), scope);
                line = call.line();
                yield call(callee, args);
            }
            case Expr.Filtered filtered -> {
                Object input = evaluate(filtered.input(), scope);
                Args args = arguments(filtered.filter().arguments(), scope);
                line = filtered.filter().line();
                yield Filters.apply(filtered.filter().name(), this, input, args);
            }
            case Expr.Tested tested -> {
                Object input = evaluate(tested.input(), scope);
                Args args = arguments(tested.test().arguments(), scope);
                line = tested.test().line();
                yield Tests.apply(tested.test().name(), this, input, args);
            }
            case Expr.Not not -> !Operators.truth(evaluate(not.operand(), scope));
            case Expr.Negative negative -> Operators.negative(evaluate(negative.operand(), scope));
            case Expr.Positive positive -> Operators.positive(evaluate(positive.operand(), scope));
            case Expr.And and -> {
                Object left = evaluate(and.left(), scope);
                yield Operators.truth(left) ? evaluate(and.right(), scope) : left;
            }
            case Expr.Or or -> {
                Object left = evaluate(or.left(), scope);
                yield Operators.truth(left) ? left : evaluate(or.right(), scope);
            }
            case Expr.Binary binary -> {
                Object left = evaluate(binary.left(), scope);
                Object right = evaluate(binary.right(), scope);
                line = binary.line();
                yield Operators.binary(binary.operator(), left, right, budget);
            }
            case Expr.Concat concat -> concat(concat, scope);
            case Expr.Comparison comparison -> compare(comparison, scope);
            case Expr.Conditional conditional -> conditional(conditional, scope);
            case Expr.ListLiteral list -> evaluateAll(list.items(), scope);
            case Expr.TupleLiteral tuple -> new Tuple(evaluateAll(tuple.items(), scope));
            case Expr.DictLiteral dict -> dict(dict, scope);
        };
    }

    private List<@Nullable Object> evaluateAll(List<Expr> expressions, Scope scope) {
        budget.elements(expressions.size());
        List<@Nullable Object> values = new ArrayList<>(expressions.size());
        for (Expr expression : expressions) {
            values.add(evaluate(expression, scope));
        }
        return values;
    }

    private Map<@Nullable Object, @Nullable Object> dict(Expr.DictLiteral dict, Scope scope) {
        Map<@Nullable Object, @Nullable Object> map = new LinkedHashMap<>();
        for (int i = 0; i < dict.keys().size(); i++) {
            Object key = evaluate(dict.keys().get(i), scope);
            Dicts.put(map, key, evaluate(dict.values().get(i), scope), budget);
        }
        return map;
    }

    private @Nullable Object subscript(Expr.Subscript subscript, Scope scope) {
        Object owner = evaluate(subscript.target(), scope);
        if (subscript.index() instanceof Expr.Slice slice) {
            Object start = slice.start() == null ? null : evaluate(slice.start(), scope);
            Object stop = slice.stop() == null ? null : evaluate(slice.stop(), scope);
            Object step = slice.step() == null ? null : evaluate(slice.step(), scope);
            line = subscript.line();
            return Access.slice(owner, start, stop, step, budget);
        }
        Object key = evaluate(subscript.index(), scope);
        line = subscript.line();
        return Access.item(owner, key, budget);
    }

    private String concat(Expr.Concat concat, Scope scope) {
        StringBuilder joined = new StringBuilder();
        for (Expr part : concat.parts()) {
            String text = Printer.str(evaluate(part, scope), budget);
            budget.cells(text.length());
            joined.append(text);
        }
        return joined.toString();
    }

    private boolean compare(Expr.Comparison comparison, Scope scope) {
        Object left = evaluate(comparison.first(), scope);
        for (int i = 0; i < comparison.rest().size(); i++) {
            Object right = evaluate(comparison.rest().get(i), scope);
            line = comparison.line();
            if (!Operators.compare(comparison.operators().get(i), left, right, budget)) {
                return false;
            }
            left = right;
        }
        return true;
    }

    private @Nullable Object conditional(Expr.Conditional conditional, Scope scope) {
        if (Operators.truth(evaluate(conditional.test(), scope))) {
            return evaluate(conditional.then(), scope);
        }
        return conditional.otherwise() == null
                ? Undefined.hint("the inline if-expression evaluated to false and no else section was defined.")
                : evaluate(conditional.otherwise(), scope);
    }

    private Args arguments(Expr.Arguments arguments, Scope scope) {
        if (arguments == Expr.Arguments.NONE) {
            return Args.NONE;
        }
        List<@Nullable Object> positional = evaluateAll(arguments.positional(), scope);
        Map<String, @Nullable Object> named =
                arguments.names().isEmpty() ? Collections.emptyMap() : new LinkedHashMap<>();
        for (int i = 0; i < arguments.names().size(); i++) {
            named.put(arguments.names().get(i), evaluate(arguments.named().get(i), scope));
        }
        if (arguments.star() != null) {
            positional.addAll(Sequences.list(evaluate(arguments.star(), scope), budget));
        }
        if (arguments.doubleStar() != null) {
            named = new LinkedHashMap<>(named);
            addNamed(named, evaluate(arguments.doubleStar(), scope));
        }
        return new Args(positional, named);
    }

    private static void addNamed(Map<String, @Nullable Object> named, @Nullable Object value) {
        if (!(value instanceof Map<?, ?> map)) {
            throw JinjaException.typeError("argument after ** must be a mapping, not " + Types.name(value));
        }
        map.forEach((key, argument) -> {
            if (!(key instanceof String name)) {
                throw JinjaException.typeError("keywords must be strings");
            }
            if (named.containsKey(name)) {
                throw JinjaException.typeError("got multiple values for keyword argument " + PyText.repr(name));
            }
            named.put(name, argument);
        });
    }

    @Nullable
    Object call(@Nullable Object callee, Args args) {
        return switch (callee) {
            case Callable callable -> callable.call(this, args);
            case Undefined undefined -> throw undefined.fail();
            case null, default ->
                throw JinjaException.typeError(PyText.repr(Types.name(callee)) + " object is not callable");
        };
    }
}
