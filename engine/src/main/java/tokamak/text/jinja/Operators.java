package tokamak.text.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tokamak.text.jinja.Expr.BinaryOperator;
import tokamak.text.jinja.Expr.Comparator;

/** Python's operators on values: truth, equality, order, membership, arithmetic. */
final class Operators {
    private Operators() {}

    static boolean truth(@Nullable Object value) {
        return switch (value) {
            case null -> false;
            case Boolean b -> b;
            case String s -> !s.isEmpty();
            case Markup m -> !m.text().isEmpty();
            case Long l -> l != 0;
            case Double d -> d != 0;
            case List<?> l -> !l.isEmpty();
            case Map<?, ?> m -> !m.isEmpty();
            case Tuple t -> !t.items().isEmpty();
            case Range r -> !r.items().isEmpty();
            case DictView v -> !v.map().isEmpty();
            case Undefined u -> false;
            default -> true;
        };
    }

    static boolean equal(@Nullable Object a, @Nullable Object b, Budget budget) {
        return equal(a, b, budget, 0);
    }

    private static boolean equal(@Nullable Object a, @Nullable Object b, Budget budget, int level) {
        if (a == b) {
            return !(a instanceof Double d && d.isNaN()) || level > 0;
        }
        return switch (a) {
            case null -> false;
            case String s -> textEqual(s, b, budget);
            case Markup m -> textEqual(m.text(), b, budget);
            case Long l when b instanceof Long other -> l.longValue() == other.longValue();
            case Long l -> numbersEqual(l, b);
            case Double d -> numbersEqual(d, b);
            case Boolean x -> numbersEqual(x, b);
            case BigInteger i -> numbersEqual(i, b);
            case List<?> list -> b instanceof List<?> other && itemsEqual(list, other, budget, level);
            case Tuple t -> b instanceof Tuple other && itemsEqual(t.items(), other.items(), budget, level);
            case Range r -> b instanceof Range other && itemsEqual(r.items(), other.items(), budget, level);
            case Map<?, ?> map -> b instanceof Map<?, ?> other && mapsEqual(map, other, budget, level);
            case DictView v
            when !v.type().equals(DictView.VALUES) ->
                b instanceof DictView other
                        && !other.type().equals(DictView.VALUES)
                        && v.map().size() == other.map().size()
                        && containsAll(new ArrayList<>(other.items()), v.items(), budget);
            case Undefined u -> b instanceof Undefined;
            default -> false;
        };
    }

    private static boolean textEqual(String a, @Nullable Object b, Budget budget) {
        String other = Types.string(b);
        if (other == null || other.length() != a.length()) {
            return false;
        }
        budget.scan(a.length());
        return a.equals(other);
    }

    private static boolean numbersEqual(Object a, @Nullable Object b) {
        return b != null && Numbers.isNumber(b) && Numbers.compare(a, b) == 0;
    }

    private static boolean itemsEqual(List<?> a, List<?> b, Budget budget, int level) {
        if (a.size() != b.size()) {
            return false;
        }
        int next = budget.deeper(level);
        Iterator<?> others = b.iterator();
        for (Object item : a) {
            budget.work(1);
            if (!equal(item, others.next(), budget, next)) {
                return false;
            }
        }
        return true;
    }

    private static boolean mapsEqual(Map<?, ?> a, Map<?, ?> b, Budget budget, int level) {
        if (a.size() != b.size()) {
            return false;
        }
        int next = budget.deeper(level);
        for (Map.Entry<?, ?> entry : a.entrySet()) {
            budget.work(1);
            Object key = Dicts.find(b, entry.getKey(), budget);
            if (key == Dicts.ABSENT || !equal(entry.getValue(), b.get(key), budget, next)) {
                return false;
            }
        }
        return true;
    }

    private static boolean containsAll(List<?> all, List<?> some, Budget budget) {
        for (Object item : some) {
            if (!containsItem(all.iterator(), item, budget)) {
                return false;
            }
        }
        return true;
    }

    private static boolean containsItem(Iterator<?> items, @Nullable Object wanted, Budget budget) {
        while (items.hasNext()) {
            budget.work(1);
            Object item = items.next();
            if (item == wanted || equal(item, wanted, budget, 1)) {
                return true;
            }
        }
        return false;
    }

