package tokamak.text.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Turns a caller's values into those templates know: a private copy that nobody changes meanwhile. */
final class Inputs {
    private final int maxNesting;
    private long size;

    Inputs(int maxNesting) {
        this.maxNesting = maxNesting;
    }

    /** Characters and elements seen. */
    long size() {
        return size;
    }

    Map<String, @Nullable Object> convert(Map<String, ? extends @Nullable Object> context) {
        Map<String, @Nullable Object> variables = new LinkedHashMap<>();
        context.forEach((name, value) -> variables.put(name, value(value, 0)));
        return variables;
    }

    private @Nullable Object value(@Nullable Object value, int level) {
        size++;
        return switch (value) {
            case null -> null;
            case CharSequence text -> {
                size += text.length();
                yield text.toString();
            }
            case Boolean b -> b;
            case Long l -> l;
            case Integer i -> (long) i;
            case Short s -> (long) s;
            case Byte b -> (long) b;
            case BigInteger i -> Numbers.normal(i);
            case Double d -> d;
            case Float f -> (double) f;
            case BigDecimal d -> d.doubleValue();
            case Map<?, ?> map -> map(map, deeper(level));
            case Iterable<?> items -> list(items, deeper(level));
            case Object[] items -> list(Arrays.asList(items), deeper(level));
            default ->
                throw new IllegalArgumentException(
                        "a template's context cannot hold a " + value.getClass().getName()
                                + "; expected null, Boolean, a number, text, a Map, an Iterable or an array");
        };
    }

    private int deeper(int level) {
        if (level >= maxNesting) {
            throw JinjaException.limit("a value given to the template is nested deeper than " + maxNesting);
        }
        return level + 1;
    }

    private Map<@Nullable Object, @Nullable Object> map(Map<?, ?> map, int level) {
        Map<@Nullable Object, @Nullable Object> converted = new LinkedHashMap<>(map.size() * 2);
        map.forEach((key, value) -> converted.put(value(key, level), value(value, level)));
        return converted;
    }

    private List<@Nullable Object> list(Iterable<?> items, int level) {
        List<@Nullable Object> converted = new ArrayList<>();
        items.forEach(item -> converted.add(value(item, level)));
        return converted;
    }
}
