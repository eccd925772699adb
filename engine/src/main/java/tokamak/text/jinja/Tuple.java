package tokamak.text.jinja;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A Python tuple. Java's equality is identity on purpose: comparing nested values is bounded work and belongs to
 * {@link Operators}.
 */
final class Tuple {
    private final List<@Nullable Object> items;
    private final List<String> fields;

    Tuple(List<? extends @Nullable Object> items) {
        this(items, List.of());
    }

    /** A named tuple: its first items also have names. */
    Tuple(List<? extends @Nullable Object> items, List<String> fields) {
        this.items = Collections.unmodifiableList(items);
        this.fields = fields;
    }

    /** The item with this name, or {@link Dicts#ABSENT}. */
    @Nullable
    Object field(String name) {
        int index = fields.indexOf(name);
        return index < 0 ? Dicts.ABSENT : items.get(index);
    }

    static Tuple of(@Nullable Object... items) {
        return new Tuple(Arrays.asList(items));
    }

    List<@Nullable Object> items() {
        return items;
    }
}
