package tokamak.server.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tokamak.server.TestData;
import tools.jackson.databind.JsonNode;

/** {@code generate} and {@code score} say of the story models what a float64 reference says of them. */
class GoldenStoriesTest {
    /** 8-bit activations may choose otherwise where two tokens are nearly as likely. */
    private static final double CLEAR_MARGIN = 0.5;

    @ParameterizedTest
    @CsvSource(textBlock = """
            stories260K-f32,                .gguf
            stories260K-hf,                 ''
            stories260K-qwen3-f32,          ''
            stories260K-wide-f16,           .gguf
            stories260K-wide-bf16,          ''
            stories260K-wide-qwen2-bf16,    ''
            stories260K-wide-mixtral-bf16,  ''
            stories260K-wide-qwen3-bf16,    ''
            """)
    void exactWeightsGiveTheGoldenTexts(String name, String suffix) {
        Path models = TestData.folder("models");
        String model = models.resolve(name + suffix).toString();
        for (JsonNode golden : CliRun.read(models.resolve(name + ".expected.json"))) {
            if (golden.get("n").asInt() > 0) {
                checkText(model, golden);
            }
            checkScores(model, golden, 1e-3);
        }
    }

    @ParameterizedTest
    @CsvSource({"stories260K-wide-q8_0, .gguf", "stories260K-wide-q4_0, .gguf"})
    void roundedActivationsStayNear(String name, String suffix) {
        Path models = TestData.folder("models");
        String model = models.resolve(name + suffix).toString();
        for (JsonNode golden : CliRun.read(models.resolve(name + ".expected.json"))) {
            checkScores(model, golden, 2e-2);
        }
    }

    private static void checkText(String model, JsonNode golden) {
        List<Integer> promptIds = CliRun.ints(golden.get("ids"));
        JsonNode answer = CliRun.of(
                        "generate",
                        model,
                        "--prompt",
                        golden.get("text").asString(),
                        "--max-tokens",
                        golden.get("n").asString(),
                        "--temperature",
                        "0",
                        "--json")
                .json();
        assertThat(CliRun.ints(answer.get("prompt_ids"))).isEqualTo(promptIds);
        assertThat(CliRun.ints(answer.get("ids"))).isEqualTo(CliRun.ints(golden.get("greedy_ids")));
        assertThat(answer.get("text").asString())
                .isEqualTo(golden.get("greedy_text").asString());
        int count = answer.get("ids").size();
        assertThat(answer.get("finish_reason").asString())
                .isEqualTo(count == golden.get("n").asInt() ? "length" : "stop");
        assertThat(answer.get("usage").get("prompt_tokens").asInt()).isEqualTo(promptIds.size());
        assertThat(answer.get("usage").get("completion_tokens").asInt()).isEqualTo(count);
    }

    private static void checkScores(String model, JsonNode golden, double tolerance) {
        List<Integer> promptIds = CliRun.ints(golden.get("ids"));
        List<Integer> all = new ArrayList<>(promptIds);
        all.addAll(CliRun.ints(golden.get("greedy_ids")));
        JsonNode whole =
                CliRun.of("score", model, "--ids", CliRun.joined(all), "--json").json();
        assertThat(CliRun.ints(whole.get("ids"))).isEqualTo(all);
        assertThat(whole.get("logprobs")).hasSize(all.size() - 1);
        assertThat(whole.get("mean_logprob").asDouble())
                .isCloseTo(golden.get("mean_logprob").asDouble(), within(tolerance));

        JsonNode prompt = CliRun.of("score", model, "--ids", CliRun.joined(promptIds), "--json")
                .json();
        JsonNode top = golden.get("first_top10");
        assertThat(prompt.get("top")).hasSize(10);
        for (int i = 0; i < 10; i++) {
            JsonNode found = prompt.get("top").get(i);
            assertThat(found.get("logit").asDouble())
                    .isCloseTo(top.get(i).get(1).asDouble(), within(20 * tolerance));
            boolean isClear = i < 9
                    && top.get(i).get(1).asDouble() - top.get(i + 1).get(1).asDouble() > CLEAR_MARGIN
                    && (i == 0
                            || top.get(i - 1).get(1).asDouble()
                                            - top.get(i).get(1).asDouble()
                                    > CLEAR_MARGIN);
            if (isClear) {
                assertThat(found.get("id").asInt()).isEqualTo(top.get(i).get(0).asInt());
            }
        }
    }
}
