package tokamak.text.jinja;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The one kind of object a template may change. */
final class Namespace {
    final Map<String, @Nullable Object> attributes = new LinkedHashMap<>();
}
