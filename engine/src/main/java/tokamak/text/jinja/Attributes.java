package tokamak.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Attribute paths such as {@code "function.name"} or {@code "items.0"}, as filters take them. */
final class Attributes {
    private Attributes() {}

    /** @param path a string with dots, a number, or null for the value itself; {@code fallback} null: none */
    static Function<@Nullable Object, @Nullable Object> getter(
            @Nullable Object path, @Nullable Object fallback, Budget budget) {
        List<@Nullable Object> parts = parts(path);
        return item -> {
            Object value = item;
            for (Object part : parts) {
                value = Access.item(value, part, budget);
                if (value instanceof Undefined && fallback != null) {
                    value = fallback;
                }
            }
            return value;
        };
    }

    private static List<@Nullable Object> parts(@Nullable Object path) {
        List<@Nullable Object> parts = new ArrayList<>();
        String text = Types.string(path);
        if (text == null) {
            if (path != null) {
                parts.add(path);
            }
            return parts;
        }
        for (String part : text.split("\\.", -1)) {
            boolean number =
                    !part.isEmpty() && part.length() < 10 && part.chars().allMatch(c -> c >= '0' && c <= '9');
            parts.add(number ? (Object) Long.valueOf(part) : part);
        }
        return parts;
    }

    /** What sorting and comparing look at: the attribute, in lower case unless case matters. */
    static Function<@Nullable Object, @Nullable Object> key(
            @Nullable Object path, @Nullable Object fallback, boolean caseSensitive, Budget budget) {
        Function<@Nullable Object, @Nullable Object> getter = getter(path, fallback, budget);
        return caseSensitive ? getter : value -> ignoreCase(getter.apply(value), budget);
    }

    static @Nullable Object ignoreCase(@Nullable Object value, Budget budget) {
        String text = Types.string(value);
        if (text == null) {
            return value;
        }
        budget.cells(text.length());
        return text.toLowerCase(Locale.ROOT);
    }
}
