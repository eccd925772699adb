package tokamak.text.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Filters about sequences and dicts. */
final class SequenceFilters {
    private SequenceFilters() {}

    static void register(Map<String, Filters.Filter> table) {
        table.put("length", (in, value, args) -> Sequences.length(value, in.budget()));
        table.put("count", (in, value, args) -> Sequences.length(value, in.budget()));
        table.put("list", (in, value, args) -> Sequences.list(value, in.budget()));
        table.put("first", (in, value, args) -> {
            Iterator<@Nullable Object> items = Sequences.iterate(value, in.budget());
            return items.hasNext() ? items.next() : Undefined.hint("No first item, sequence was empty.");
        });
        table.put("last", (in, value, args) -> last(in, value));
        table.put("join", SequenceFilters::join);
        table.put("items", (in, value, args) -> items(value));
        table.put("dictsort", SequenceFilters::dictSort);
        table.put("sort", SequenceFilters::sort);
        table.put("unique", SequenceFilters::unique);
        table.put("min", (in, value, args) -> extreme(in, value, args, -1));
        table.put("max", (in, value, args) -> extreme(in, value, args, 1));
        table.put("sum", SequenceFilters::sum);
        table.put("groupby", SequenceFilters::groupBy);
        table.put("reverse", (in, value, args) -> reverse(in, value));
        table.put("batch", SequenceFilters::batch);
        table.put("slice", SequenceFilters::slice);
    }

    private static @Nullable Object last(Interpreter in, @Nullable Object value) {
        if (value instanceof Generator) {
            throw JinjaException.typeError(PyText.repr(Types.name(value)) + " object is not reversible");
        }
        List<@Nullable Object> items = Sequences.indexed(value);
        items = items == null ? Sequences.list(value, in.budget()) : items;
        return items.isEmpty() ? Undefined.hint("No last item, sequence was empty.") : items.getLast();
    }

    private static Object join(Interpreter in, @Nullable Object value, Args args) {
        Args.Bound bound = args.bind("join", 0, "d", "attribute");
        Budget budget = in.budget();
        String separator = Printer.str(bound.or(0, ""), budget);
        Function<@Nullable Object, @Nullable Object> getter = Attributes.getter(bound.or(1, null), null, budget);
        StringBuilder out = new StringBuilder();
        Iterator<@Nullable Object> items = Sequences.iterate(value, budget);
        for (boolean first = true; items.hasNext(); first = false) {
            String text = Printer.str(getter.apply(items.next()), budget);
            budget.cells((long) text.length() + separator.length());
            out.append(first ? "" : separator).append(text);
        }
        return out.toString();
    }

    private static Generator items(@Nullable Object value) {
        if (value instanceof Undefined) {
            return new Generator(Collections.emptyIterator());
        }
        if (!(value instanceof Map<?, ?> map)) {
            throw JinjaException.typeError("Can only get item pairs from a mapping.");
        }
        return new Generator(new DictView(DictView.ITEMS, map).items().iterator());
    }

    private static Object dictSort(Interpreter in, @Nullable Object value, Args args) {
        Args.Bound bound = args.bind("dictsort", 0, "case_sensitive", "by", "reverse");
        String by = bound.has(1) ? bound.string(1) : "key";
        if (!by.equals("key") && !by.equals("value")) {
            throw JinjaException.runtime("FilterArgumentError", "You can only sort by either \"key\" or \"value\"");
        }
        if (!(Filters.defined(value) instanceof Map<?, ?> map)) {
            throw JinjaException.runtime(
                    "AttributeError", PyText.repr(Types.name(value)) + " object has no attribute 'items'");
        }
        in.budget().elements(map.size());
        long position = by.equals("key") ? 0 : 1;
        return sorted(
                new DictView(DictView.ITEMS, map).items(),
                Attributes.key(position, null, bound.flag(0, false), in.budget()),
                bound.flag(2, false),
                in.budget());
    }

