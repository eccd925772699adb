package tokamak.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tokamak.TestData;
import tokamak.file.Checkpoint;
import tokamak.file.HfCheckpoint;
import tokamak.file.Metadata;
import tokamak.file.ModelFormatException;
import tools.jackson.databind.json.JsonMapper;

class GgufVocabularyTest {
    @TempDir
    private Path folder;

    private HfCheckpoint open(String name) throws IOException {
        return (HfCheckpoint) Checkpoint.open(
                TokenizerFolders.unpack(TestData.folder("tokenizers").resolve(name), folder));
    }

    private static List<String> texts(String name) {
        Path vectors = TestData.folder("tokenizers").resolve(name).resolve("encodings.json");
        return JsonMapper.shared().readTree(vectors).findValuesAsString("text");
    }

    /** What is written cuts every text of the vectors as the original does; the samples of the writer are far fewer. */
    @ParameterizedTest
    @CsvSource({"gpt2, gpt-2", "phi-2, gpt-2", "qwen3, qwen2", "mistral-v3,", "phi-3-mini,"})
    void aTokenizerInGgufFormCutsLikeTheOriginal(String name, String pre) throws IOException {
        try (HfCheckpoint checkpoint = open(name)) {
            Tokenizer original = Tokenizer.of(checkpoint);
            Map<String, Object> pairs =
                    GgufVocabulary.pairs(checkpoint, original.vocabulary().size() + 3);
            assertThat(pairs.get("tokenizer.ggml.pre")).isEqualTo(pre);
            assertThat((List<?>) pairs.get("tokenizer.ggml.tokens"))
                    .as("rows beyond the vocabulary are unused tokens")
                    .hasSize(original.vocabulary().size() + 3);
            Tokenizer written = GgufTokenizer.of(new Metadata(name, pairs));
            for (String text : texts(name)) {
                if (!Normalizer.isNormalized(text, Normalizer.Form.NFC)) {
                    continue; // GGUF files cannot ask for normalisation, and nobody's reader does it
                }
                assertThat(written.encodeLiterally(text)).as(text).isEqualTo(original.encodeLiterally(text));
            }
        }
    }

    @Test
    void aKindOfTokenizerThatGgufCannotSayIsRefused() throws IOException {
        try (HfCheckpoint checkpoint = open("bert-base-uncased")) {
            assertThatThrownBy(() -> GgufVocabulary.pairs(checkpoint, 100))
                    .isInstanceOf(ModelFormatException.class)
                    .hasMessageContaining("not BPE");
        }
    }
}
