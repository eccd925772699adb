package tokamak.grammar;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** Sets of kinds of JSON values, as bits. Numbers are of two kinds, so that "not an integer" is a set too. */
final class JsonTypes {
    static final int NULL = 1;
    static final int BOOLEAN = 2;
    static final int INTEGER = 4;
    static final int FRACTION = 8;
    static final int STRING = 16;
    static final int ARRAY = 32;
    static final int OBJECT = 64;
    static final int NUMBER = INTEGER | FRACTION;
    static final int EVERY = 127;

    private JsonTypes() {}

    static Optional<Integer> named(String name) {
        return Optional.ofNullable(
                switch (name) {
                    case "null" -> NULL;
                    case "boolean" -> BOOLEAN;
                    case "integer" -> INTEGER;
                    case "number" -> NUMBER;
                    case "string" -> STRING;
                    case "array" -> ARRAY;
                    case "object" -> OBJECT;
                    default -> null;
                });
    }

    /** The kind of one value; 1.0 is an integer. */
    static int of(JsonNode value) {
        return switch (value.getNodeType()) {
            case NULL -> NULL;
            case BOOLEAN -> BOOLEAN;
            case NUMBER -> JsonValues.isInteger(value) ? INTEGER : FRACTION;
            case STRING -> STRING;
            case ARRAY -> ARRAY;
            case OBJECT -> OBJECT;
            case BINARY, MISSING, POJO -> throw new IllegalArgumentException("not JSON: " + value.getNodeType());
        };
    }

    static int ofAll(List<JsonNode> values) {
        int mask = 0;
        for (JsonNode value : values) {
            mask |= of(value);
        }
        return mask;
    }

    static List<JsonNode> only(List<JsonNode> values, int mask) {
        List<JsonNode> kept = new ArrayList<>();
        for (JsonNode value : values) {
            if ((of(value) & mask) != 0) {
                kept.add(value);
            }
        }
        return kept;
    }
}
