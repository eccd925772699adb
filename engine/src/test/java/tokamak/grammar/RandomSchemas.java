package tokamak.grammar;

import java.math.BigDecimal;
import java.util.List;
import java.util.SplittableRandom;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Schemas with most of the keywords that are supported, and values that are close to them. */
public final class RandomSchemas {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final List<String> NAMES = List.of("a", "b", "name", "a b", "é", "id");
    private static final List<String> TEXTS = List.of("", "a", "ab", "abc1", "x-1", "é", "\"q\"", "日本", "12");
    private static final List<String> PATTERNS =
            List.of("^a", "b$", "^[a-z]{1,4}$", "\\d", "^(ab|cd)*$", "é", "^\\p{L}+$", "^(?!ab)");
    private static final List<String> FORMATS =
            List.of("date", "time", "date-time", "uuid", "ipv4", "ipv6", "email", "hostname", "uri", "duration");

    private final SplittableRandom random;

    public RandomSchemas(SplittableRandom random) {
        this.random = random;
    }

    private boolean chance(double probability) {
        return random.nextDouble() < probability;
    }

    private <T> T pick(List<T> list) {
        return list.get(random.nextInt(list.size()));
    }

    public JsonNode document() {
        ObjectNode root = schema(3);
        if (chance(0.3)) {
            ObjectNode defs = JSON.objectNode();
            defs.set("r", schema(2));
            root.set("$defs", defs);
        }
        return root;
    }

    private ObjectNode schema(int depth) {
        ObjectNode node = JSON.objectNode();
        double kind = random.nextDouble();
        if (kind < 0.05) {
            return node;
        }
        if (kind < 0.12) {
            node.set("enum", JSON.arrayNode().add(value(1)).add(value(1)).add(value(0)));
            return node;
        }
        if (kind < 0.16) {
            node.set("const", value(2));
            return node;
        }
        if (kind < 0.30 && depth > 0) {
            combine(node, depth);
            return node;
        }
        switch (random.nextInt(depth > 0 ? 7 : 4)) {
            case 0 -> string(node);
            case 1 -> number(node, "integer");
            case 2 -> number(node, "number");
            case 3 ->
                node.set(
                        "type",
                        JSON.arrayNode().add(chance(0.5) ? "null" : "string").add("boolean"));
            case 4 -> array(node, depth);
            default -> object(node, depth);
        }
        return node;
    }

    private void combine(ObjectNode node, int depth) {
        if (chance(0.2)) {
            node.set("unevaluatedProperties", chance(0.6) ? JSON.booleanNode(false) : schema(0));
        }
        if (chance(0.1)) {
            node.set("unevaluatedItems", chance(0.6) ? JSON.booleanNode(false) : schema(0));
        }
        ArrayNode parts = JSON.arrayNode();
        int count = 1 + random.nextInt(3);
        for (int i = 0; i < count; i++) {
            parts.add(schema(depth - 1));
        }
        switch (random.nextInt(5)) {
            case 0 -> node.set("allOf", parts);
            case 1 -> node.set("oneOf", parts);
            case 2 -> {
                node.set("if", schema(0));
                node.set("then", schema(depth - 1));
                node.set("else", schema(depth - 1));
            }
            case 3 -> {
                node.set("not", schema(0));
                node.set("anyOf", parts);
            }
            default -> node.set("anyOf", parts);
        }
    }

    private void string(ObjectNode node) {
        node.put("type", "string");
        if (chance(0.3)) {
            node.put("minLength", random.nextInt(3));
        }
        if (chance(0.4)) {
            node.put("maxLength", 2 + random.nextInt(5));
        }
        if (chance(0.3)) {
            node.put("pattern", pick(PATTERNS));
        } else if (chance(0.3)) {
            node.removeAll();
            node.put("type", "string").put("format", pick(FORMATS));
        }
    }

    private void number(ObjectNode node, String type) {
        node.put("type", type);
        int low = random.nextInt(-130, 130);
        BigDecimal step = type.equals("integer") ? BigDecimal.ONE : new BigDecimal("0.25");
        if (chance(0.5)) {
            node.put(chance(0.5) ? "minimum" : "exclusiveMinimum", step.multiply(BigDecimal.valueOf(low)));
        }
        if (chance(0.5)) {
            int high = low + random.nextInt(1, 900);
            node.put(chance(0.5) ? "maximum" : "exclusiveMaximum", step.multiply(BigDecimal.valueOf(high)));
        }
        if (chance(0.2)) {
            node.put("multipleOf", chance(0.5) ? BigDecimal.valueOf(3) : step.multiply(BigDecimal.valueOf(2)));
        }
    }

