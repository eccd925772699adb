package tokamak.server.openai;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The fields of a JSON object, read by name and type. An explicit null is as good as no field; a wrong type is an error that
 * names the field; fields nobody asks for are ignored.
 *
 * @param path where the object lies in the request, with a dot at its end; "" for the request itself
 */
record Fields(ObjectNode object, String path) {
    static String kind(JsonNode node) {
        return switch (node.getNodeType()) {
            case OBJECT, POJO -> "an object";
            case ARRAY -> "an array";
            case STRING, BINARY -> "a string";
            case NUMBER -> "the number " + (node.toString().length() > 40 ? "..." : node.toString());
            case BOOLEAN -> node.toString();
            case NULL, MISSING -> "null";
        };
    }

    Optional<JsonNode> get(String name) {
        return Optional.ofNullable(object.get(name)).filter(node -> !node.isNull());
    }

    boolean has(String name) {
        return get(name).isPresent();
    }

    String name(String name) {
        return path + name;
    }

    ApiException wrong(String name, String expected, JsonNode found) {
        return ApiException.invalid(name(name), name(name) + " must be " + expected + ", found " + kind(found));
    }

    private ApiException missing(String name, String expected) {
        return ApiException.invalid(name(name), name(name) + " is required: expected " + expected);
    }

    Optional<String> string(String name) {
        return get(name).map(node -> {
            if (!node.isString()) {
                throw wrong(name, "a string", node);
            }
            return node.stringValue();
        });
    }

    boolean flag(String name, boolean ifAbsent) {
        return get(name)
                .map(node -> {
                    if (!node.isBoolean()) {
                        throw wrong(name, "true or false", node);
                    }
                    return node.booleanValue();
                })
                .orElse(ifAbsent);
    }

    OptionalDouble number(String name) {
        Optional<JsonNode> node = get(name);
        if (node.isEmpty()) {
            return OptionalDouble.empty();
        }
        if (!node.get().isNumber()) {
            throw wrong(name, "a number", node.get());
        }
        return OptionalDouble.of(node.get().doubleValue());
    }

    OptionalLong integer(String name) {
        Optional<JsonNode> node = get(name);
        return node.isEmpty() ? OptionalLong.empty() : OptionalLong.of(integer(name, node.get()));
    }

    OptionalInt int32(String name) {
        Optional<JsonNode> node = get(name);
        return node.isEmpty() ? OptionalInt.empty() : OptionalInt.of(int32(name, node.get()));
    }

    private long integer(String name, JsonNode node) {
        // 5.0 is the integer 5 to most languages' JSON writers.
        if (node.isNumber() && node.canConvertToExactIntegral() && node.canConvertToLong()) {
            return node.longValue();
        }
        throw wrong(name, "an integer", node);
    }

    int int32(String name, JsonNode node) {
        long value = integer(name, node);
        if (value != (int) value) {
            throw wrong(name, "an integer of at most 32 bits", node);
        }
        return (int) value;
    }

    Optional<Fields> fields(String name) {
        return get(name).map(node -> {
            if (node instanceof ObjectNode nested) {
                return new Fields(nested, name(name) + ".");
            }
            throw wrong(name, "an object", node);
        });
    }

    /** A value that has been found under a name, as the object it must be. */
    Fields nested(String name, JsonNode node) {
        if (node instanceof ObjectNode object) {
            return new Fields(object, name(name) + ".");
        }
        throw wrong(name, "an object", node);
    }

    Optional<List<JsonNode>> array(String name) {
        return get(name).map(node -> {
            if (!node.isArray()) {
                throw wrong(name, "an array", node);
            }
            return List.copyOf(node.values());
        });
    }

    List<JsonNode> requiredArray(String name) {
        return array(name).orElseThrow(() -> missing(name, "an array"));
    }

    JsonNode required(String name, String expected) {
        return get(name).orElseThrow(() -> missing(name, expected));
    }

    Optional<List<String>> strings(String name) {
        return array(name)
                .map(nodes -> nodes.stream()
                        .map(node -> {
                            if (!node.isString()) {
                                throw wrong(name, "an array of strings", node);
                            }
                            return node.stringValue();
                        })
                        .toList());
    }

    Optional<List<Integer>> integers(String name) {
        return array(name)
                .map(nodes -> nodes.stream().map(node -> int32(name, node)).toList());
    }

    /** A JSON value as maps, lists, strings, numbers and Booleans. */
    static @Nullable Object plain(JsonNode node) {
        return switch (node.getNodeType()) {
            case OBJECT, POJO -> {
                Map<String, @Nullable Object> map = new LinkedHashMap<>();
                node.properties().forEach(entry -> map.put(entry.getKey(), plain(entry.getValue())));
                yield map;
            }
            case ARRAY -> {
                List<@Nullable Object> list = new ArrayList<>();
                node.values().forEach(value -> list.add(plain(value)));
                yield list;
            }
            case STRING, BINARY -> node.stringValue();
            case NUMBER ->
                node.canConvertToExactIntegral() && node.canConvertToLong()
                        ? (Object) node.longValue()
                        : (Object) node.doubleValue();
            case BOOLEAN -> node.booleanValue();
            case NULL, MISSING -> null;
        };
    }
}
