package tokamak.server.openai;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tokamak.ChatConfig;
import tokamak.Engine;
import tokamak.EngineConfig;
import tokamak.TestEngines;
import tokamak.server.RandomModel;
import tokamak.server.TestServer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Tools, structured texts and reasoning in the words of the Responses API, with a model that knows nothing. */
class ResponseToolsTest {
    private static final String PATH = "/v1/responses";
    private static final JsonMapper JSON = new JsonMapper();
    private static final String FORCED = """
            "input": [{"role": "user", "content": "hi"}], "temperature": 1.5, "max_output_tokens": 1200, "thinking_token_budget": 0, "tools": [
              {"type": "function", "name": "get_weather", "strict": true, "parameters": {"type": "object", "properties": {
                "days": {"type": "integer", "minimum": 1, "maximum": 7}}, "required": ["days"],
                "additionalProperties": false}}],
            "tool_choice": {"type": "function", "name": "get_weather"}, "seed": 3""";

    private static Engine engine;
    private static TestServer server;

    @BeforeAll
    static void start() throws IOException {
        EngineConfig config = EngineConfig.of(Path.of("unused")).withChat(new ChatConfig(null, "hermes", "qwen3"));
        engine = TestEngines.onBytes(new RandomModel(2048), config);
        server = new TestServer(engine);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static JsonNode post(String fields) {
        TestServer.Answer answer = server.post(PATH, "{" + fields + "}");
        assertThat(answer.status()).as(answer.raw().body()).isEqualTo(200);
        return answer.body();
    }

    private static List<JsonNode> items(JsonNode response, String type) {
        return response.get("output")
                .valueStream()
                .filter(item -> item.get("type").stringValue().equals(type))
                .toList();
    }

    private static void assertIsWeather(JsonNode call) {
        assertThat(call.get("name").stringValue()).isEqualTo("get_weather");
        assertThat(call.get("call_id").stringValue()).isNotEmpty();
        assertThat(JSON.readTree(call.get("arguments").stringValue())
                        .get("days")
                        .intValue())
                .isBetween(1, 7);
    }

    @Test
    void aForcedCallIsAnItemAndItsResultGoesBack() {
        JsonNode response = post(FORCED);
        assertThat(response.get("status").stringValue()).as("%s", response).isEqualTo("completed");
        JsonNode call = items(response, "function_call").getFirst();
        assertIsWeather(call);
        assertThat(response.at("/tools/0/name").stringValue()).isEqualTo("get_weather");
        assertThat(response.at("/tool_choice/name").stringValue()).isEqualTo("get_weather");
        JsonNode next = post("\"max_output_tokens\": 5, \"input\": [{\"type\": \"function_call_output\", \"call_id\": "
                + call.get("call_id") + ", \"output\": \"rain\"}], \"previous_response_id\": " + response.get("id"));
        assertThat(next.at("/usage/input_tokens").intValue())
                .isGreaterThanOrEqualTo("user:hi;assistant:;tool:rain;a".length());
    }

    @Test
    void aStreamedCallGrowsByItsArguments() {
        List<JsonNode> events = server.events(PATH, "{" + FORCED + ", \"stream\": true}").stream()
                .map(JSON::readTree)
                .toList();
        String grown = events.stream()
                .filter(event -> event.get("type").stringValue().equals("response.function_call_arguments.delta"))
                .map(event -> event.get("delta").stringValue())
                .collect(Collectors.joining());
        JsonNode call = items(events.getLast().get("response"), "function_call").getFirst();
        assertIsWeather(call);
        assertThat(grown).isEqualTo(call.get("arguments").stringValue());
        JsonNode done = events.stream()
                .filter(event -> event.get("type").stringValue().equals("response.function_call_arguments.done"))
                .findFirst()
                .orElseThrow();
        assertThat(done.get("arguments")).isEqualTo(call.get("arguments"));
        assertThat(done.get("item_id")).isEqualTo(call.get("id"));
    }

    @Test
    void aSchemaInTheTextsFormatIsKept() {
        JsonNode response = post("""
                "input": "hi", "temperature": 1.5, "max_output_tokens": 1200, "thinking_token_budget": 0, "text": {"format":
                  {"type": "json_schema", "name": "n", "schema": {"type": "object", "properties": {"yes": {"type": "boolean"}},
                   "required": ["yes"], "additionalProperties": false}}}""");
        JsonNode message = items(response, "message").getFirst();
        JsonNode text = JSON.readTree(message.at("/content/0/text").stringValue());
        assertThat(text.get("yes").isBoolean()).as("%s", message).isTrue();
        assertThat(response.at("/text/format/name").stringValue()).isEqualTo("n");
        TestServer.Answer wrong = server.post(
                PATH,
                "{\"input\": \"hi\", \"text\": {\"format\": {\"type\": \"json_schema\", \"name\": \"n\", \"schema\":"
                        + " {\"type\": \"nothing\"}}}}");
        assertThat(wrong.status()).isEqualTo(400);
        assertThat(wrong.error("param")).startsWith("text.format");
    }

    @Test
    void reasoningIsAnItemOfItsOwnAndIsCounted() {
        // The template begins the answer with an open thought; the budget ends it.
        JsonNode response = post("""
                "input": "hi", "temperature": 1.5, "max_output_tokens": 300, "thinking_token_budget": 20,
                "chat_template_kwargs": {"start": "<think>"}""");
        JsonNode reasoning = items(response, "reasoning").getFirst();
        assertThat(reasoning.at("/content/0/type").stringValue()).isEqualTo("reasoning_text");
        assertThat(reasoning.at("/content/0/text").stringValue()).isNotEmpty();
        assertThat(response.at("/usage/output_tokens_details/reasoning_tokens").intValue())
                .isPositive()
                .isLessThan(response.at("/usage/output_tokens").intValue());
    }
}
