package tokamak.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tokamak.TestData;
import tokamak.file.Checkpoint;

/** GGUF vocabularies give the ids that llama.cpp's own test files list. */
class GgufTokenizerTest {
    private static final String SEPARATOR = "\n__ggml_vocab_test__\n";

    @ParameterizedTest
    @ValueSource(strings = {"bert-bge", "deepseek-llm", "falcon", "gpt-2", "phi-3", "starcoder"})
    void encodesLikeLlamaCpp(String name) throws IOException {
        Path file = TestData.folder("gguf-vocab").resolve("ggml-vocab-" + name + ".gguf");
        try (Checkpoint checkpoint = Checkpoint.open(file)) {
            check(file, Tokenizer.of(checkpoint));
        }
    }

    @Test
    void qwen3EncodesLikeLlamaCppsQwen2() throws IOException {
        check(
                TestData.folder("gguf-vocab").resolve("ggml-vocab-qwen2.gguf"),
                TokenizerFolders.open(TestData.folder("tokenizers/qwen3")));
    }

    private static void check(Path file, Tokenizer tokenizer) throws IOException {
        List<String> texts = List.of(Files.readString(file.resolveSibling(file.getFileName() + ".inp"))
                .split(SEPARATOR, -1));
        List<String> lines = Files.readAllLines(file.resolveSibling(file.getFileName() + ".out"));
        assertThat(lines.size()).isIn(texts.size(), texts.size() - 1).isGreaterThan(40);
        SoftAssertions soft = new SoftAssertions();
        for (int i = 0; i < lines.size(); i++) {
            int[] ids = Arrays.stream(lines.get(i).strip().split("\\s+"))
                    .filter(s -> !s.isEmpty())
                    .mapToInt(Integer::parseInt)
                    .toArray();
            soft.assertThat(tokenizer.encode(texts.get(i)))
                    .as("<%s>", texts.get(i))
                    .isEqualTo(ids);
        }
        soft.assertAll();
    }

    @Test
    void modelFilesGiveTheirGoldenIds() throws IOException {
        int checked = 0;
        for (Path file : TestModels.ggufs()) {
            try (Checkpoint checkpoint = Checkpoint.open(file)) {
                checked += TestModels.checkIds(file, Tokenizer.of(checkpoint));
            }
        }
        assertThat(checked).isGreaterThan(50);
    }
}
