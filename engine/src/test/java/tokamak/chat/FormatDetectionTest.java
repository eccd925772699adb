package tokamak.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import tokamak.TestData;
import tokamak.api.InvalidRequestException;

class FormatDetectionTest {
    @Test
    void templatesOfPublishedModelsAreRecognised() throws IOException {
        Path folder = TestData.folder("templates");
        Map<String, String> expected = new TreeMap<>(Map.ofEntries(
                Map.entry("ByteDance-Seed-OSS", "reasoning seed_oss, tools seed_oss"),
                Map.entry("Cohere2MoE", "reasoning cohere_command4, tools cohere_command3"),
                Map.entry("GLM-4.6", "reasoning think, tools glm45"),
                Map.entry("GigaChat3-10B-A1.8B", "reasoning none, tools gigachat3"),
                Map.entry("HuggingFaceTB-SmolLM3-3B", "reasoning think, tools hermes"),
                Map.entry("Kimi-K2-Instruct", "reasoning none, tools kimi_k2"),
                Map.entry("LFM2-8B-A1B", "reasoning none, tools lfm2"),
                Map.entry("MiMo-VL", "reasoning none, tools hermes"),
                Map.entry("NousResearch-Hermes-2-Pro-Llama-3-8B-tool_use", "reasoning none, tools hermes"),
                Map.entry("Qwen-Qwen2.5-7B-Instruct", "reasoning none, tools hermes"),
                Map.entry("Qwen-Qwen3-0.6B", "reasoning think, tools hermes"),
                Map.entry("Qwen3-Coder", "reasoning none, tools qwen3_coder"),
                Map.entry("deepseek-ai-DeepSeek-R1-Distill-Llama-8B", "reasoning think, tools deepseek_v3"),
                Map.entry("deepseek-ai-DeepSeek-V3.1", "reasoning think, tools deepseek_v31"),
                Map.entry("google-gemma-2-2b-it", "reasoning none, tools hermes"),
                Map.entry("ibm-granite-granite-3.3-2B-Instruct", "reasoning granite_think, tools granite"),
                Map.entry("meetkai-functionary-medium-v3.1", "reasoning none, tools functionary"),
                Map.entry("meta-llama-Llama-3.1-8B-Instruct", "reasoning none, tools llama3_json"),
                Map.entry("mistralai-Ministral-3-14B-Reasoning-2512", "reasoning mistral, tools mistral"),
                Map.entry("mistralai-Mistral-Nemo-Instruct-2407", "reasoning none, tools mistral_list"),
                Map.entry("moonshotai-Kimi-K2", "reasoning none, tools kimi_k2"),
                Map.entry("onnxext-Phi-4-mini", "reasoning none, tools phi4_mini_tags"),
                Map.entry("onnxext-Qwen3", "reasoning think, tools hermes"),
                Map.entry("openai-gpt-oss-120b", "reasoning openai_gptoss, tools openai"),
                Map.entry("stepfun-ai-Step-3.5-Flash", "reasoning think, tools qwen3_coder"),
                Map.entry("unsloth-Apriel-1.5", "reasoning apriel, tools jamba")));
        Map<String, String> found = new TreeMap<>();
        for (String name : expected.keySet()) {
            found.put(
                    name,
                    ChatFormat.of(Files.readString(folder.resolve(name + ".jinja")))
                            .toString());
        }
        assertThat(found).isEqualTo(expected);
    }

    @Test
    void namesOfParsersWinAndUnknownOnesAreRefused() {
        assertThat(ChatFormat.of("<tool_call>")
                        .withToolParser("pythonic")
                        .withReasoningParser("deepseek_r1")
                        .toString())
                .isEqualTo("reasoning deepseek_r1, tools pythonic");
        assertThat(ChatFormat.of("<think>")
                        .withToolParser("auto")
                        .withReasoningParser("none")
                        .toString())
                .isEqualTo("reasoning none, tools hermes");
        assertThatThrownBy(() -> ChatFormat.plain().withToolParser("x"))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("qwen3_coder");
        assertThatThrownBy(() -> ChatFormat.plain().withReasoningParser("x"))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("deepseek_r1");
        assertThatThrownBy(() -> ChatFormat.plain().withToolParser("minimax_m3"))
                .hasMessageContaining("the nearest is minimax_m2");
    }

    @Test
    void thePromptSaysWhetherReasoningIsOpen() {
        ChatFormat format = ChatFormat.of("<think>");
        assertThat(format.start("<|im_start|>assistant\n<think>\n")).isEqualTo(ChatFormat.Start.REASONING);
        assertThat(format.start("<|im_start|>assistant\n<think>\n\n</think>\n\n"))
                .isEqualTo(ChatFormat.Start.ANSWER);
        assertThat(format.start("<think> and </think>?<|im_end|>\n<|im_start|>assistant\n"))
                .isEqualTo(ChatFormat.Start.MARKED);
        assertThat(format.withReasoningParser("deepseek_r1").start("<|Assistant|>"))
                .isEqualTo(ChatFormat.Start.REASONING);
    }
}
