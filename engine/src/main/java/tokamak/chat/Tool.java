package tokamak.chat;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tokamak.api.InvalidRequestException;

/**
 * A function that a model may call.
 *
 * @param name letters, digits, underscore, dash, dot; at most 64
 * @param parameters JSON schema of its arguments, as maps and lists; empty: it has none
 * @param strict whether a keyword of the schema that can't be enforced is an error
 */
public record Tool(String name, Map<String, ?> parameters, boolean strict) {
    // Names stand in grammars and between markers: the characters OpenAI allows, and the dot of namespaces.
    private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9_.-]{1,64}");

    /** Where one of these is, undeclared arguments may be meant. */
    private static final Set<String> OPEN_KEYWORDS = Set.of(
            "additionalProperties",
            "patternProperties",
            "unevaluatedProperties",
            "$ref",
            "allOf",
            "anyOf",
            "oneOf",
            "if",
            "minProperties",
            "dependentSchemas");

    public Tool {
        if (!NAME.matcher(name).matches()) {
            throw new InvalidRequestException(
                    "tools",
                    "a function's name must be 1 to 64 letters, digits, '_', '-' or '.', found '"
                            + (name.length() > 80 ? name.substring(0, 80) + "..." : name) + "'");
        }
    }

    /** The schemas of the arguments by name, in the order they are written in: maps, true or false. */
    Map<String, Object> properties() {
        Map<String, Object> properties = new LinkedHashMap<>();
        if (parameters.get("properties") instanceof Map<?, ?> map) {
            map.forEach((key, value) -> properties.put(
                    String.valueOf(key),
                    value instanceof Boolean ? value : map(value).orElse(Map.of())));
        }
        return properties;
    }

    /** The kinds of values that an argument may have, see {@link ArgumentTypes}; what is not declared is a string. */
    Set<String> kinds(String argument) {
        Map<String, Object> properties = properties();
        return properties.containsKey(argument)
                ? new ArgumentTypes(parameters).of(properties.get(argument))
                : Set.of("string");
    }

    Set<String> required() {
        Set<String> required = new HashSet<>();
        if (parameters.get("required") instanceof List<?> names) {
            names.forEach(name -> required.add(String.valueOf(name)));
        }
        return required;
    }

    /** Whether arguments may come that are not declared. */
    boolean allowsOthers() {
        return !parameters.isEmpty() && !Boolean.FALSE.equals(parameters.get("additionalProperties"));
    }

    /** The schema of the arguments as one object. */
    Map<String, ?> schema() {
        if (parameters.isEmpty()) {
            return Map.of("type", "object", "additionalProperties", false);
        }
        Map<String, Object> schema = new LinkedHashMap<>(parameters);
        schema.putIfAbsent("type", "object");
        // Arguments nobody has declared are of no use to the function, and weak models lose themselves in them.
        if (!properties().isEmpty() && schema.keySet().stream().noneMatch(OPEN_KEYWORDS::contains)) {
            schema.put("additionalProperties", false);
        }
        return schema;
    }

    @SuppressWarnings("unchecked")
    static Optional<Map<String, ?>> map(@Nullable Object value) {
        return value instanceof Map<?, ?> ? Optional.of((Map<String, ?>) value) : Optional.empty();
    }
}
