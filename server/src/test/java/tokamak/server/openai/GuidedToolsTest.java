package tokamak.server.openai;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.InputFormat;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SchemaRegistryConfig;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tokamak.ChatConfig;
import tokamak.Engine;
import tokamak.EngineConfig;
import tokamak.TestEngines;
import tokamak.chat.ChatFormat;
import tokamak.server.RandomModel;
import tokamak.server.TestData;
import tokamak.server.TestServer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A model that knows nothing has to call a function whose parameters are schemas of the public suite: the arguments of every
 * finished call are valid for them, as an independent validator judges, in every format, streamed and not. With
 * {@code -Dtokamak.full=true} all schemas take part.
 */
class GuidedToolsTest {
    private static final String PATH = "/v1/chat/completions";
    private static final int STEP = Boolean.getBoolean("tokamak.full") ? 1 : 60;
    private static final Pattern CLOSING = Pattern.compile("</[^<>]+>");
    private static final JsonMapper JSON = new JsonMapper();

    private final SchemaRegistry registry = SchemaRegistry.withDefaultDialect(
            SpecificationVersion.DRAFT_2020_12,
            builder -> builder.schemaRegistryConfig(
                    SchemaRegistryConfig.builder().formatAssertionsEnabled(true).build()));

    /** Functions whose argument is an instance of a schema that does not depend on where it stands. */
    private static List<ObjectNode> parameters() throws IOException {
        List<ObjectNode> found = new ArrayList<>();
        try (Stream<Path> files = Files.list(TestData.folder("json-schema-test-suite/draft2020-12"))) {
            for (Path file : files.sorted().toList()) {
                for (JsonNode group : JSON.readTree(Files.readString(file))) {
                    String schema = group.get("schema").toString();
                    if (schema.contains("Ref\"")
                            || schema.contains("$ref")
                            || schema.contains("$id")
                            || schema.contains("://localhost")) {
                        continue;
                    }
                    ObjectNode parameters = JSON.createObjectNode().put("type", "object");
                    ObjectNode properties = parameters.putObject("properties");
                    properties.set("it", group.get("schema"));
                    properties.putObject("n").put("type", "integer").put("maximum", 99);
                    parameters.putArray("required").add("it");
                    parameters.put("additionalProperties", false);
                    found.add(parameters);
                }
            }
        }
        return found;
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
    void argumentsAreValid(String parser) throws IOException {
        EngineConfig config = EngineConfig.of(Path.of("unused")).withChat(new ChatConfig(null, parser, "none"));
        List<ObjectNode> all = parameters();
        List<String> wrong = new ArrayList<>();
        int numFinished = 0;
        int numRefused = 0;
        // Ends of free text that are single tokens: letter by letter, chance would not find them.
        Set<String> specials = new LinkedHashSet<>(List.of("<|eot|>"));
        for (String marker : ChatFormat.plain().withToolParser(parser).markers(true)) {
            CLOSING.matcher(marker).results().forEach(each -> specials.add(each.group()));
        }
        try (Engine engine =
                        TestEngines.onBytes(new RandomModel(2048, specials.size()), config, List.copyOf(specials));
                TestServer server = new TestServer(engine)) {
            int first = Math.floorMod(parser.hashCode(), STEP);
            for (int i = first; i < all.size(); i += STEP) {
                ObjectNode parameters = all.get(i);
                ObjectNode request = request(parameters, i);
                boolean isStreamed = i / STEP % 2 == 0;
                TestServer.Answer answer =
                        server.post(PATH, request.put("stream", isStreamed).toString());
                if (answer.status() == 400) {
                    assertThat(answer.body().at("/error/message").stringValue())
                            .as("%s", parameters)
                            .containsAnyOf("is not supported", "contradicts itself");
                    numRefused++;
                    continue;
                }
                List<JsonNode> functions = isStreamed ? streamed(answer) : whole(answer);
                if (!functions.isEmpty()) {
                    numFinished++;
                    functions.forEach(function -> judge(parameters, function, wrong));
                }
            }
        }
        System.out.println(
                parser + ": " + numFinished + " finished, " + numRefused + " refused, " + wrong.size() + " not valid");
        assertThat(wrong).isEmpty();
        assertThat(numFinished).isPositive();
    }

    private static ObjectNode request(ObjectNode parameters, int seed) {
        ObjectNode request = JSON.createObjectNode();
        request.putArray("messages").addObject().put("role", "user").put("content", "hi");
        request.put("temperature", 1.5).put("max_tokens", 600).put("seed", seed);
        ObjectNode function =
                request.putArray("tools").addObject().put("type", "function").putObject("function");
        function.put("name", "use").put("strict", true).set("parameters", parameters);
        if (seed % 3 == 0) {
            request.put("tool_choice", "required");
        } else {
            request.putObject("tool_choice")
                    .put("type", "function")
                    .putObject("function")
                    .put("name", "use");
        }
        return request;
    }

    private static List<JsonNode> whole(TestServer.Answer answer) {
        JsonNode choice = answer.body().at("/choices/0");
        return choice.path("finish_reason").asString("").equals("tool_calls")
                ? choice.at("/message/tool_calls")
                        .valueStream()
                        .map(call -> call.get("function"))
                        .toList()
                : List.of();
    }

    private static List<JsonNode> streamed(TestServer.Answer answer) {
        List<JsonNode> chunks = answer.raw()
                .body()
                .lines()
                .filter(line -> line.startsWith("data: {"))
                .map(line -> JSON.readTree(line.substring(6)))
                .toList();
        boolean isFinished =
                chunks.getLast().at("/choices/0/finish_reason").asString("").equals("tool_calls");
        return isFinished ? StreamedCalls.functions(chunks) : List.of();
    }

    private void judge(ObjectNode parameters, JsonNode function, List<String> wrong) {
        assertThat(function.get("name").stringValue()).isEqualTo("use");
        String arguments = function.get("arguments").stringValue();
        try {
            var errors = registry.getSchema(parameters).validate(arguments, InputFormat.JSON);
            if (!errors.isEmpty()) {
                wrong.add("\n" + parameters + "\n  " + arguments + "\n  " + errors);
            }
        } catch (RuntimeException e) {
            wrong.add("\n" + parameters + "\n  " + arguments + "\n  " + e);
        }
    }
}
