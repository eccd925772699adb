package tokamak.text.jinja;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tokamak.text.jinja.Expr.Comparator;

/** The tests behind {@code is}. */
final class Tests {
    /** One test. */
    interface Test {
        boolean test(Interpreter in, @Nullable Object value, Args args);
    }

    private static final Map<String, Test> TABLE = table();

    private Tests() {}

    private static Map<String, Test> table() {
        Map<String, Test> table = new HashMap<>();
        table.put("defined", (in, value, args) -> !(value instanceof Undefined));
        table.put("undefined", (in, value, args) -> value instanceof Undefined);
        table.put("none", (in, value, args) -> value == null);
        table.put("boolean", (in, value, args) -> value instanceof Boolean);
        table.put("true", (in, value, args) -> Boolean.TRUE.equals(value));
        table.put("false", (in, value, args) -> Boolean.FALSE.equals(value));
        table.put("integer", (in, value, args) -> Numbers.isInteger(value) && !(value instanceof Boolean));
        table.put("float", (in, value, args) -> value instanceof Double);
        table.put("number", (in, value, args) -> Numbers.isNumber(value));
        table.put("string", (in, value, args) -> Types.isString(value));
        table.put("mapping", (in, value, args) -> value instanceof Map);
        table.put("sequence", (in, value, args) -> isSequence(value));
        table.put("iterable", (in, value, args) -> Sequences.isIterable(value));
        table.put("callable", (in, value, args) -> Types.isCallable(value));
        table.put("escaped", (in, value, args) -> value instanceof Markup);
        table.put("lower", (in, value, args) -> isCase(in, value, false));
        table.put("upper", (in, value, args) -> isCase(in, value, true));
        table.put("odd", (in, value, args) -> remainder(in, value, 2L, 1L));
        table.put("even", (in, value, args) -> remainder(in, value, 2L, 0L));
        table.put(
                "divisibleby",
                (in, value, args) ->
                        remainder(in, value, args.bind("divisibleby", 1, "num").get(0), 0L));
        table.put(
                "sameas",
                (in, value, args) -> same(value, args.bind("sameas", 1, "other").get(0)));
        table.put("filter", (in, value, args) -> Filters.exists(value));
        table.put("test", (in, value, args) -> value instanceof String name && exists(name));
        comparators(table, Comparator.EQUAL, "==", "eq", "equalto");
        comparators(table, Comparator.NOT_EQUAL, "!=", "ne");
        comparators(table, Comparator.LESS, "<", "lt", "lessthan");
        comparators(table, Comparator.LESS_OR_EQUAL, "<=", "le");
        comparators(table, Comparator.GREATER, ">", "gt", "greaterthan");
        comparators(table, Comparator.GREATER_OR_EQUAL, ">=", "ge");
        comparators(table, Comparator.IN, "in");
        return Map.copyOf(table);
    }

    private static void comparators(Map<String, Test> table, Comparator comparator, String... names) {
        for (String name : names) {
            table.put(
                    name,
                    (in, value, args) -> Operators.compare(
                            comparator, value, args.bind(name, 1, "other").get(0), in.budget()));
        }
    }

    private static boolean exists(String name) {
        return TABLE.containsKey(name);
    }

    static boolean apply(String name, Interpreter in, @Nullable Object value, Args args) {
        Test test = TABLE.get(name);
        if (test == null) {
            throw JinjaException.runtime("TemplateRuntimeError", "No test named " + PyText.repr(name) + ".");
        }
        return test.test(in, value, args);
    }

    private static boolean isSequence(@Nullable Object value) {
        return Types.isString(value)
                || value instanceof List
                || value instanceof Map
                || value instanceof Tuple
                || value instanceof Range
                || value instanceof Undefined;
    }

    private static boolean isCase(Interpreter in, @Nullable Object value, boolean upper) {
        String text = Printer.str(value, in.budget());
        in.budget().scan(text.length());
        boolean cased = text.codePoints()
                .anyMatch(c -> Character.isUpperCase(c) || Character.isLowerCase(c) || Character.isTitleCase(c));
        return cased && text.equals(upper ? text.toUpperCase(Locale.ROOT) : text.toLowerCase(Locale.ROOT));
    }

    private static boolean remainder(Interpreter in, @Nullable Object value, @Nullable Object by, Object expected) {
        Object rest = Operators.binary(Expr.BinaryOperator.MODULO, value, by, in.budget());
        return Operators.equal(rest, expected, in.budget());
    }

    /** Identity; Python shares small numbers and equal literals, so equal scalars of one type count as the same. */
    private static boolean same(@Nullable Object a, @Nullable Object b) {
        return a == b
                || a != null
                        && b != null
                        && a.getClass() == b.getClass()
                        && (a instanceof String || Numbers.isNumber(a))
                        && a.equals(b);
    }
}
