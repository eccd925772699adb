package tokamak.text.jinja;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The evaluated arguments of one call. */
record Args(List<@Nullable Object> positional, Map<String, @Nullable Object> named) {
    static final Args NONE = new Args(List.of(), Map.of());

    static Args of(@Nullable Object... positional) {
        return new Args(Arrays.asList(positional), Map.of());
    }

    /**
     * Assigns the arguments to parameters.
     *
     * @param required how many of the parameters must be given
     */
    Bound bind(String function, int required, String... parameters) {
        if (positional.size() > parameters.length) {
            throw JinjaException.typeError(function + "() takes at most " + parameters.length + " arguments ("
                    + positional.size() + " given)");
        }
        @Nullable Object[] values = new @Nullable Object[parameters.length];
        boolean[] given = new boolean[parameters.length];
        for (int i = 0; i < positional.size(); i++) {
            values[i] = positional.get(i);
            given[i] = true;
        }
        named.forEach((name, value) -> {
            int index = Arrays.asList(parameters).indexOf(name);
            if (index < 0) {
                throw JinjaException.typeError(function + "() got an unexpected keyword argument " + PyText.repr(name));
            }
            if (given[index]) {
                throw JinjaException.typeError(function + "() got multiple values for argument " + PyText.repr(name));
            }
            values[index] = value;
            given[index] = true;
        });
        for (int i = 0; i < required; i++) {
            if (!given[i]) {
                throw JinjaException.typeError(
                        function + "() missing 1 required positional argument: " + PyText.repr(parameters[i]));
            }
        }
        return new Bound(values, given);
    }

    /** The arguments behind the first {@code count}. */
    Args rest(int count) {
        return new Args(positional.subList(Math.min(count, positional.size()), positional.size()), named);
    }

    Args with(String name, @Nullable Object value) {
        Map<String, @Nullable Object> more = new LinkedHashMap<>(named);
        more.put(name, value);
        return new Args(positional, more);
    }

    Args without(String name) {
        Map<String, @Nullable Object> fewer = new LinkedHashMap<>(named);
        fewer.remove(name);
        return new Args(positional, fewer);
    }

    Args prepend(@Nullable Object first) {
        List<@Nullable Object> more = new ArrayList<>(positional.size() + 1);
        more.add(first);
        more.addAll(positional);
        return new Args(more, named);
    }

    /** Arguments in the order of a function's parameters. */
    static final class Bound {
        private final @Nullable Object[] values;
        private final boolean[] given;

        private Bound(@Nullable Object[] values, boolean[] given) {
            this.values = values;
            this.given = given;
        }

        boolean has(int index) {
            return given[index];
        }

        @Nullable
        Object get(int index) {
            return values[index];
        }

        @Nullable
        Object or(int index, @Nullable Object fallback) {
            return given[index] ? values[index] : fallback;
        }

        boolean flag(int index, boolean fallback) {
            return given[index] ? Operators.truth(values[index]) : fallback;
        }

        int integer(int index, int fallback) {
            return given[index] ? Numbers.index(values[index]) : fallback;
        }

        String string(int index) {
            return Numbers.requireString(values[index]);
        }
    }
}