    static boolean contains(@Nullable Object container, @Nullable Object item, Budget budget) {
        return switch (container) {
            case String s -> textContains(s, item, budget);
            case Markup m -> textContains(m.text(), item, budget);
            case Map<?, ?> map -> Dicts.find(map, item, budget) != Dicts.ABSENT;
            case List<?> list -> containsItem(list.iterator(), item, budget);
            case Tuple t -> containsItem(t.items().iterator(), item, budget);
            case Range r -> containsItem(r.items().iterator(), item, budget);
            case DictView v when v.type().equals(DictView.KEYS) -> Dicts.find(v.map(), item, budget) != Dicts.ABSENT;
            case DictView v -> containsItem(v.items().iterator(), item, budget);
            case Generator g -> containsItem(g.iterator(), item, budget);
            case Loop loop -> containsItem(Sequences.iterate(loop, budget), item, budget);
            case Undefined u -> false;
            case null, default ->
                throw JinjaException.typeError(
                        "argument of type " + PyText.repr(Types.name(container)) + " is not iterable");
        };
    }

    private static boolean textContains(String text, @Nullable Object item, Budget budget) {
        String part = Types.string(item);
        if (part == null) {
            throw JinjaException.typeError("'in <string>' requires string as left operand, not " + Types.name(item));
        }
        return TextSearch.indexOf(text, part, 0, budget) >= 0;
    }

    static boolean compare(Comparator operator, @Nullable Object a, @Nullable Object b, Budget budget) {
        return switch (operator) {
            case EQUAL -> equal(a, b, budget);
            case NOT_EQUAL -> !equal(a, b, budget);
            case IN -> contains(b, a, budget);
            case NOT_IN -> !contains(b, a, budget);
            case LESS, LESS_OR_EQUAL, GREATER, GREATER_OR_EQUAL -> {
                int order = order(operator, a, b, budget, 0);
                yield order != Integer.MIN_VALUE
                        && switch (operator) {
                            case LESS -> order < 0;
                            case LESS_OR_EQUAL -> order <= 0;
                            case GREATER -> order > 0;
                            default -> order >= 0;
                        };
            }
        };
    }

    /** Negative, zero or positive for sorting; values that Python cannot order are an error. */
    static int order(@Nullable Object a, @Nullable Object b, Budget budget) {
        return order(Comparator.LESS, a, b, budget, 0);
    }

    private static int order(Comparator operator, @Nullable Object a, @Nullable Object b, Budget budget, int level) {
        budget.work(1);
        if (a != null && b != null && Numbers.isNumber(a) && Numbers.isNumber(b)) {
            return Numbers.compare(a, b);
        }
        String x = Types.string(a);
        String y = Types.string(b);
        if (x != null && y != null) {
            budget.scan(Math.min(x.length(), y.length()));
            return compareText(x, y);
        }
        if (a instanceof List<?> left && b instanceof List<?> right) {
            return orderItems(operator, left, right, budget, level);
        }
        if (a instanceof Tuple left && b instanceof Tuple right) {
            return orderItems(operator, left.items(), right.items(), budget, level);
        }
        if (a instanceof Undefined undefined) {
            throw undefined.fail();
        }
        if (b instanceof Undefined undefined) {
            throw undefined.fail();
        }
        throw JinjaException.typeError("'" + operator.symbol + "' not supported between instances of "
                + PyText.repr(Types.name(a)) + " and " + PyText.repr(Types.name(b)));
    }

    /** By code points; Java compares UTF-16 units, which differs above U+FFFF. */
    private static int compareText(String a, String b) {
        int length = Math.min(a.length(), b.length());
        for (int i = 0; i < length; i++) {
            char x = a.charAt(i);
            char y = b.charAt(i);
            if (x != y) {
                boolean bothPlain = Character.isSurrogate(x) == Character.isSurrogate(y);
                return bothPlain ? Character.compare(x, y) : Character.isSurrogate(x) ? 1 : -1;
            }
        }
        return Integer.compare(a.length(), b.length());
    }

    private static int orderItems(Comparator operator, List<?> a, List<?> b, Budget budget, int level) {
        int next = budget.deeper(level);
        Iterator<?> left = a.iterator();
        Iterator<?> right = b.iterator();
        while (left.hasNext() && right.hasNext()) {
            Object x = left.next();
            Object y = right.next();
            budget.work(1);
            if (!equal(x, y, budget, next)) {
                return order(operator, x, y, budget, next);
            }
        }
        return Boolean.compare(left.hasNext(), right.hasNext());
    }

