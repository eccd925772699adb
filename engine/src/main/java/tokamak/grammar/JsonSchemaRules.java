package tokamak.grammar;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tokamak.api.Guide;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/** Puts JSON schemas into rules. */
final class JsonSchemaRules {
    private static final String SPACE = "[\\s\\x1c-\\x1f]*";

    /** What a reader takes for a value that is no string. */
    private record ReadAs(String pattern, ByteSet needed) {}

    private static final ReadAs NUMBER = new ReadAs("-?[0-9.eE+-]+", ByteSet.range('0', '9'));

    private static final Map<String, List<ReadAs>> READ_AS = Map.of(
            "null", List.of(new ReadAs("null", ByteSet.of('u')), new ReadAs("None", ByteSet.of('N'))),
            "boolean", List.of(new ReadAs("(?:true|True|false|False)", ByteSet.of('e'))),
            "integer", List.of(NUMBER),
            "number", List.of(NUMBER),
            "array", List.of(new ReadAs("\\[[\\s\\S]*", ByteSet.of('['))),
            "object", List.of(new ReadAs("\\{[\\s\\S]*", ByteSet.of('{'))));

    private JsonSchemaRules() {}

    /**
     * The texts that a schema finds valid.
     *
     * @param strict see {@link tokamak.api.Guide.JsonSchema}
     * @return a symbol of {@code rules}
     * @throws GrammarException naming keyword and path
     */
    static int compile(RuleBuilder rules, String schema, boolean strict) {
        return SchemaCompiler.compile(rules, JsonValues.parse(schema), mode(strict), SchemaOrder.AS_WRITTEN);
    }

    private static SchemaMode mode(boolean strict) {
        return strict ? SchemaMode.STRICT : SchemaMode.LENIENT;
    }

    /** The same values as {@link Guide.TaggedValue} writes them. */
    static int compile(RuleBuilder rules, FreeTexts free, Guide.TaggedValue value) {
        RegexPool pool = rules.pool;
        Forbidden.Texts end = containing(free, value.end());
        int others = 0;
        List<Forbidden.Texts> forbidden = new ArrayList<>();
        forbidden.add(end);
        forbidden.add(new Forbidden.Texts(pattern(pool, "\\n[\\s\\S]*|[\\s\\S]*\\n"), ByteSet.of('\n')));
        for (String kind : value.notStrings()) {
            others |= JsonTypes.named(kind).orElseThrow();
            for (ReadAs other : READ_AS.get(kind)) {
                forbidden.add(new Forbidden.Texts(pattern(pool, SPACE + other.pattern + SPACE), other.needed));
            }
        }
        return SchemaCompiler.compileTagged(
                rules,
                JsonValues.parse(value.schema()),
                mode(value.strict()),
                others,
                new MarkedStrings(pool, "", pool.empty, new Forbidden(pool, forbidden)),
                new JsonStrings(pool, new Forbidden(pool, List.of(end))));
    }

    private static Forbidden.Texts containing(FreeTexts free, String text) {
        return new Forbidden.Texts(
                free.containing(List.of(text)), ByteSet.of(text.getBytes(StandardCharsets.UTF_8)[0] & 0xff));
    }

    private static Regex pattern(RegexPool pool, String pattern) {
        return new PatternCompiler(new Utf8Alphabet(pool)).whole(PatternParser.parse(pattern));
    }

    /** The same values as {@link Guide.MarkedValue} writes them. */
    static int compile(RuleBuilder rules, FreeTexts free, Guide.MarkedValue value) {
        return SchemaCompiler.compile(
                rules,
                JsonValues.parse(value.schema()),
                mode(value.strict()),
                SchemaOrder.AS_WRITTEN,
                new MarkedStrings(
                        rules.pool,
                        value.mark(),
                        free.literal(value.mark()),
                        new Forbidden(rules.pool, List.of(containing(free, value.mark())))));
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
