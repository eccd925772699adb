package tokamak.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tokamak.EngineConfig;
import tokamak.Perplexity;
import tokamak.PerplexityOptions;
import tokamak.PerplexityReport;
import tokamak.Quantization;
import tokamak.TestData;
import tokamak.api.ModelLoadException;
import tokamak.file.Checkpoint;
import tokamak.tensor.DType;

/** A Hugging Face folder put into GGUF's form computes the same function and cuts texts into the same tokens. */
class HfToGgufTest {
    private static final String TEXT =
            "Once upon a time, there was a little girl named Lily. She loved to play outside.";

    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource({
        "stories260K-hf, F32",
        "stories260K-wide-bf16, BF16",
        "stories260K-wide-qwen2-bf16, BF16",
        "stories260K-wide-qwen3-bf16, BF16",
        "stories260K-wide-mixtral-bf16, BF16",
        "stories260K-wide-qwen3moe-fp8, F32",
        "stories260K-wide-gptq, F32"
    })
    void theFileComputesWhatTheFolderDoes(String name, String format) throws IOException {
        sameFunction(TestData.folder("models").resolve(name), format);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "llama-bias-mha",
                "llama-linear",
                "llama3-rope-tied",
                "qwen2-yarn",
                "qwen2moe",
                "gemma",
                "gemma2",
                "gemma3",
                "phi2",
                "phi3-plain",
                "phi3-longrope",
                "granitemoe",
                "minicpm",
                "command-r",
                "ernie4_5",
                "gpt2",
                "gptneox",
                "hunyuan-dense",
                "nemotron",
                "olmoe",
                "smollm3",
                "seed-oss",
                "stablelm",
                "starcoder2"
            })
    void everyFamilyOfTheListHasAFormThatComputesTheSame(String name) throws IOException {
        sameFunction(TestData.folder("arch").resolve(name + "-hf"), "F32");
    }

    /** Its folder rounds the ramp of its frequencies otherwise than GGUF files can say, so tensors are compared instead. */
    @ParameterizedTest
    @CsvSource({"gpt-oss, F32, gpt-oss-f32.gguf", "gpt-oss-mxfp4, MXFP4, gpt-oss-mxfp4-mxfp4.gguf"})
    void gptOssHasTheTensorsOfItsGgufFile(String name, String format, String file) throws IOException {
        Path arch = TestData.folder("arch");
        Path target = folder.resolve("model.gguf");
        Quantization.run(arch.resolve(name + "-hf"), target, format, share -> {});
        try (Checkpoint expected = Checkpoint.open(arch.resolve(file));
                Checkpoint found = Checkpoint.open(target)) {
            assertThat(found.tensorNames()).containsExactlyInAnyOrderElementsOf(expected.tensorNames());
            for (String tensor : expected.tensorNames()) {
                if (format.equals("F32") || tensor.contains("_exps")) {
                    assertThat(found.tensor(tensor)
                                    .data()
                                    .mismatch(expected.tensor(tensor).data()))
                            .as(tensor)
                            .isEqualTo(-1);
                }
            }
            assertThat(found.tensor("blk.0.attn_q.weight").dtype()).isIn(DType.F32, DType.Q8_0);
        }
    }

    private void sameFunction(Path source, String format) throws IOException {
        String name = source.getFileName().toString();
        Path target = folder.resolve("model.gguf");
        Quantization.run(source, target, format, share -> {});
        PerplexityReport.Comparison comparison = Perplexity.measure(
                        new PerplexityOptions(
                                EngineConfig.of(target).withNumThreads(1).withCpuIsa("scalar"),
                                EngineConfig.of(source).withNumThreads(1).withCpuIsa("scalar"),
                                TEXT,
                                64,
                                32,
                                40),
                        share -> {})
                .comparison();
        assertThat(comparison.largestDivergence()).isLessThan(name.contains("gptq") ? 0.01 : 1e-4);
        assertThat(comparison.referencePerplexity()).isFinite();
        assertThat(comparison.sameBest()).isGreaterThan(0.94);
    }

    @Test
    void aFamilyThatHasNoFormInGgufHereIsRefusedByName() {
        Path source = TestData.folder("arch").resolve("glm4moe-hf");
        assertThatThrownBy(() -> Quantization.run(source, folder.resolve("model.gguf"), "Q8_0", share -> {}))
                .isInstanceOf(ModelLoadException.class)
                .hasMessageContaining("glm4moe")
                .hasMessageContaining("qwen3moe");
    }
}
