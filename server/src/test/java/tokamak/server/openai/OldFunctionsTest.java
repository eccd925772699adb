package tokamak.server.openai;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tokamak.ChatConfig;
import tokamak.EngineConfig;
import tokamak.TestEngines;
import tokamak.server.RandomModel;
import tokamak.server.TestServer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Requests in the form that the API had before tools are answered in that form. */
class OldFunctionsTest {
    private static final String PATH = "/v1/chat/completions";
    private static final JsonMapper JSON = new JsonMapper();
    private static final String FORCED = """
            "messages": [{"role": "user", "content": "hi"}], "temperature": 1.5, "max_tokens": 800, "seed": 1, "functions": [
              {"name": "time"}, {"name": "rain", "parameters": {"type": "object", "properties": {
                "days": {"type": "integer", "minimum": 1, "maximum": 7}}, "required": ["days"]}}],
            "function_call": {"name": "rain"}""";

    private static TestServer server;

    @BeforeAll
    static void start() throws IOException {
        EngineConfig config = EngineConfig.of(Path.of("unused")).withChat(new ChatConfig(null, "hermes", "none"));
        server = new TestServer(TestEngines.onBytes(new RandomModel(2048), config));
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static void assertIsRain(String name, String arguments) {
        assertThat(name).isEqualTo("rain");
        assertThat(JSON.readTree(arguments).get("days").intValue()).isBetween(1, 7);
    }

    @Test
    void aCallIsAFieldOfTheMessage() {
        JsonNode choice = server.post(PATH, "{" + FORCED + "}").body().at("/choices/0");
        assertThat(choice.get("finish_reason").stringValue()).isEqualTo("function_call");
        assertThat(choice.at("/message/content").isNull()).isTrue();
        assertThat(choice.at("/message").has("tool_calls")).isFalse();
        JsonNode call = choice.at("/message/function_call");
        assertIsRain(call.get("name").stringValue(), call.get("arguments").stringValue());
    }

    @Test
    void aStreamedCallIsPutTogetherFromItsPieces() {
        List<JsonNode> chunks = server.chunks(PATH, "{" + FORCED + ", \"stream\": true}");
        String name = "";
        StringBuilder arguments = new StringBuilder();
        for (JsonNode chunk : chunks) {
            JsonNode call = chunk.at("/choices/0/delta/function_call");
            name += call.path("name").asString("");
            arguments.append(call.path("arguments").asString(""));
        }
        assertIsRain(name, arguments.toString());
        assertThat(chunks.getLast().at("/choices/0/finish_reason").stringValue())
                .isEqualTo("function_call");
    }

    @Test
    void aHistoryWithCallsReachesTheTemplateAsCallsOfTools() {
        JsonNode answer = server.post("/apply-template", """
                        {"messages": [{"role": "user", "content": "hi"},
                          {"role": "assistant", "content": null, "function_call": {"name": "rain", "arguments": "{}"}},
                          {"role": "function", "name": "rain", "content": "wet"}]}""").body();
        assertThat(answer.get("prompt").stringValue()).isEqualTo("user:hi;assistant:;tool:wet;a");
    }

    @Test
    void whatDoesNotFitTogetherIsRefused() {
        for (String more : List.of("\"tools\": []", "\"tool_choice\": \"auto\"")) {
            TestServer.Answer answer = server.post(PATH, "{" + FORCED + ", " + more + "}");
            assertThat(answer.status()).isEqualTo(400);
            assertThat(answer.body().at("/error/message").stringValue()).contains("functions");
        }
        TestServer.Answer answer = server.post(PATH, "{" + FORCED.replace("\"rain\"}", "\"snow\"}") + "}");
        assertThat(answer.status()).isEqualTo(400);
        answer = server.post(PATH, "{" + FORCED.replace("{\"name\": \"rain\"}", "7") + "}");
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.body().at("/error/param").stringValue()).isEqualTo("function_call");
    }
}
