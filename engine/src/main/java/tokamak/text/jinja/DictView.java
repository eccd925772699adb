package tokamak.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What {@code keys()}, {@code values()} and {@code items()} of a dict give. */
record DictView(String type, Map<?, ?> map) {
    static final String KEYS = "dict_keys";
    static final String VALUES = "dict_values";
    static final String ITEMS = "dict_items";

    List<@Nullable Object> items() {
        return switch (type) {
            case KEYS -> new ArrayList<>(map.keySet());
            case VALUES -> new ArrayList<>(map.values());
            default -> {
                List<@Nullable Object> items = new ArrayList<>(map.size());
                map.forEach((key, value) -> items.add(Tuple.of(key, value)));
                yield items;
            }
        };
    }
}
