package tokamak.server.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tokamak.server.TestData;
import tools.jackson.databind.JsonNode;

/**
 * The command line gives the engine the context that a request needs and no more: only then do models that choose their
 * rope factors by it ({@code phi3-longrope}) say what the goldens say.
 */
class GoldenArchitecturesTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "qwen3-f32.gguf",
                "qwen3-hf",
                "llama-plain-f32.gguf",
                "llama3-rope-tied-hf",
                "phi3-longrope-f32.gguf",
                "phi3-longrope-hf",
                "gemma3-hf",
                "mixtral-f32.gguf"
            })
    void saysWhatTheReferenceSays(String name) {
        Path folder = TestData.folder("arch");
        String model = folder.resolve(name).toString();
        String member = name.replaceFirst("-(hf|f32\\.gguf)$", "");
        JsonNode golden = CliRun.read(folder.resolve(member + ".golden.json"));
        for (JsonNode prompt : golden.get("prompts")) {
            String ids = CliRun.joined(CliRun.ints(prompt.get("ids")));
            JsonNode answer = CliRun.of(
                            "generate",
                            model,
                            "--ids",
                            ids,
                            "--max-tokens",
                            "16",
                            "--temperature",
                            "0",
                            "--ignore-eos",
                            "--json")
                    .json();
            List<Integer> expected = CliRun.ints(prompt.get("greedy"));
            // From the first choice that a float32 engine may decide otherwise, the texts may fork.
            int clear = 0;
            while (clear < expected.size()
                    && prompt.get("greedy_margin").get(clear).asDouble() > 1e-2) {
                clear++;
            }
            assertThat(CliRun.ints(answer.get("ids")).subList(0, clear)).isEqualTo(expected.subList(0, clear));

            JsonNode score = CliRun.of("score", model, "--ids", ids, "--json").json();
            JsonNode logprobs = prompt.get("next_logprobs");
            assertThat(score.get("logprobs")).hasSize(logprobs.size());
            for (int i = 0; i < logprobs.size(); i++) {
                assertThat(score.get("logprobs").get(i).asDouble())
                        .as("token %d", i + 1)
                        .isCloseTo(logprobs.get(i).asDouble(), within(2e-2));
            }
        }
    }
}
