package tokamak.grammar;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/** Puts JSON schemas into rules. */
final class JsonSchemaRules {
    private JsonSchemaRules() {}

    /**
     * The texts that a schema finds valid.
     *
     * @param strict see {@link tokamak.api.Guide.JsonSchema}
     * @return a symbol of {@code rules}
     * @throws GrammarException naming keyword and path
     */
    static int compile(RuleBuilder rules, String schema, boolean strict) {
        SchemaMode mode = strict ? SchemaMode.STRICT : SchemaMode.LENIENT;
        return SchemaCompiler.compile(rules, JsonValues.parse(schema), mode, SchemaOrder.AS_WRITTEN);
    }

    /** Any JSON value. */
    static int anyValue(RuleBuilder rules) {
        return compile(rules, JsonNodeFactory.instance.booleanNode(true));
    }

    /** Any JSON object. */
    static int anyObject(RuleBuilder rules) {
        return compile(rules, JsonNodeFactory.instance.objectNode().put("type", "object"));
    }

    private static int compile(RuleBuilder rules, JsonNode schema) {
        return SchemaCompiler.compile(rules, schema, SchemaMode.STRICT, SchemaOrder.AS_WRITTEN);
    }
}
