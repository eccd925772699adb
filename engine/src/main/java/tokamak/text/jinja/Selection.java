package tokamak.text.jinja;

import java.util.Iterator;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The lazy filters {@code map}, {@code select}, {@code reject} and their variants with attributes. */
final class Selection {
    private Selection() {}

    static void register(Map<String, Filters.Filter> table) {
        table.put("map", (in, value, args) -> lazily(in, value, () -> mapping(in, args), item -> true));
        table.put("select", (in, value, args) -> select(in, value, () -> test(in, args)));
        table.put(
                "reject",
                (in, value, args) -> select(in, value, () -> test(in, args).negate()));
        table.put("selectattr", (in, value, args) -> select(in, value, () -> attributeTest(in, args)));
        table.put(
                "rejectattr",
                (in, value, args) ->
                        select(in, value, () -> attributeTest(in, args).negate()));
    }

    /** Python prepares its functions when the first value is asked for, and never for an empty input. */
    private interface Prepared<T> {
        T get();
    }

    private static Generator select(
            Interpreter in, @Nullable Object value, Prepared<Predicate<@Nullable Object>> predicate) {
        if (!Operators.truth(value)) {
            return Sequences.generate(in.budget(), () -> Dicts.ABSENT);
        }
        Iterator<@Nullable Object> items = Sequences.iterate(value, in.budget());
        Predicate<@Nullable Object> wanted = predicate.get();
        return Sequences.generate(in.budget(), () -> {
            while (items.hasNext()) {
                in.budget().work(1);
                Object item = items.next();
                if (wanted.test(item)) {
                    return item;
                }
            }
            return Dicts.ABSENT;
        });
    }

    private static Generator lazily(
            Interpreter in,
            @Nullable Object value,
            Prepared<Function<@Nullable Object, @Nullable Object>> mapping,
            Predicate<@Nullable Object> always) {
        if (!Operators.truth(value)) {
            return Sequences.generate(in.budget(), () -> Dicts.ABSENT);
        }
        Iterator<@Nullable Object> items = Sequences.iterate(value, in.budget());
        Function<@Nullable Object, @Nullable Object> function = mapping.get();
        return Sequences.generate(in.budget(), () -> {
            in.budget().work(1);
            return items.hasNext() ? function.apply(items.next()) : Dicts.ABSENT;
        });
    }

    private static Function<@Nullable Object, @Nullable Object> mapping(Interpreter in, Args args) {
        if (args.positional().isEmpty() && args.named().containsKey("attribute")) {
            Args.Bound bound = args.bind("map", 0, "attribute", "default");
            return Attributes.getter(bound.get(0), bound.or(1, null), in.budget());
        }
        if (args.positional().isEmpty()) {
            throw JinjaException.runtime("FilterArgumentError", "map requires a filter argument");
        }
        String name = Numbers.requireString(args.positional().getFirst());
        Args rest = args.rest(1);
        return item -> Filters.apply(name, in, item, rest);
    }

    private static Predicate<@Nullable Object> test(Interpreter in, Args args) {
        if (args.positional().isEmpty()) {
            return Operators::truth;
        }
        String name = Numbers.requireString(args.positional().getFirst());
        Args rest = args.rest(1);
        return item -> Tests.apply(name, in, item, rest);
    }

    private static Predicate<@Nullable Object> attributeTest(Interpreter in, Args args) {
        if (args.positional().isEmpty()) {
            throw JinjaException.runtime("FilterArgumentError", "Missing parameter for attribute name");
        }
        Function<@Nullable Object, @Nullable Object> attribute =
                Attributes.getter(args.positional().getFirst(), null, in.budget());
        Predicate<@Nullable Object> test = test(in, args.rest(1));
        return item -> test.test(attribute.apply(item));
    }
}
