package tokamak.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tokamak.EngineConfig;
import tokamak.Perplexity;
import tokamak.PerplexityOptions;
import tokamak.PerplexityReport;
import tokamak.Quantization;
import tokamak.TestData;
import tokamak.api.ModelLoadException;

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
        Path source = TestData.folder("models").resolve(name);
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
        assertThat(comparison.sameBest()).isGreaterThan(0.94);
    }

    @Test
    void aFamilyThatHasNoFormInGgufHereIsRefusedByName() {
        Path source = TestData.folder("arch").resolve("gemma2-hf");
        assertThatThrownBy(() -> Quantization.run(source, folder.resolve("model.gguf"), "Q8_0", share -> {}))
                .isInstanceOf(ModelLoadException.class)
                .hasMessageContaining("gemma2")
                .hasMessageContaining("qwen3moe");
    }
}
