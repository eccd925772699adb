package tokamak.text.jinja;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Dict access by Python's equality of keys: 1, 1.0 and true are one key. */
final class Dicts {
    /** Says that a key or value is not there. */
    static final Object ABSENT = new Object();

    private Dicts() {}

    /** The map's own key that equals {@code key}, or {@link #ABSENT}. */
    static @Nullable Object find(Map<?, ?> map, @Nullable Object key, Budget budget) {
        Object plain = key instanceof Markup markup ? markup.text() : key;
        if (plain == null || plain instanceof String) {
            return map.containsKey(plain) ? plain : ABSENT;
        }
        requireHashable(plain);
        if (!(plain instanceof Tuple) && map.containsKey(plain)) {
            return plain;
        }
        if (plain instanceof Tuple || Numbers.isNumber(plain)) {
            for (Object candidate : map.keySet()) {
                budget.work(1);
                if (!(candidate instanceof String) && Operators.equal(candidate, plain, budget)) {
                    return candidate;
                }
            }
        }
        return ABSENT;
    }

    /** The value of a key, or {@link #ABSENT}. */
    static @Nullable Object get(Map<?, ?> map, @Nullable Object key, Budget budget) {
        Object own = find(map, key, budget);
        return own == ABSENT ? ABSENT : map.get(own);
    }

    static void put(
            Map<@Nullable Object, @Nullable Object> map, @Nullable Object key, @Nullable Object value, Budget budget) {
        Object own = find(map, key, budget);
        if (own == ABSENT) {
            budget.elements(2);
            own = key instanceof Markup markup ? markup.text() : key;
        }
        map.put(own, value);
    }

    static void requireHashable(@Nullable Object key) {
        boolean view = key instanceof DictView v && !v.type().equals(DictView.VALUES);
        if (view || key instanceof List || key instanceof Map) {
            throw JinjaException.typeError("unhashable type: " + PyText.repr(Types.name(key)));
        }
    }
}