    private static Object sort(Interpreter in, @Nullable Object value, Args args) {
        Args.Bound bound = args.bind("sort", 0, "reverse", "case_sensitive", "attribute");
        Budget budget = in.budget();
        boolean caseSensitive = bound.flag(1, false);
        Object attribute = bound.or(2, null);
        List<Function<@Nullable Object, @Nullable Object>> keys = new ArrayList<>();
        String text = Types.string(attribute);
        if (text == null) {
            keys.add(Attributes.key(attribute, null, caseSensitive, budget));
        } else {
            for (String part : text.split(",", -1)) {
                keys.add(Attributes.key(part, null, caseSensitive, budget));
            }
        }
        return sorted(
                Sequences.list(value, budget),
                item -> new Tuple(keys.stream().map(key -> key.apply(item)).toList()),
                bound.flag(0, false),
                budget);
    }

    /** Stable in both directions, as Python's. */
    private static List<@Nullable Object> sorted(
            List<@Nullable Object> items,
            Function<@Nullable Object, @Nullable Object> key,
            boolean reverse,
            Budget budget) {
        budget.elements(2L * items.size());
        List<Tuple> keyed = new ArrayList<>(items.size());
        items.forEach(item -> keyed.add(Tuple.of(key.apply(item), item)));
        keyed.sort((a, b) -> {
            int order = Operators.order(a.items().get(0), b.items().get(0), budget);
            // NaN has no order; calling it equal keeps the sort going.
            int total = order == Integer.MIN_VALUE ? 0 : order;
            return reverse ? -total : total;
        });
        List<@Nullable Object> sorted = new ArrayList<>(items.size());
        keyed.forEach(pair -> sorted.add(pair.items().get(1)));
        return sorted;
    }

    private static Object unique(Interpreter in, @Nullable Object value, Args args) {
        Args.Bound bound = args.bind("unique", 0, "case_sensitive", "attribute");
        Budget budget = in.budget();
        Function<@Nullable Object, @Nullable Object> key =
                Attributes.key(bound.or(1, null), null, bound.flag(0, false), budget);
        Iterator<@Nullable Object> items = Sequences.iterate(value, budget);
        Map<@Nullable Object, @Nullable Object> seen = new LinkedHashMap<>();
        return Sequences.generate(budget, () -> {
            while (items.hasNext()) {
                budget.work(1);
                Object item = items.next();
                Object itemKey = key.apply(item);
                if (Dicts.find(seen, itemKey, budget) == Dicts.ABSENT) {
                    Dicts.put(seen, itemKey, null, budget);
                    return item;
                }
            }
            return Dicts.ABSENT;
        });
    }

    private static @Nullable Object extreme(Interpreter in, @Nullable Object value, Args args, int sign) {
        Args.Bound bound = args.bind(sign < 0 ? "min" : "max", 0, "case_sensitive", "attribute");
        Budget budget = in.budget();
        Function<@Nullable Object, @Nullable Object> key =
                Attributes.key(bound.or(1, null), null, bound.flag(0, false), budget);
        Iterator<@Nullable Object> items = Sequences.iterate(value, budget);
        if (!items.hasNext()) {
            return Undefined.hint("No aggregated item, sequence was empty.");
        }
        Object best = items.next();
        Object bestKey = key.apply(best);
        while (items.hasNext()) {
            Object item = items.next();
            Object itemKey = key.apply(item);
            int order = Operators.order(itemKey, bestKey, budget);
            if (order != Integer.MIN_VALUE && order * sign > 0) {
                best = item;
                bestKey = itemKey;
            }
        }
        return best;
    }

    private static @Nullable Object sum(Interpreter in, @Nullable Object value, Args args) {
        Args.Bound bound = args.bind("sum", 0, "attribute", "start");
        Budget budget = in.budget();
        Function<@Nullable Object, @Nullable Object> getter = Attributes.getter(bound.or(0, null), null, budget);
        Object total = bound.or(1, 0L);
        if (Types.isString(total)) {
            throw JinjaException.typeError("sum() can't sum strings [use ''.join(seq) instead]");
        }
        Iterator<@Nullable Object> items = Sequences.iterate(value, budget);
        while (items.hasNext()) {
            budget.work(1);
            total = Operators.binary(Expr.BinaryOperator.ADD, total, getter.apply(items.next()), budget);
        }
        return total;
    }

