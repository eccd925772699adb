package tokamak.text.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Gives its values in turn, again and again. */
final class Cycler {
    private final List<@Nullable Object> items;
    private int pos;

    Cycler(List<@Nullable Object> items) {
        if (items.isEmpty()) {
            throw JinjaException.runtime("RuntimeError", "at least one item has to be provided");
        }
        this.items = items;
    }

    @Nullable
    Object attribute(String name) {
        return switch (name) {
            case "current" -> items.get(pos);
            case "next" ->
                new NativeFunction("next", (in, args) -> {
                    Object current = items.get(pos);
                    pos = (pos + 1) % items.size();
                    return current;
                });
            case "reset" ->
                new NativeFunction("reset", (in, args) -> {
                    pos = 0;
                    return null;
                });
            default -> Undefined.attribute(this, name);
        };
    }
}
