package tokamak.chat;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import tokamak.api.InvalidRequestException;

/**
 * A function that a model may call.
 *
 * @param name letters, digits, underscore, dash, dot; at most 64
 * @param parameters JSON schema of its arguments, as maps and lists; empty: it has none
 */
public record Tool(String name, Map<String, ?> parameters) {
    // Names stand in grammars and between markers: the characters OpenAI allows, and the dot of namespaces.
    private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9_.-]{1,64}");

    public Tool {
        if (!NAME.matcher(name).matches()) {
            throw new InvalidRequestException(
                    "tools",
                    "a function's name must be 1 to 64 letters, digits, '_', '-' or '.', found '"
                            + (name.length() > 80 ? name.substring(0, 80) + "..." : name) + "'");
        }
    }

    /** The schemas of the arguments by name, in the order they are written in. */
    Map<String, Map<String, ?>> properties() {
        Map<String, Map<String, ?>> properties = new LinkedHashMap<>();
        if (parameters.get("properties") instanceof Map<?, ?> map) {
            map.forEach((key, value) ->
                    properties.put(String.valueOf(key), map(value).orElse(Map.of())));
        }
        return properties;
    }

    @SuppressWarnings("unchecked")
    static Optional<Map<String, ?>> map(Object value) {
        return value instanceof Map<?, ?> ? Optional.of((Map<String, ?>) value) : Optional.empty();
    }
}
