package tokamak.server.openai;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tokamak.ChatConfig;
import tokamak.Engine;
import tokamak.EngineConfig;
import tokamak.TestEngines;
import tokamak.chat.ChatFormat;
import tokamak.server.RandomModel;
import tokamak.server.TestServer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A model that knows nothing, at a high temperature: calls that are forced are calls, in every format. */
class ForcedCallsTest {
    private static final String PATH = "/v1/chat/completions";
    private static final JsonMapper JSON = new JsonMapper();
    private static final String TOOLS = """
            "messages": [{"role": "user", "content": "hi"}], "temperature": 1.5, "max_tokens": 700, "tools": [
              {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {
                "city": {"type": "string", "maxLength": 20}, "days": {"type": "integer", "minimum": 1, "maximum": 7},
                "unit": {"type": "string", "enum": ["C", "F"]}, "detail": {"type": "boolean"}},
                "required": ["city", "days"], "additionalProperties": false}}},
              {"type": "function", "function": {"name": "time"}}]""";

    private static final Pattern SPECIAL = Pattern.compile("<[|｜][^<>]+>|<[^<>]+[|｜]>|\\[[A-Z_]+\\]");

    private static Engine engine(String toolParser) throws IOException {
        EngineConfig config = EngineConfig.of(Path.of("unused")).withChat(new ChatConfig(null, toolParser, "none"));
        return TestEngines.onBytes(new RandomModel(2048), config);
    }

    private static void check(JsonNode function) {
        JsonNode arguments = JSON.readTree(function.get("arguments").stringValue());
        assertThat(arguments.isObject()).isTrue();
        if (function.get("name").stringValue().equals("time")) {
            assertThat(arguments.isEmpty()).as("%s", arguments).isTrue();
            return;
        }
        assertThat(function.get("name").stringValue()).isEqualTo("get_weather");
        assertThat(arguments.get("city").isString()).as("%s", arguments).isTrue();
        assertThat(arguments.get("days").intValue()).as("%s", arguments).isBetween(1, 7);
        arguments.propertyNames().forEach(name -> assertThat(name).isIn("city", "days", "unit", "detail"));
        if (arguments.has("unit")) {
            assertThat(arguments.get("unit").stringValue()).isIn("C", "F");
        }
        if (arguments.has("detail")) {
            assertThat(arguments.get("detail").isBoolean()).as("%s", arguments).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "hermes",
                "qwen3_coder",
                "seed_oss",
                "minimax_m2",
                "deepseek_v32",
                "deepseek_v4",
                "step3",
                "apertus",
                "gigachat3",
                "minimax",
                "glm45",
                "glm47",
                "llama3_json",
                "pythonic",
                "lfm2",
                "olmo3",
                "mistral",
                "mistral_list",
                "deepseek_v3",
                "deepseek_v31",
                "kimi_k2",
                "functionary",
                "granite",
                "phi4_mini_json",
                "jamba",
                "cohere_command3",
                "functiongemma",
                "gemma4"
            })
    void forcedCallsFollowTheirSchemas(String parser) throws IOException {
        check(engine(parser));
    }

    /** The markers of most formats are tokens of their own, which the text of answers has only because it is asked for. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "mistral",
                "mistral_list",
                "deepseek_v3",
                "deepseek_v31",
                "kimi_k2",
                "lfm2",
                "granite",
                "phi4_mini_tags",
                "cohere_command3",
                "gemma4",
                "llama3_json",
                "openai"
            })
    void markersMayBeSpecialTokens(String parser) throws IOException {
        List<String> specials = new ArrayList<>(List.of("<|eot|>"));
        for (String marker : ChatFormat.plain().withToolParser(parser).markers(true)) {
            Matcher token = SPECIAL.matcher(marker);
            while (token.find()) {
                specials.add(token.group());
            }
        }
        EngineConfig config = EngineConfig.of(Path.of("unused")).withChat(new ChatConfig(null, parser, "none"));
        check(TestEngines.onBytes(new RandomModel(2048, specials.size()), config, specials));
    }

    private static void check(Engine model) {
        int numFinished = 0;
        try (Engine engine = model;
                TestServer server = new TestServer(engine)) {
            for (int seed = 0; seed < 4; seed++) {
                String choice = seed % 2 == 0
                        ? "\"required\""
                        : "{\"type\": \"function\", \"function\": {\"name\": \"get_weather\"}}";
                String body = "{" + TOOLS + ", \"parallel_tool_calls\": " + (seed < 2) + ", \"tool_choice\": " + choice
                        + ", \"seed\": " + seed;
                JsonNode answer = server.post(PATH, body + "}").body();
                JsonNode message = answer.at("/choices/0/message");
                if (!answer.at("/choices/0/finish_reason").stringValue().equals("length")) {
                    numFinished++;
                    assertThat(answer.at("/choices/0/finish_reason").stringValue())
                            .as("%s", answer)
                            .isEqualTo("tool_calls");
                    assertThat(message.get("content").isNull())
                            .as("%s", message)
                            .isTrue();
                    assertThat(message.get("tool_calls").size()).isPositive();
                    message.get("tool_calls").forEach(call -> check(call.get("function")));
                }
                List<JsonNode> chunks = server.chunks(PATH, body + ", \"stream\": true}");
                if (chunks.getLast()
                        .at("/choices/0/finish_reason")
                        .stringValue()
                        .equals("tool_calls")) {
                    assertThat(StreamedCalls.functions(chunks)).isNotEmpty().allSatisfy(ForcedCallsTest::check);
                }
            }
        }
        assertThat(numFinished).as("answers that came to their end").isPositive();
    }
}
