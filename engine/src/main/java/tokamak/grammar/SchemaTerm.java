package tokamak.grammar;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * A set of JSON values, as a schema describes it. Terms that are leaves speak about some kinds of values only
 * ({@link #types}) and allow all others, as keywords do.
 *
 * <p>Compared by identity: see {@link SchemaTerms}.
 */
sealed interface SchemaTerm {
    int UNLIMITED = Integer.MAX_VALUE;

    // ---- leaves

    /** @param mask of {@link JsonTypes} */
    record Types(int mask) implements SchemaTerm {}

    record Values(List<JsonNode> values) implements SchemaTerm {}

    record NotValues(List<JsonNode> values) implements SchemaTerm {}

    enum Side {
        AT_LEAST,
        ABOVE,
        AT_MOST,
        BELOW;

        Side opposite() {
            return switch (this) {
                case AT_LEAST -> BELOW;
                case ABOVE -> AT_MOST;
                case AT_MOST -> ABOVE;
                case BELOW -> AT_LEAST;
            };
        }
    }

    record Bound(Side side, BigDecimal value) implements SchemaTerm {}

    record MultipleOf(BigDecimal factor) implements SchemaTerm {}

    record NotMultipleOf(BigDecimal factor) implements SchemaTerm {}

    /** In code points. */
    record Length(int min, int max) implements SchemaTerm {}

    record Matches(String pattern, String path) implements SchemaTerm {}

    record NotMatches(String pattern, String path) implements SchemaTerm {}

    record Format(String name) implements SchemaTerm {}

    record NotFormat(String name) implements SchemaTerm {}

    record KeyPattern(String pattern, String path, SchemaTerm value) {}

    /** {@code properties}, {@code patternProperties} and {@code additionalProperties}, which belong together. */
    record Keys(Map<String, SchemaTerm> named, List<KeyPattern> patterns, SchemaTerm others, SchemaOrder order)
            implements SchemaTerm {
        /** A single key; all others are free. */
        Keys(String name, SchemaTerm value, SchemaTerm others) {
            this(Map.of(name, value), List.of(), others, SchemaOrder.AS_WRITTEN);
        }
    }

    record Required(String name) implements SchemaTerm {}

    record NumKeys(int min, int max) implements SchemaTerm {}

    record KeyNames(SchemaTerm name) implements SchemaTerm {}

    record Elements(List<SchemaTerm> first, SchemaTerm others) implements SchemaTerm {}

    record NumElements(int min, int max) implements SchemaTerm {}

    record Contains(SchemaTerm element, int min, int max) implements SchemaTerm {}

    record Unique(String path) implements SchemaTerm {}

    // ---- compounds

    record All(List<SchemaTerm> parts) implements SchemaTerm {}

    record Any(List<SchemaTerm> parts) implements SchemaTerm {}

    record ExactlyOne(List<SchemaTerm> parts, String path) implements SchemaTerm {}

    /** @param path where the negation comes from */
    record Not(SchemaTerm part, String path) implements SchemaTerm {}

    /** A schema at a place in the document, which is read when it is needed. */
    record Located(SchemaPlace place) implements SchemaTerm {}

    /** Kinds of values about which a leaf says something. */
    default int types() {
        return switch (this) {
            case Types _, Values _, NotValues _ -> JsonTypes.EVERY;
            case Bound _, MultipleOf _, NotMultipleOf _ -> JsonTypes.NUMBER;
            case Length _, Matches _, NotMatches _, Format _, NotFormat _ -> JsonTypes.STRING;
            case Keys _, Required _, NumKeys _, KeyNames _ -> JsonTypes.OBJECT;
            case Elements _, NumElements _, Contains _, Unique _ -> JsonTypes.ARRAY;
            case All _, Any _, ExactlyOne _, Not _, Located _ -> JsonTypes.EVERY;
        };
    }
}
