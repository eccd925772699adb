package tokamak.grammar;

import java.nio.charset.StandardCharsets;
import tools.jackson.databind.JsonNode;

/** A schema's automaton, walked byte by byte. */
final class SchemaTexts {
    final StateGraph graph;
    final RuleBuilder rules = new RuleBuilder();

    private SchemaTexts(JsonNode schema, SchemaMode mode, SchemaOrder order) {
        int start = SchemaCompiler.compile(rules, schema, mode, order);
        this.graph = new StateGraph(rules.build(start), rules.pool, rules.work);
    }

    static SchemaTexts of(JsonNode schema) {
        return new SchemaTexts(schema, SchemaMode.STRICT, SchemaOrder.AS_WRITTEN);
    }

    static SchemaTexts of(JsonNode schema, SchemaMode mode, SchemaOrder order) {
        return new SchemaTexts(schema, mode, order);
    }

    static SchemaTexts of(String schema) {
        return of(JsonValues.parse(schema));
    }

    boolean accepts(String text) {
        State state = graph.start();
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            graph.beginWork();
            state = graph.stepByte(state, b & 0xff);
            if (state == State.DEAD) {
                return false;
            }
        }
        return state.accepting;
    }
}
