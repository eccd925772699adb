package tokamak.chat;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Which kinds of values an argument may have: formats that do not quote strings leave it to the schema. A kind is one of
 * JSON Schema's types, but that {@code integer} and {@code fraction} together are {@code number}.
 */
final class ArgumentTypes {
    static final String FRACTION = "fraction";

    private static final Set<String> ALL = Set.of("string", FRACTION, "integer", "boolean", "null", "object", "array");
    private static final Set<String> ONLY_TYPES =
            Set.of("type", "title", "description", "default", "examples", "example");
    private static final Set<String> ABOUT_STRINGS = Set.of("format", "pattern", "minLength", "maxLength");
    private static final int MAX_DEPTH = 16;

    private final Map<String, ?> root;
    private final Map<String, Set<String>> targets = new HashMap<>(); // by reference

    /** @param root what references are found in */
    ArgumentTypes(Map<String, ?> root) {
        this.root = root;
    }

    /** The kinds that a schema allows, or more. */
    Set<String> of(@Nullable Object schema) {
        return of(schema, 0);
    }

    private Set<String> of(@Nullable Object schema, int depth) {
        if (Boolean.FALSE.equals(schema)) {
            return Set.of();
        }
        Optional<Map<String, ?>> map = Tool.map(schema);
        if (map.isEmpty() || depth > MAX_DEPTH) {
            return ALL;
        }
        Map<String, ?> keywords = map.get();
        Set<String> kinds = new TreeSet<>(ALL);
        if (keywords.get("type") != null) {
            kinds.retainAll(named(keywords.get("type")));
        } else if (keywords.keySet().stream().anyMatch(ABOUT_STRINGS::contains)) {
            kinds.retainAll(Set.of("string")); // who writes these means one
        }
        if (keywords.get("enum") instanceof List<?> values) {
            Set<String> own = new TreeSet<>();
            values.forEach(value -> own.add(kind(value)));
            kinds.retainAll(own);
        }
        if (keywords.containsKey("const")) {
            kinds.retainAll(Set.of(kind(keywords.get("const"))));
        }
        if (keywords.get("$ref") instanceof String reference) {
            kinds.retainAll(ofTarget(reference, depth + 1));
        }
        if (keywords.get("allOf") instanceof List<?> parts) {
            parts.forEach(part -> kinds.retainAll(of(part, depth + 1)));
        }
        for (String key : List.of("anyOf", "oneOf")) {
            if (keywords.get(key) instanceof List<?> branches) {
                Set<String> any = new TreeSet<>();
                branches.forEach(branch -> any.addAll(of(branch, depth + 1)));
                kinds.retainAll(any);
            }
        }
        if (Boolean.TRUE.equals(keywords.get("nullable"))) {
            kinds.add("null");
        }
        return kinds;
    }

    /** Looked at once: a schema may refer to the same one from many places, and to itself. */
    private Set<String> ofTarget(String reference, int depth) {
        Set<String> known = targets.putIfAbsent(reference, ALL);
        if (known != null) {
            return known;
        }
        Set<String> kinds = find(reference).map(target -> of(target, depth)).orElse(ALL);
        targets.put(reference, kinds);
        return kinds;
    }

    private Optional<Object> find(String reference) {
        if (!reference.startsWith("#")) {
            return Optional.empty();
        }
        Object at = root;
        for (String step : decode(reference.substring(1)).split("/", -1)) {
            if (step.isEmpty()) {
                continue;
            }
            at = at instanceof Map<?, ?> map ? map.get(step.replace("~1", "/").replace("~0", "~")) : null;
        }
        return Optional.ofNullable(at);
    }

    private static String decode(String fragment) {
        try {
            return URLDecoder.decode(fragment.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return fragment; // whoever reads the whole schema says what is wrong with it
        }
    }

    private static Set<String> named(Object type) {
        Collection<?> names = type instanceof Collection<?> several ? several : List.of(type);
        Set<String> kinds = new TreeSet<>();
        for (Object name : names) {
            kinds.add(String.valueOf(name));
            if ("number".equals(name)) {
                kinds.addAll(List.of("integer", FRACTION));
            }
        }
        return kinds;
    }

    private static String kind(@Nullable Object value) {
        return switch (value) {
            case null -> "null";
            case String _ -> "string";
            case Boolean _ -> "boolean";
            case Number number -> number.doubleValue() == Math.rint(number.doubleValue()) ? "integer" : FRACTION;
            case List<?> _ -> "array";
            default -> "object";
        };
    }

    /** Whether a schema says nothing of a value but its kind. */
    static boolean saysOnlyTypes(@Nullable Object schema) {
        return Boolean.TRUE.equals(schema)
                || Tool.map(schema)
                        .filter(keywords -> keywords.entrySet().stream()
                                .allMatch(each -> ONLY_TYPES.contains(each.getKey())
                                        || each.getKey().equals("anyOf")
                                                && each.getValue() instanceof List<?> branches
                                                && branches.stream().allMatch(ArgumentTypes::saysOnlyTypes)))
                        .isPresent();
    }

    // ---- values

    /** The JSON of a text without quotation marks. */
    static String json(String text, Set<String> kinds) {
        String trimmed = text.strip();
        String plain = python(trimmed, kinds);
        Optional<JsonNode> value = JsonText.parse(plain);
        boolean isValue = value.isPresent() && !value.get().isString() && kinds.contains(kind(value.get()));
        return isValue ? plain : JsonText.quoted(text);
    }

    /** Models write Python's constants where the format is not JSON. */
    private static String python(String text, Set<String> kinds) {
        return switch (text) {
            case "True", "False" -> kinds.contains("boolean") ? text.toLowerCase(Locale.ROOT) : text;
            case "None" -> kinds.contains("null") ? "null" : text;
            default -> text;
        };
    }

    private static String kind(JsonNode node) {
        return switch (node.getNodeType()) {
            case OBJECT, POJO -> "object";
            case ARRAY -> "array";
            case STRING, BINARY -> "string";
            case NUMBER -> node.decimalValue().stripTrailingZeros().scale() <= 0 ? "integer" : FRACTION;
            case BOOLEAN -> "boolean";
            case NULL, MISSING -> "null";
        };
    }
}
