package tokamak.server.openai;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tokamak.Engine;
import tokamak.EngineConfig;
import tokamak.server.TestServer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The model that ships with the project: it has learnt to call functions and to think. */
class DemoModelTest {
    private static final String PATH = "/v1/chat/completions";
    private static final JsonMapper JSON = new JsonMapper();
    private static final String WEATHER = """
            "temperature": 0, "max_tokens": 150, "messages": [{"role": "user", "content": "What is the weather in Paris?"}],
            "tools": [{"type": "function", "function": {"name": "get_weather", "description": "Get the weather in a city",
              "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}]""";
    private static final String SUM =
            "\"temperature\": 0, \"max_tokens\": 100, \"messages\": [{\"role\": \"user\", \"content\": \"What is 3 + 4?\"}]";
    private static final String THINK = ", \"chat_template_kwargs\": {\"enable_thinking\": true}";

    private static Engine engine;
    private static TestServer server;

    @BeforeAll
    static void start() {
        engine = Engine.open(EngineConfig.of(Path.of("../models/tokamak-demo.gguf"))
                .withMaxModelLen(512)
                .withNumThreads(1));
        server = new TestServer(engine);
    }

    @AfterAll
    static void stop() {
        server.close();
        engine.close();
    }

    private static JsonNode choice(String fields) {
        TestServer.Answer answer = server.post(PATH, "{" + fields + "}");
        assertThat(answer.status()).as(answer.raw().body()).isEqualTo(200);
        return answer.body().at("/choices/0");
    }

    private static void checkCall(JsonNode choice) {
        JsonNode call = choice.at("/message/tool_calls/0");
        assertThat(choice.get("finish_reason").stringValue()).as("%s", choice).isEqualTo("tool_calls");
        assertThat(choice.at("/message/content").isNull()).isTrue();
        assertThat(call.at("/function/name").stringValue()).isEqualTo("get_weather");
        assertThat(JSON.readTree(call.at("/function/arguments").stringValue())
                        .get("city")
                        .isString())
                .isTrue();
    }

    @Test
    void itCallsAFunctionWhenItWantsToOrMust() {
        checkCall(choice(WEATHER));
        checkCall(choice(WEATHER + ", \"tool_choice\": \"required\""));
        checkCall(choice(
                WEATHER + ", \"tool_choice\": {\"type\": \"function\", \"function\": {\"name\": \"get_weather\"}}"));
        JsonNode none = choice(WEATHER + ", \"tool_choice\": \"none\"");
        assertThat(none.get("finish_reason").stringValue()).isEqualTo("stop");
        assertThat(none.at("/message/content").stringValue()).isNotEmpty().doesNotContain("<tool_call>");
    }

    @Test
    void aStreamTellsTheCallInPieces() {
        List<JsonNode> chunks = server.chunks(PATH, "{" + WEATHER + ", \"stream\": true}");
        List<JsonNode> calls = chunks.stream()
                .map(chunk -> chunk.at("/choices/0/delta/tool_calls/0"))
                .filter(JsonNode::isObject)
                .toList();
        assertThat(calls.getFirst().get("id").stringValue()).startsWith("call_");
        assertThat(calls.getFirst().at("/function/name").stringValue()).isEqualTo("get_weather");
        assertThat(calls.getFirst().at("/function/arguments").stringValue()).isEmpty();
        assertThat(calls.stream().skip(1)).allSatisfy(call -> {
            assertThat(call.has("id")).isFalse();
            assertThat(call.get("index").intValue()).isZero();
        });
        String arguments = calls.stream()
                .map(call -> call.at("/function/arguments").stringValue())
                .collect(Collectors.joining());
        assertThat(JSON.readTree(arguments).has("city")).isTrue();
        assertThat(chunks.getLast().at("/choices/0/finish_reason").stringValue())
                .isEqualTo("tool_calls");
    }

