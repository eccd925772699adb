package tokamak.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tokamak.server.TestData;
import tools.jackson.databind.JsonNode;

/** {@code tokenize --batch --json} answers in the form of the golden files, from folders that hold a tokenizer only. */
class GoldenTokensTest {
    @ParameterizedTest
    @ValueSource(
            strings = {"bert-base-uncased", "falcon-tokenizer", "gpt2", "mistral-v3", "phi-2", "phi-3-mini", "qwen3"})
    void aBatchGivesWhatTheLibraryGives(String name, @TempDir Path temp) throws IOException {
        Path folder = TestData.folder("tokenizers/" + name);
        JsonNode goldens = CliRun.read(folder.resolve("encodings.json"));
        Path batch = temp.resolve("batch.json");
        Files.writeString(
                batch,
                CliRun.write(goldens.valueStream()
                        .map(golden -> golden.get("text").asString())
                        .toList()));

        JsonNode answers = CliRun.of(
                        "tokenize", unzipped(folder, temp).toString(), "--batch", batch.toString(), "--json")
                .json();

        assertThat(answers).hasSize(goldens.size());
        for (int i = 0; i < goldens.size(); i++) {
            JsonNode golden = goldens.get(i);
            JsonNode answer = answers.get(i);
            String text = golden.get("text").asString();
            JsonNode special = golden.has("ids_special") ? golden.get("ids_special") : golden.get("ids");
            assertThat(answer.get("ids")).as("ids of <%s>", text).isEqualTo(golden.get("ids"));
            assertThat(answer.get("ids_special")).as("prompt <%s>", text).isEqualTo(special);
            assertThat(answer.get("decoded")).as("text of <%s>", text).isEqualTo(golden.get("decoded"));
            assertThat(answer.get("decoded_skip_special"))
                    .as("visible text of <%s>", text)
                    .isEqualTo(golden.get("decoded_skip_special"));
        }
    }

    @Test
    void aGgufFileOfAVocabularyIsEnough() {
        Path file = TestData.folder("gguf-vocab").resolve("ggml-vocab-gpt-2.gguf");
        JsonNode answer =
                CliRun.of("tokenize", file.toString(), "Hello world", "--json").json();
        assertThat(CliRun.ints(answer.get("ids"))).containsExactly(15496, 995);
        assertThat(answer.get("decoded").asString()).isEqualTo("Hello world");
    }

    private static Path unzipped(Path folder, Path temp) throws IOException {
        if (Files.exists(folder.resolve("tokenizer.json"))) {
            return folder;
        }
        try (InputStream in = new GZIPInputStream(Files.newInputStream(folder.resolve("tokenizer.json.gz")), 1 << 16)) {
            Files.copy(in, temp.resolve("tokenizer.json"));
        }
        Path config = folder.resolve("tokenizer_config.json");
        if (Files.exists(config)) {
            Files.copy(config, temp.resolve("tokenizer_config.json"));
        }
        return temp;
    }
}
