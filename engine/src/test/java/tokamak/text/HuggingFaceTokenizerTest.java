package tokamak.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tokamak.TestData;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Every string of the golden files gives the ids and the text that the Hugging Face library gives. */
class HuggingFaceTokenizerTest {
    private static final JsonMapper JSON = new JsonMapper();

    @ParameterizedTest
    @ValueSource(
            strings = {
                "bert-base-uncased",
                "falcon-tokenizer",
                "gpt-oss",
                "gpt2",
                "mistral-v3",
                "phi-2",
                "phi-3-mini",
                "qwen3",
                "stories512"
            })
    void encodesAndDecodesLikeTheLibrary(String name) throws IOException {
        Path folder = TestData.folder("tokenizers/" + name);
        Tokenizer tokenizer =
                TokenizerFolders.open(name.equals("stories512") ? TestData.folder("models/stories260K-hf") : folder);
        SoftAssertions soft = new SoftAssertions();
        int count = 0;
        for (JsonNode golden : JSON.readTree(folder.resolve("encodings.json").toFile())) {
            check(soft, tokenizer, golden);
            count++;
        }
        assertThat(count).isEqualTo(308);
        soft.assertAll();
    }

    private static void check(SoftAssertions soft, Tokenizer tokenizer, JsonNode golden) {
        String text = golden.get("text").asString();
        int[] ids = ints(golden.get("ids"));
        int[] special = golden.has("ids_special") ? ints(golden.get("ids_special")) : ids;
        soft.assertThat(tokenizer.encode(text)).as("ids of <%s>", text).isEqualTo(ids);
        soft.assertThat(tokenizer.encodePrompt(text)).as("prompt <%s>", text).isEqualTo(special);
        soft.assertThat(tokenizer.decode(ids))
                .as("text of %s", Arrays.toString(ids))
                .isEqualTo(golden.get("decoded").asString());
        soft.assertThat(tokenizer.decodeSkippingSpecial(special))
                .as("visible text of %s", Arrays.toString(special))
                .isEqualTo(golden.get("decoded_skip_special").asString());
    }

    static int[] ints(JsonNode list) {
        int[] ids = new int[list.size()];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = list.get(i).asInt();
        }
        return ids;
    }

    @Test
    void takesUnpairedSurrogatesForTheReplacementCharacter() throws IOException {
        Tokenizer tokenizer = TokenizerFolders.open(TestData.folder("tokenizers/qwen3"));
        for (JsonNode golden : JSON.readTree(
                TestData.folder("tokenizers").resolve("lone-surrogates.json").toFile())) {
            String text = unescape(golden.get("json").asString());
            assertThat(tokenizer.encode(text))
                    .isEqualTo(tokenizer.encode(golden.get("text_used").asString()));
        }
    }

    /** The content of a JSON string literal whose only escapes are code units. */
    private static String unescape(String literal) {
        StringBuilder s = new StringBuilder();
        for (int i = 1; i < literal.length() - 1; i++) {
            if (literal.startsWith("\\u", i)) {
                s.append((char) Integer.parseInt(literal.substring(i + 2, i + 6), 16));
                i += 5;
            } else {
                s.append(literal.charAt(i));
            }
        }
        return s.toString();
    }

    @Test
    void encodesLikeOpenAisVectors() throws IOException {
        Path folder = TestData.folder("tokenizers/gpt-oss");
        Tokenizer tokenizer = TokenizerFolders.open(folder);
        List<List<String>> rows = csv(Files.readString(folder.resolve("o200k_base_encodings.csv")));
        for (List<String> row : rows.subList(1, rows.size())) {
            assertThat(Arrays.toString(tokenizer.encodeLiterally(row.get(0))))
                    .as("<%s>", row.get(0))
                    .isEqualTo(row.get(1));
        }
        assertThat(rows).hasSizeGreaterThan(400);
    }

    private static List<List<String>> csv(String text) {
        List<List<String>> rows = new ArrayList<>();
        List<String> row = new ArrayList<>();
        StringBuilder field = new StringBuilder();
        boolean quoted = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (quoted) {
                if (c != '"') {
                    field.append(c);
                } else if (i + 1 < text.length() && text.charAt(i + 1) == '"') {
                    field.append('"');
                    i++;
                } else {
                    quoted = false;
                }
            } else if (c == '"') {
                quoted = true;
            } else if (c == ',' || c == '\n') {
                row.add(field.toString());
                field.setLength(0);
                if (c == '\n') {
                    rows.add(row);
                    row = new ArrayList<>();
                }
            } else if (c != '\r') {
                field.append(c);
            }
        }
        return rows;
    }

    @Test
    void modelFoldersGiveTheirGoldenIds() throws IOException {
        int checked = 0;
        for (Path folder : TestModels.folders()) {
            Tokenizer tokenizer = TokenizerFolders.open(folder);
            checked += TestModels.checkIds(folder, tokenizer);
        }
        assertThat(checked).isPositive();
    }

    static Stream<Path> list(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList().stream();
        }
    }
}
