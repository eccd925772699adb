package tokamak.text.jinja;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The methods of lists and tuples that change nothing. */
final class ListMethods {
    private static final Set<String> CHANGING =
            Set.of("append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove");

    private ListMethods() {}

    static @Nullable Object bound(List<?> self, String name) {
        if (CHANGING.contains(name)) {
            return Undefined.unsafe(self, name);
        }
        if (name.equals("copy")) {
            return new NativeFunction(name, (in, args) -> Sequences.list(self, in.budget()));
        }
        return common(self, self, name);
    }

    static @Nullable Object bound(Tuple self, String name) {
        Object field = self.field(name);
        return field == Dicts.ABSENT ? common(self, self.items(), name) : field;
    }

    private static @Nullable Object common(Object self, List<?> items, String name) {
        return switch (name) {
            case "count" -> new NativeFunction(name, (in, args) -> count(items, in, args));
            case "index" -> new NativeFunction(name, (in, args) -> index(self, items, in, args));
            default -> Dicts.ABSENT;
        };
    }

    private static long count(List<?> items, Interpreter in, Args args) {
        Object wanted = args.bind("count", 1, "value").get(0);
        return items.stream()
                .filter(item -> {
                    in.budget().work(1);
                    return Operators.equal(item, wanted, in.budget());
                })
                .count();
    }

    private static long index(Object self, List<?> items, Interpreter in, Args args) {
        Args.Bound bound = args.bind("index", 1, "value", "start", "stop");
        int start = fromEnd(bound.integer(1, 0), items.size());
        int stop = fromEnd(bound.integer(2, items.size()), items.size());
        for (int i = start; i < stop; i++) {
            in.budget().work(1);
            if (Operators.equal(items.get(i), bound.get(0), in.budget())) {
                return i;
            }
        }
        throw JinjaException.valueError(
                self instanceof Tuple
                        ? "tuple.index(x): x not in tuple"
                        : Printer.repr(bound.get(0), in.budget()) + " is not in list");
    }

    private static int fromEnd(int index, int size) {
        return Math.clamp(index < 0 ? (long) index + size : index, 0, size);
    }
}
