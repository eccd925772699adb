package tokamak.text.jinja;

import java.time.LocalDateTime;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The functions that every template can call. */
final class Globals {
    private Globals() {}

    static Map<String, @Nullable Object> create() {
        Map<String, @Nullable Object> globals = new HashMap<>();
        function(globals, "range", Globals::range);
        function(globals, "dict", Globals::dict);
        function(globals, "namespace", (in, args) -> {
            Namespace namespace = new Namespace();
            dict(in, args).forEach((key, value) -> namespace.attributes.put(Printer.str(key, in.budget()), value));
            return namespace;
        });
        function(globals, "cycler", (in, args) -> new Cycler(args.positional()));
        function(globals, "joiner", (in, args) -> {
            Object separator = args.bind("joiner", 0, "sep").or(0, ", ");
            return new Joiner(separator == null ? "None" : separator);
        });
        function(globals, "raise_exception", (in, args) -> {
            Object message = args.bind("raise_exception", 1, "message").get(0);
            throw JinjaException.raised(Printer.str(message, in.budget()));
        });
        function(globals, "strftime_now", (in, args) -> {
            String format = args.bind("strftime_now", 1, "format").string(0);
            return Strftime.format(format, LocalDateTime.now(in.clock()), in.budget());
        });
        return globals;
    }

    private static void function(Map<String, @Nullable Object> globals, String name, NativeFunction.Body body) {
        globals.put(name, new NativeFunction(name, body));
    }

    private static Range range(Interpreter in, Args args) {
        Args.Bound bound = args.bind("range", 1, "start", "stop", "step");
        if (!args.named().isEmpty()) {
            throw JinjaException.typeError("range() takes no keyword arguments");
        }
        long step = bound.has(2) ? integer(bound.get(2)) : 1;
        return bound.has(1)
                ? Range.of(integer(bound.get(0)), integer(bound.get(1)), step)
                : Range.of(0, integer(bound.get(0)), step);
    }

    private static long integer(@Nullable Object value) {
        return value instanceof Long l ? l : Numbers.index(value);
    }

    private static Map<@Nullable Object, @Nullable Object> dict(Interpreter in, Args args) {
        Budget budget = in.budget();
        Map<@Nullable Object, @Nullable Object> map = new LinkedHashMap<>();
        if (args.positional().size() > 1) {
            throw JinjaException.typeError(
                    "dict expected at most 1 argument, got " + args.positional().size());
        }
        if (!args.positional().isEmpty()) {
            Object source = args.positional().getFirst();
            if (source instanceof Map<?, ?> other) {
                budget.elements(2L * other.size());
                map.putAll(other);
            } else {
                addPairs(map, Sequences.iterate(source, budget), budget);
            }
        }
        budget.elements(2L * args.named().size());
        map.putAll(args.named());
        return map;
    }

    private static void addPairs(
            Map<@Nullable Object, @Nullable Object> map, Iterator<@Nullable Object> pairs, Budget budget) {
        while (pairs.hasNext()) {
            List<@Nullable Object> pair = Sequences.list(pairs.next(), budget);
            if (pair.size() != 2) {
                throw JinjaException.valueError(
                        "dictionary update sequence element has length " + pair.size() + "; 2 is required");
            }
            Dicts.put(map, pair.get(0), pair.get(1), budget);
        }
    }
}
