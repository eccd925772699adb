package tokamak.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tokamak.TestData;
import tokamak.file.Checkpoint;
import tokamak.file.ModelFormatException;

/** Damaged and malicious tokenizer files end in a sentence, never in a crash or a hang. */
class HostileTokenizerTest {
    private static Tokenizer read(String json) throws IOException {
        return TokenizerJson.read(
                "test.json", new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8)), Optional.empty());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "{}",
                "{\"model\":3}",
                "{\"model\":{}}",
                "{\"model\":{\"type\":\"BPE\",\"vocab\":{}}}",
                "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0}}}",
                "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":2147483648},\"merges\":[]}}",
                "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":99999999999999999999},\"merges\":[]}}",
                "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":-1},\"merges\":[]}}",
                "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":16000000},\"merges\":[]}}",
                "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":\"0\"},\"merges\":[]}}",
                "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[\"a b\"]}}",
                "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[\"aa\"]}}",
                "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[[\"a\"]]}}",
                "{\"model\":{\"type\":\"Magic\",\"vocab\":{\"a\":0}}}",
                "{\"model\":{\"type\":\"Unigram\",\"vocab\":{\"a\":0}}}",
                "{\"model\":{\"type\":\"Unigram\",\"vocab\":[[\"a\",0]],\"unk_id\":5}}",
                "{\"model\":{\"type\":\"WordLevel\",\"vocab\":{\"a\":0}},\"added_tokens\":[{\"content\":\"x\",\"id\":2147483647}]}",
                "{\"model\":{\"type\":\"WordLevel\",\"vocab\":{\"a\":0}},\"added_tokens\":[{\"id\":1}]}",
                "{\"model\":{\"type\":\"WordLevel\",\"vocab\":{\"a\":0}},\"normalizer\":{\"type\":\"What\"}}",
                "{\"model\":{\"type\":\"WordLevel\",\"vocab\":{\"a\":0}},\"normalizer\":{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"/////w==\"}}",
                "{\"model\":{\"type\":\"WordLevel\",\"vocab\":{\"a\":0}},\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"Regex\":\"(\"},\"behavior\":\"Isolated\"}}",
                "{\"model\":{\"type\":\"WordLevel\",\"vocab\":{\"a\":0}},\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":[{\"SpecialToken\":{\"id\":\"x\"}}],\"special_tokens\":{}}}",
                "{\"model\":{\"type\":\"WordLevel\",\"vocab\":{\"a\":0}},\"decoder\":{\"type\":7}}"
            })
    void refusesWithASentence(String json) {
        assertThatThrownBy(() -> read(json))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageStartingWith("test.json")
                .hasMessageContaining("expected");
    }

    @Test
    void stopsPatternsThatTakeForever() throws IOException {
        Tokenizer tokenizer = read(
                "{\"model\":{\"type\":\"WordLevel\",\"vocab\":{\"a\":0},\"unk_token\":\"a\"},"
                        + "\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"Regex\":\"(a|aa)+\\\\1c\"},\"behavior\":\"Isolated\"}}");
        assertThatThrownBy(() -> tokenizer.encode("a".repeat(200)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("pattern");
    }

    @Test
    void templatesInTemplatesDoNotExplode() {
        String twice =
                "{\"type\":\"TemplateProcessing\",\"single\":[{\"Sequence\":{\"id\":\"A\"}},{\"Sequence\":{\"id\":\"A\"}}],"
                        + "\"special_tokens\":{}}";
        String all = String.join(",", java.util.Collections.nCopies(60, twice));
        assertThatThrownBy(() -> read("{\"model\":{\"type\":\"WordLevel\",\"vocab\":{\"a\":0}},\"post_processor\":"
                        + "{\"type\":\"Sequence\",\"processors\":[" + all + "]}}"))
                .isInstanceOf(ModelFormatException.class);
    }

    @Test
    void survivesDamageAnywhere() throws IOException {
        byte[] good =
                Files.readAllBytes(TestData.folder("models/stories260K-hf").resolve("tokenizer.json"));
        byte[] bert = Files.readAllBytes(TestData.folder("arch/bert-hf").resolve("tokenizer.json"));
        SplittableRandom random = new SplittableRandom(11);
        int refused = 0;
        for (int round = 0; round < 2_000; round++) {
            byte[] bytes = (round % 2 == 0 ? good : bert).clone();
            for (int flips = random.nextInt(1, 4); flips > 0; flips--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
            }
            try {
                Tokenizer tokenizer = TokenizerJson.read("damaged", new ByteArrayInputStream(bytes), Optional.empty());
                tokenizer.decode(tokenizer.encodePrompt("Once upon a time, <s> there was"));
            } catch (ModelFormatException expected) {
                refused++;
                assertThat(expected).hasMessageContaining("expected");
            }
        }
        assertThat(refused).isPositive();
    }

    @Test
    void survivesDamagedGgufHeaders() throws IOException {
        byte[] good = Files.readAllBytes(TestData.folder("arch").resolve("bert-f32.gguf"));
        SplittableRandom random = new SplittableRandom(13);
        java.nio.file.Path file = Files.createTempFile("damaged", ".gguf");
        try {
            for (int round = 0; round < 300; round++) {
                byte[] bytes = good.clone();
                for (int flips = random.nextInt(1, 6); flips > 0; flips--) {
                    bytes[random.nextInt(6_000)] = (byte) random.nextInt(256);
                }
                Files.write(file, bytes);
                try (Checkpoint checkpoint = Checkpoint.open(file)) {
                    Tokenizer tokenizer = Tokenizer.of(checkpoint);
                    tokenizer.decode(tokenizer.encodePrompt("Once upon a time"));
                } catch (ModelFormatException expected) {
                    assertThat(expected).hasMessageContaining("damaged");
                }
            }
        } finally {
            Files.delete(file);
        }
    }
}