    private void array(ObjectNode node, int depth) {
        node.put("type", "array");
        if (chance(0.6)) {
            node.set("items", schema(depth - 1));
        }
        if (chance(0.3)) {
            node.set("prefixItems", JSON.arrayNode().add(schema(depth - 1)).add(schema(depth - 1)));
        }
        if (chance(0.2)) {
            node.set("contains", schema(0));
            if (chance(0.5)) {
                node.put("minContains", random.nextInt(3));
            }
            if (chance(0.3)) {
                node.put("maxContains", random.nextInt(2, 4));
            }
        }
        if (chance(0.4)) {
            node.put("minItems", random.nextInt(3));
        }
        if (chance(0.7)) {
            node.put("maxItems", random.nextInt(2, 5));
        }
    }

    private void object(ObjectNode node, int depth) {
        node.put("type", "object");
        ObjectNode properties = JSON.objectNode();
        ArrayNode required = JSON.arrayNode();
        for (String name : NAMES) {
            if (chance(0.35)) {
                properties.set(name, chance(0.15) ? JSON.objectNode().put("$ref", "#") : schema(depth - 1));
                if (chance(0.4)) {
                    required.add(name);
                }
            }
        }
        node.set("properties", properties);
        if (!required.isEmpty()) {
            node.set("required", required);
        }
        if (chance(0.5)) {
            node.put("additionalProperties", false);
        } else if (chance(0.3)) {
            node.set("additionalProperties", schema(0));
        }
        if (chance(0.15)) {
            node.set("patternProperties", JSON.objectNode().set(pick(PATTERNS), schema(depth - 1)));
        }
        if (chance(0.1)) {
            node.set("propertyNames", JSON.objectNode().put("maxLength", 3));
        }
        if (chance(0.15)) {
            node.put("maxProperties", random.nextInt(1, 4));
        }
        if (chance(0.1)) {
            node.put("minProperties", random.nextInt(1, 3));
        }
        if (chance(0.1)) {
            node.set(
                    "dependentRequired",
                    JSON.objectNode().set(pick(NAMES), JSON.arrayNode().add(pick(NAMES))));
        }
    }

    // ---- values

    JsonNode value(int depth) {
        return switch (random.nextInt(depth > 0 ? 8 : 6)) {
            case 0 -> JSON.nullNode();
            case 1 -> JSON.booleanNode(chance(0.5));
            case 2 -> JSON.numberNode(random.nextInt(-200, 200));
            case 3 -> JSON.numberNode(BigDecimal.valueOf(2L * random.nextInt(-450, 450) + 1, 2));
            case 4, 5 -> JSON.stringNode(pick(TEXTS));
            case 6 -> JSON.arrayNode().add(value(depth - 1)).add(value(depth - 1));
            default -> JSON.objectNode().set(pick(NAMES), value(depth - 1));
        };
    }

    /** The value with something changed; keys stay in their order. */
    JsonNode mutated(JsonNode value) {
        if (value.isEmpty() || chance(0.15)) {
            return chance(0.7) && value.isNumber() ? near(value) : value(1);
        }
        int at = random.nextInt(value.size());
        if (value.isArray()) {
            ArrayNode copy = ((ArrayNode) value).deepCopy();
            if (chance(0.2)) {
                copy.remove(at);
            } else if (chance(0.2)) {
                copy.add(value(0));
            } else {
                copy.set(at, mutated(value.get(at)));
            }
            return copy;
        }
        ObjectNode copy = ((ObjectNode) value).deepCopy();
        String name = List.copyOf(value.propertyNames()).get(at);
        if (chance(0.3)) {
            copy.remove(name);
        } else if (chance(0.2)) {
            copy.set("zz", value(0));
        } else {
            copy.set(name, mutated(value.get(name)));
        }
        return copy;
    }

    private JsonNode near(JsonNode number) {
        BigDecimal change =
                pick(List.of(BigDecimal.ONE, new BigDecimal("0.25"), BigDecimal.TEN, new BigDecimal("0.01")));
        BigDecimal sum = number.decimalValue().add(chance(0.5) ? change : change.negate());
        return JSON.numberNode(new BigDecimal(sum.stripTrailingZeros().toPlainString()));
    }
}
