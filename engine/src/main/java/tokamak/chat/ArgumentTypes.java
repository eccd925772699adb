package tokamak.chat;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;

/** Which types an argument may have: formats that do not quote strings leave it to the schema. */
final class ArgumentTypes {
    private static final Set<String> ALL = Set.of("string", "number", "integer", "boolean", "null", "object", "array");

    private ArgumentTypes() {}

    /** Whether a text is the value as it stands. */
    static boolean isString(Optional<? extends Map<String, ?>> schema) {
        return types(schema).equals(Set.of("string"));
    }

    static boolean mayBeString(Map<String, ?> schema) {
        return types(schema).contains("string");
    }

    static boolean isBoolean(Map<String, ?> schema) {
        return types(schema).equals(Set.of("boolean"));
    }

    /** The JSON of a text without quotation marks. */
    static String json(String text, Optional<? extends Map<String, ?>> schema) {
        Set<String> types = types(schema);
        String trimmed = text.strip();
        Optional<JsonNode> value = JsonText.parse(python(trimmed, types));
        return value.isPresent()
                        && types.contains(type(value.get()))
                        && !value.get().isString()
                ? (trimmed.equals(python(trimmed, types))
                        ? trimmed
                        : value.get().toString())
                : JsonText.quoted(text);
    }

    /** Models write Python's constants where the format is not JSON. */
    private static String python(String text, Set<String> types) {
        return switch (text) {
            case "True", "False" -> types.contains("boolean") ? text.toLowerCase(java.util.Locale.ROOT) : text;
            case "None" -> types.contains("null") ? "null" : text;
            default -> text;
        };
    }

    private static String type(JsonNode node) {
        return switch (node.getNodeType()) {
            case OBJECT, POJO -> "object";
            case ARRAY -> "array";
            case STRING, BINARY -> "string";
            case NUMBER -> "number";
            case BOOLEAN -> "boolean";
            case NULL, MISSING -> "null";
        };
    }

    /** An argument that no schema declares is a string. */
    private static Set<String> types(Optional<? extends Map<String, ?>> schema) {
        return schema.isEmpty() ? Set.of("string") : types(schema.get());
    }

    private static Set<String> types(Map<String, ?> schema) {
        Set<String> types = new TreeSet<>();
        addNamed(schema.get("type"), types);
        if (types.isEmpty() && schema.get("enum") instanceof List<?> values) {
            values.forEach(value -> types.add(typeOf(value)));
        }
        if (types.isEmpty() && schema.containsKey("const")) {
            types.add(typeOf(schema.get("const")));
        }
        for (String key : List.of("anyOf", "oneOf")) {
            if (types.isEmpty() && schema.get(key) instanceof List<?> branches) {
                branches.forEach(branch -> Tool.map(branch).ifPresent(map -> types.addAll(types(map))));
            }
        }
        if (types.contains("integer")) {
            types.add("number");
        }
        return types.isEmpty() ? ALL : types;
    }

    private static void addNamed(@org.jspecify.annotations.Nullable Object type, Set<String> types) {
        if (type instanceof String name) {
            types.add(name);
        } else if (type instanceof Collection<?> names) {
            names.forEach(name -> types.add(String.valueOf(name)));
        }
    }

    private static String typeOf(@org.jspecify.annotations.Nullable Object value) {
        return switch (value) {
            case null -> "null";
            case String _ -> "string";
            case Boolean _ -> "boolean";
            case Number _ -> "number";
            case List<?> _ -> "array";
            default -> "object";
        };
    }
}
