package tokamak.text.jinja;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The filters by name, and those about single values; texts and sequences have their own files. */
final class Filters {
    /** One filter. */
    interface Filter {
        @Nullable
        Object apply(Interpreter in, @Nullable Object value, Args args);
    }

    private static final Map<String, Filter> TABLE = table();

    private Filters() {}

    private static Map<String, Filter> table() {
        Map<String, Filter> table = new HashMap<>();
        table.put("abs", (in, value, args) -> absolute(value));
        table.put("int", Filters::integer);
        table.put("float", (in, value, args) -> {
            Double real = Conversions.real(defined(value));
            return real != null ? real : args.bind("float", 0, "default").or(0, 0.0);
        });
        table.put("round", Filters::round);
        table.put("default", Filters::fallback);
        table.put("d", Filters::fallback);
        table.put("string", (in, value, args) -> value instanceof Markup ? value : Printer.str(value, in.budget()));
        table.put(
                "attr",
                (in, value, args) ->
                        attribute(value, args.bind("attr", 1, "name").string(0)));
        table.put("tojson", Json::filter);
        table.put("pprint", Filters::prettyPrint);
        table.put("filesizeformat", Filters::fileSize);
        table.put("random", (in, value, args) -> refuse("random", "a prompt must not change from call to call"));
        table.put("urlize", (in, value, args) -> refuse("urlize", "chat templates do not write HTML"));
        TextFilters.register(table);
        SequenceFilters.register(table);
        Selection.register(table);
        return Map.copyOf(table);
    }

    static boolean exists(@Nullable Object name) {
        return name instanceof String text && TABLE.containsKey(text);
    }

    static @Nullable Object apply(String name, Interpreter in, @Nullable Object value, Args args) {
        Filter filter = TABLE.get(name);
        if (filter == null) {
            throw JinjaException.runtime("TemplateRuntimeError", "No filter named " + PyText.repr(name) + ".");
        }
        return filter.apply(in, value, args);
    }

    private static Object refuse(String filter, String why) {
        throw JinjaException.runtime("TemplateRuntimeError", "the filter '" + filter + "' is not supported: " + why);
    }

    /** The value, unless it is not there. */
    static @Nullable Object defined(@Nullable Object value) {
        if (value instanceof Undefined undefined) {
            throw undefined.fail();
        }
        return value;
    }

    private static Object absolute(@Nullable Object value) {
        return switch (defined(value)) {
            case Double d -> Math.abs(d);
            case Object o
            when Numbers.isInteger(o) -> Numbers.normal(Numbers.big(o).abs());
            case null, default ->
                throw JinjaException.typeError("bad operand type for abs(): " + PyText.repr(Types.name(value)));
        };
    }

    private static @Nullable Object integer(Interpreter in, @Nullable Object value, Args args) {
        Args.Bound bound = args.bind("int", 0, "default", "base");
        String text = Types.string(value);
        if (text != null) {
            Object parsed = Conversions.integer(text, bound.integer(1, 10));
            if (parsed != null) {
                return parsed;
            }
        } else if (value != null && Numbers.isInteger(value)) {
            return Numbers.normal(Numbers.big(value));
        }
        Double real = Conversions.real(defined(value));
        if (real == null || real.isNaN() || real.isInfinite()) {
            if (value instanceof Double d && d.isInfinite()) {
                throw JinjaException.runtime("OverflowError", "cannot convert float infinity to integer");
            }
            return bound.or(0, 0L);
        }
        return Numbers.normal(Conversions.truncate(real));
    }

    private static Object round(Interpreter in, @Nullable Object value, Args args) {
        Args.Bound bound = args.bind("round", 0, "precision", "method");
        int precision = bound.integer(0, 0);
        String method = bound.has(1) ? bound.string(1) : "common";
        if (!(method.equals("common") || method.equals("ceil") || method.equals("floor"))) {
            throw JinjaException.runtime("FilterArgumentError", "method must be common, ceil or floor");
        }
        if (defined(value) == null || !Numbers.isNumber(java.util.Objects.requireNonNull(value))) {
            throw JinjaException.typeError("type " + Types.name(value) + " doesn't define __round__ method");
        }
        if (method.equals("common")) {
            return Conversions.round(value, precision);
        }
        double scale = Math.pow(10, precision);
        double scaled = Numbers.real(value) * scale;
        return (method.equals("ceil") ? Math.ceil(scaled) : Math.floor(scaled)) / scale;
    }

    private static @Nullable Object fallback(Interpreter in, @Nullable Object value, Args args) {
        Args.Bound bound = args.bind("default", 0, "default_value", "boolean");
        boolean missing = value instanceof Undefined || bound.flag(1, false) && !Operators.truth(value);
        return missing ? bound.or(0, "") : value;
    }

    private static @Nullable Object attribute(@Nullable Object value, String name) {
        Object found = Access.ownAttribute(value, name);
        return found == Dicts.ABSENT ? Undefined.attribute(value, name) : found;
    }

    private static Object prettyPrint(Interpreter in, @Nullable Object value, Args args) {
        String text = Printer.repr(sortedKeys(value, in.budget(), 0), in.budget());
        if (text.length() > 80) {
            refuse("pprint", "values wider than one line; use tojson(indent=2)");
        }
        return text;
    }

    /** Python's pprint shows dicts by key. */
    private static @Nullable Object sortedKeys(@Nullable Object value, Budget budget, int level) {
        return switch (value) {
            case Map<?, ?> map -> {
                int next = budget.deeper(level);
                budget.elements(2L * map.size());
                List<Map.Entry<?, ?>> entries = new ArrayList<>(map.entrySet());
                entries.sort((a, b) -> Operators.order(a.getKey(), b.getKey(), budget));
                Map<@Nullable Object, @Nullable Object> sorted = new LinkedHashMap<>();
                entries.forEach(entry -> sorted.put(entry.getKey(), sortedKeys(entry.getValue(), budget, next)));
                yield sorted;
            }
            case List<?> list -> sortedKeys(list, budget, level);
            case Tuple tuple -> new Tuple(sortedKeys(tuple.items(), budget, level));
            case null, default -> value;
        };
    }

    private static List<@Nullable Object> sortedKeys(List<?> items, Budget budget, int level) {
        int next = budget.deeper(level);
        budget.elements(items.size());
        List<@Nullable Object> all = new ArrayList<>(items.size());
        items.forEach(item -> all.add(sortedKeys(item, budget, next)));
        return all;
    }

    private static Object fileSize(Interpreter in, @Nullable Object value, Args args) {
        boolean binary = args.bind("filesizeformat", 0, "binary").flag(0, false);
        Double given = Conversions.real(defined(value));
        if (given == null) {
            throw JinjaException.valueError("could not convert to float: " + Printer.repr(value, in.budget()));
        }
        double bytes = given;
        int base = binary ? 1024 : 1000;
        if (bytes == 1) {
            return "1 Byte";
        }
        if (bytes < base) {
            return Conversions.truncate(bytes) + " Bytes";
        }
        String[] units = binary
                ? new String[] {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"}
                : new String[] {"kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"};
        int index = 0;
        BigDecimal unit = BigDecimal.valueOf(base);
        while (index < units.length - 1 && bytes >= unit.doubleValue() * base) {
            unit = unit.multiply(BigDecimal.valueOf(base));
            index++;
        }
        BigDecimal size = new BigDecimal(bytes).divide(unit, MathContext.DECIMAL64);
        return size.setScale(1, RoundingMode.HALF_EVEN).toPlainString() + " " + units[index];
    }
}