    static @Nullable Object binary(BinaryOperator operator, @Nullable Object a, @Nullable Object b, Budget budget) {
        if (a != null && b != null && Numbers.isNumber(a) && Numbers.isNumber(b)) {
            return Numbers.binary(operator, a, b);
        }
        Object special = switch (operator) {
            case ADD -> add(a, b, budget);
            case MULTIPLY -> Numbers.isInteger(b) ? repeat(a, b, budget) : repeat(b, a, budget);
            case MODULO -> Types.isString(a) ? Percent.format(a, b, budget) : null;
            case SUBTRACT, DIVIDE, FLOOR_DIVIDE, POWER -> null;
        };
        if (special != null) {
            return special;
        }
        if (a instanceof Undefined undefined) {
            throw undefined.fail();
        }
        if (b instanceof Undefined undefined) {
            throw undefined.fail();
        }
        if (operator == BinaryOperator.ADD && (Types.isString(a) || a instanceof List || a instanceof Tuple)) {
            String type = Types.name(a);
            throw JinjaException.typeError(
                    "can only concatenate " + type + " (not \"" + Types.name(b) + "\") to " + type);
        }
        throw JinjaException.typeError("unsupported operand type(s) for " + operator.symbol + ": "
                + PyText.repr(Types.name(a)) + " and " + PyText.repr(Types.name(b)));
    }

    private static @Nullable Object add(@Nullable Object a, @Nullable Object b, Budget budget) {
        String x = Types.string(a);
        String y = Types.string(b);
        if (x != null && y != null) {
            budget.cells((long) x.length() + y.length());
            if (a instanceof String && b instanceof String) {
                return x.concat(y);
            }
            return new Markup((a instanceof Markup ? x : PyText.escapeHtml(x))
                    + (b instanceof Markup ? y : PyText.escapeHtml(y)));
        }
        if (a instanceof List<?> left && b instanceof List<?> right) {
            return joined(left, right, budget);
        }
        if (a instanceof Tuple left && b instanceof Tuple right) {
            return new Tuple(joined(left.items(), right.items(), budget));
        }
        return null;
    }

    private static List<@Nullable Object> joined(List<?> a, List<?> b, Budget budget) {
        budget.elements((long) a.size() + b.size());
        List<@Nullable Object> all = new ArrayList<>(a.size() + b.size());
        all.addAll(a);
        all.addAll(b);
        return all;
    }

    private static @Nullable Object repeat(@Nullable Object value, @Nullable Object times, Budget budget) {
        if (times == null || !Numbers.isInteger(times)) {
            return null;
        }
        int count = Math.max(0, Numbers.index(times));
        String text = Types.string(value);
        if (text != null) {
            count = text.isEmpty() ? 0 : count;
            budget.cells((long) text.length() * count);
            String repeated = text.repeat(count);
            return value instanceof Markup ? new Markup(repeated) : repeated;
        }
        if (value instanceof List<?> list) {
            return repeated(list, count, budget);
        }
        return value instanceof Tuple tuple ? new Tuple(repeated(tuple.items(), count, budget)) : null;
    }

    private static List<@Nullable Object> repeated(List<?> items, int count, Budget budget) {
        budget.elements((long) items.size() * count);
        int times = items.isEmpty() ? 0 : count;
        List<@Nullable Object> all = new ArrayList<>(items.size() * times);
        for (int i = 0; i < times; i++) {
            all.addAll(items);
        }
        return all;
    }

    static Object negative(@Nullable Object value) {
        return switch (value) {
            case Double d -> -d;
            case Undefined u -> throw u.fail();
            case Object o
            when Numbers.isInteger(o) -> Numbers.normal(Numbers.big(o).negate());
            case null, default ->
                throw JinjaException.typeError("bad operand type for unary -: " + PyText.repr(Types.name(value)));
        };
    }

    static Object positive(@Nullable Object value) {
        return switch (value) {
            case Double d -> d;
            case Undefined u -> throw u.fail();
            case Object o when Numbers.isInteger(o) -> Numbers.normal(Numbers.big(o));
            case null, default ->
                throw JinjaException.typeError("bad operand type for unary +: " + PyText.repr(Types.name(value)));
        };
    }
}
