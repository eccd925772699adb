package tokamak.text.jinja;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The methods of a dict that do not change it. */
final class DictMethods {
    private static final Set<String> CHANGING = Set.of("clear", "pop", "popitem", "setdefault", "update");

    private DictMethods() {}

    static @Nullable Object bound(Map<?, ?> self, String name) {
        if (CHANGING.contains(name)) {
            return Undefined.unsafe(self, name);
        }
        NativeFunction.Body body = switch (name) {
            case "items" -> (in, args) -> view(DictView.ITEMS, self, args, name);
            case "keys" -> (in, args) -> view(DictView.KEYS, self, args, name);
            case "values" -> (in, args) -> view(DictView.VALUES, self, args, name);
            case "get" -> (in, args) -> get(self, in, args);
            case "copy" ->
                (in, args) -> {
                    args.bind(name, 0);
                    in.budget().elements(2L * self.size());
                    return new LinkedHashMap<Object, Object>(self);
                };
            case "fromkeys" -> (in, args) -> fromKeys(in, args);
            default -> null;
        };
        return body == null ? Dicts.ABSENT : new NativeFunction(name, body);
    }

    private static DictView view(String type, Map<?, ?> self, Args args, String name) {
        args.bind(name, 0);
        return new DictView(type, self);
    }

    private static @Nullable Object get(Map<?, ?> self, Interpreter in, Args args) {
        if (!args.named().isEmpty()) {
            throw JinjaException.typeError("dict.get() takes no keyword arguments");
        }
        Args.Bound bound = args.bind("get", 1, "key", "default");
        Object value = Dicts.get(self, bound.get(0), in.budget());
        return value == Dicts.ABSENT ? bound.or(1, null) : value;
    }

    private static Map<@Nullable Object, @Nullable Object> fromKeys(Interpreter in, Args args) {
        Args.Bound bound = args.bind("fromkeys", 1, "iterable", "value");
        Map<@Nullable Object, @Nullable Object> map = new LinkedHashMap<>();
        List<@Nullable Object> keys = Sequences.list(bound.get(0), in.budget());
        keys.forEach(key -> Dicts.put(map, key, bound.or(1, null), in.budget()));
        return map;
    }
}
