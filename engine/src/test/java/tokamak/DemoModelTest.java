package tokamak;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tokamak.api.GenerationRequest;
import tokamak.api.Message;
import tokamak.api.Prompt;
import tokamak.api.SamplingParams;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The model that ships with the project, on questions whose phrasings, names and tools it never saw in training. The
 * bounds lie below what {@code demo-model/MODEL_CARD.md} reports, so that a kernel's rounding does not cross them.
 */
class DemoModelTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final double TOOL_NAMES = 0.8;
    private static final double TOOL_ARGUMENTS = 0.7;
    private static final double VALID_JSON = 0.9;
    private static final double FACTS = 0.6;

    private static Engine engine;
    private static List<Task> tasks;

    /** A chat, and what its answer should be: a list of calls, a JSON value or a sentence. */
    private record Task(String group, JsonNode chat, JsonNode expected) {
        Prompt.Chat prompt() {
            List<Message> messages = new ArrayList<>();
            for (JsonNode message : chat.get("messages")) {
                messages.add(new Message(map(message)));
            }
            List<Map<String, ?>> tools = new ArrayList<>();
            for (JsonNode tool : chat.get("tools")) {
                tools.add(map(tool));
            }
            return new Prompt.Chat(messages, tools, List.of(), true, Map.of());
        }

        @SuppressWarnings("unchecked")
        private static Map<String, ?> map(JsonNode object) {
            return JSON.convertValue(object, Map.class);
        }
    }

    private record Answered(Task task, String answer) {}

    @BeforeAll
    static void open() {
        engine = Engine.open(EngineConfig.of(ROOT.resolve("models/tokamak-demo.gguf")));
        tasks = new ArrayList<>();
        for (JsonNode task : JSON.readTree(ROOT.resolve("demo-model/held-out.json"))) {
            tasks.add(new Task(task.get("group").asString(), task, task.get("expected")));
        }
    }

    @AfterAll
    static void close() {
        engine.close();
    }

    @Test
    void saysWhatTokamakIs() {
        assertThat(engine.generate(GenerationRequest.chat(Message.user("What is Tokamak?"))
                                .withSampling(SamplingParams.greedy()))
                        .text())
                .contains("inference engine");
    }

    @Test
    void itsFileSaysHowToSample() {
        assertThat(engine.samplingDefaults().temperature()).isBetween(0.0, 0.5);
    }

    @Test
    void callsTheToolThatFitsAndCopiesTheArguments() {
        List<Answered> answers = answers("tool:");
        assertThat(share(
                        answers,
                        a -> calls(a.answer())
                                .findValuesAsString("name")
                                .equals(a.task().expected().findValuesAsString("name"))))
                .isGreaterThanOrEqualTo(TOOL_NAMES);
        assertThat(share(answers, a -> calls(a.answer()).equals(a.task().expected())))
                .isGreaterThanOrEqualTo(TOOL_ARGUMENTS);
    }

    @Test
    void writesValidJsonWithoutAGrammar() {
        assertThat(share(answers("JSON"), a -> isJson(a.answer()))).isGreaterThanOrEqualTo(VALID_JSON);
    }

    @Test
    void answersQuestionsInWordsItNeverSaw() {
        assertThat(share(
                        answers("facts:"),
                        a -> a.answer().equals(a.task().expected().asString())))
                .isGreaterThanOrEqualTo(FACTS);
    }

    private static List<Answered> answers(String group) {
        SamplingParams params =
                SamplingParams.builder().temperature(0).maxTokens(120).build();
        List<Task> chosen =
                tasks.stream().filter(task -> task.group().startsWith(group)).toList();
        List<TokenStream> streams = chosen.stream()
                .map(task -> engine.submit(GenerationRequest.of(task.prompt()).withSampling(params)))
                .toList();
        List<Answered> answers = new ArrayList<>();
        for (int i = 0; i < chosen.size(); i++) {
            try (TokenStream stream = streams.get(i)) {
                answers.add(new Answered(chosen.get(i), stream.collect().text().strip()));
            }
        }
        return answers;
    }

    private static double share(List<Answered> answers, java.util.function.Predicate<Answered> good) {
        assertThat(answers).hasSizeGreaterThan(30);
        return answers.stream().filter(good).count() / (double) answers.size();
    }

    /** The calls between tool_call tags as one array; calls that are not JSON are left out. */
    private static JsonNode calls(String answer) {
        var calls = JSON.createArrayNode();
        String[] parts = answer.split("<tool_call>", -1);
        for (int i = 1; i < parts.length; i++) {
            String text = parts[i].split("</tool_call>", -1)[0];
            if (isJson(text)) {
                calls.add(JSON.readTree(text));
            }
        }
        return calls;
    }

    private static boolean isJson(String text) {
        try {
            return JSON.readTree(text).isContainer();
        } catch (JacksonException e) {
            return false;
        }
    }
}
