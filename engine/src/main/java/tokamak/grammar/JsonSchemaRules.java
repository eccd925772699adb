package tokamak.grammar;

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
        throw new GrammarException("JSON schemas are not supported yet");
    }

    /** Any JSON object. */
    static int anyObject(RuleBuilder rules) {
        throw new GrammarException("JSON objects are not supported yet");
    }
}