    private static Object groupBy(Interpreter in, @Nullable Object value, Args args) {
        Args.Bound bound = args.bind("groupby", 1, "attribute", "default", "case_sensitive");
        Budget budget = in.budget();
        boolean caseSensitive = bound.flag(2, false);
        Function<@Nullable Object, @Nullable Object> key =
                Attributes.key(bound.get(0), bound.or(1, null), caseSensitive, budget);
        Function<@Nullable Object, @Nullable Object> shown = Attributes.getter(bound.get(0), bound.or(1, null), budget);
        List<@Nullable Object> groups = new ArrayList<>();
        List<@Nullable Object> members = new ArrayList<>();
        Object groupKey = Dicts.ABSENT;
        for (Object item : sorted(Sequences.list(value, budget), key, false, budget)) {
            Object itemKey = key.apply(item);
            if (groupKey == Dicts.ABSENT || !Operators.equal(groupKey, itemKey, budget)) {
                members = new ArrayList<>();
                groups.add(new Tuple(java.util.Arrays.asList(shown.apply(item), members), List.of("grouper", "list")));
                groupKey = itemKey;
            }
            members.add(item);
        }
        return groups;
    }

    private static Object reverse(Interpreter in, @Nullable Object value) {
        if (Types.isString(value)) {
            return java.util.Objects.requireNonNull(Access.slice(value, null, null, -1L, in.budget()));
        }
        if (!Sequences.isIterable(value)) {
            throw JinjaException.runtime("FilterArgumentError", "argument must be iterable");
        }
        List<@Nullable Object> items = Sequences.list(value, in.budget());
        Collections.reverse(items);
        boolean lazy = value instanceof List
                || value instanceof Tuple
                || value instanceof Range
                || value instanceof Map
                || value instanceof DictView;
        return lazy ? new Generator("list_reverseiterator", items.iterator()) : items;
    }

    private static Object batch(Interpreter in, @Nullable Object value, Args args) {
        Args.Bound bound = args.bind("batch", 1, "linecount", "fill_with");
        int count = bound.integer(0, 0);
        Object fill = bound.or(1, null);
        Iterator<@Nullable Object> items = Sequences.iterate(value, in.budget());
        return Sequences.generate(in.budget(), () -> {
            if (!items.hasNext()) {
                return Dicts.ABSENT;
            }
            List<@Nullable Object> batch = new ArrayList<>();
            do {
                in.budget().elements(1);
                batch.add(items.next());
            } while (batch.size() != count && items.hasNext());
            while (fill != null && batch.size() < count) {
                in.budget().elements(1);
                batch.add(fill);
            }
            return batch;
        });
    }

    private static Object slice(Interpreter in, @Nullable Object value, Args args) {
        Args.Bound bound = args.bind("slice", 1, "slices", "fill_with");
        int slices = bound.integer(0, 0);
        Object fill = bound.or(1, null);
        List<@Nullable Object> all = Sequences.list(value, in.budget());
        if (slices == 0) {
            throw JinjaException.runtime("ZeroDivisionError", "integer division or modulo by zero");
        }
        List<@Nullable Object> parts = new ArrayList<>();
        int each = Math.floorDiv(all.size(), slices);
        int longer = Math.floorMod(all.size(), slices);
        int from = 0;
        for (int i = 0; i < slices; i++) {
            int to = from + each + (i < longer ? 1 : 0);
            in.budget().elements(2L + to - from);
            List<@Nullable Object> part = new ArrayList<>(all.subList(from, to));
            if (fill != null && i >= longer) {
                part.add(fill);
            }
            parts.add(part);
            from = to;
        }
        return new Generator(parts.iterator());
    }
}
