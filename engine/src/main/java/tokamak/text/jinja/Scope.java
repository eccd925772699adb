package tokamak.text.jinja;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Variables of a template, a loop's body, a macro: assignments stay inside, look-ups go outwards. */
final class Scope {
    private final @Nullable Scope outer;
    private final Map<String, @Nullable Object> variables;

    Scope(@Nullable Scope outer) {
        this(outer, new HashMap<>(8));
    }

    Scope(@Nullable Scope outer, Map<String, @Nullable Object> variables) {
        this.outer = outer;
        this.variables = variables;
    }

    void set(String name, @Nullable Object value) {
        variables.put(name, value);
    }

    @Nullable
    Object get(String name) {
        for (Scope scope = this; scope != null; scope = scope.outer) {
            Object value = scope.variables.getOrDefault(name, Dicts.ABSENT);
            if (value != Dicts.ABSENT) {
                return value;
            }
        }
        return Undefined.variable(name);
    }
}