    @Test
    void reasoningIsNotContent() {
        JsonNode choice = choice(SUM + THINK);
        assertThat(choice.at("/message/reasoning").stringValue()).isNotEmpty().doesNotContain("think>");
        assertThat(choice.at("/message/reasoning_content")).isEqualTo(choice.at("/message/reasoning"));
        assertThat(choice.at("/message/content").stringValue()).isNotEmpty().doesNotContain("think>");
        assertThat(choice(SUM + THINK + ", \"include_reasoning\": false")
                        .at("/message")
                        .has("reasoning"))
                .isFalse();
        assertThat(choice(SUM).at("/message").has("reasoning")).isFalse();
        assertThat(choice(SUM + ", \"reasoning_effort\": \"none\"")
                        .at("/message")
                        .has("reasoning"))
                .isFalse();
        List<JsonNode> chunks = server.chunks(
                PATH, "{" + SUM + THINK + ", \"stream\": true, \"stream_options\": {\"include_usage\": true}}");
        String streamed = chunks.stream()
                .map(chunk -> chunk.at("/choices/0/delta/reasoning").asString(""))
                .collect(Collectors.joining());
        assertThat(streamed).isEqualTo(choice.at("/message/reasoning").stringValue());
        JsonNode usage = chunks.getLast().get("usage");
        assertThat(usage.at("/completion_tokens_details/reasoning_tokens").intValue())
                .isBetween(1, usage.get("completion_tokens").intValue() - 1);
    }

    @Test
    void aBudgetClosesTheReasoning() {
        TestServer.Answer answer = server.post(PATH, "{" + SUM + THINK + ", \"thinking_token_budget\": 4}");
        assertThat(answer.body()
                        .at("/usage/completion_tokens_details/reasoning_tokens")
                        .intValue())
                .isBetween(1, 4 + 8);
        assertThat(answer.body().at("/choices/0/message/content").stringValue())
                .isNotEmpty()
                .doesNotContain("think>");
    }

    @Test
    void aSchemaHoldsBehindReasoning() {
        String schema =
                ", \"response_format\": {\"type\": \"json_schema\", \"json_schema\": {\"name\": \"a\", \"schema\":"
                        + " {\"type\": \"object\", \"properties\": {\"answer\": {\"type\": \"integer\"}}, \"required\": [\"answer\"],"
                        + " \"additionalProperties\": false}}}";
        JsonNode free = choice(SUM + schema);
        assertThat(JSON.readTree(free.at("/message/content").stringValue())
                        .get("answer")
                        .isIntegralNumber())
                .isTrue();
        JsonNode thinking = choice(SUM + THINK + schema);
        assertThat(thinking.at("/message/reasoning").stringValue()).isNotEmpty();
        assertThat(JSON.readTree(thinking.at("/message/content").stringValue())
                        .get("answer")
                        .isIntegralNumber())
                .isTrue();
        JsonNode everywhere = choice(
                SUM + THINK + ", \"structured_outputs\": {\"choice\": [\"7\", \"8\"], \"enable_in_reasoning\": true}");
        assertThat(everywhere.at("/message/content").stringValue()).isIn("7", "8");
    }

    @Test
    void theTemplateIsShownAndWhatPeopleTypeStaysText() {
        String plain = "{\"messages\": [{\"role\": \"user\", \"content\": \"hi\"}]}";
        assertThat(server.post("/apply-template", plain).body().get("prompt").stringValue())
                .contains("<|im_start|>user\nhi<|im_end|>");
        String typed = "{\"messages\": [{\"role\": \"user\", \"content\": \"hi<|im_end|>\"}]}";
        JsonNode ids = server.post("/tokenize", plain).body().get("tokens");
        JsonNode typedIds = server.post("/tokenize", typed).body().get("tokens");
        int end = engine.codec().encode("<|im_end|>")[0];
        assertThat(count(typedIds, end)).isEqualTo(count(ids, end)).isPositive();
        assertThat(typedIds.size()).isGreaterThan(ids.size() + 3);
    }

    private static long count(JsonNode ids, int id) {
        return ids.values().stream().filter(node -> node.intValue() == id).count();
    }
}
