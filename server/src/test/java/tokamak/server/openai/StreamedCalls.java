package tokamak.server.openai;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Puts the calls of a stream together as clients do. */
final class StreamedCalls {
    private StreamedCalls() {}

    /** The functions of all calls, each with its name and whole arguments. */
    static List<JsonNode> functions(List<JsonNode> chunks) {
        List<JsonNode> functions = new ArrayList<>();
        List<StringBuilder> arguments = new ArrayList<>();
        for (JsonNode chunk : chunks) {
            JsonNode delta = chunk.at("/choices/0/delta");
            assertThat(delta.path("content").asString("")).isEmpty();
            for (JsonNode call : delta.path("tool_calls").values()) {
                int index = call.get("index").intValue();
                if (call.has("id")) {
                    assertThat(index).isEqualTo(functions.size());
                    functions.add(call.get("function"));
                    arguments.add(new StringBuilder());
                }
                arguments.get(index).append(call.at("/function/arguments").stringValue());
            }
        }
        for (int i = 0; i < functions.size(); i++) {
            ((ObjectNode) functions.get(i)).put("arguments", arguments.get(i).toString());
        }
        return functions;
    }
}
