package tokamak.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import tokamak.TestData;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The small models of the test data and the prompt ids that belong to them. */
final class TestModels {
    private static final JsonMapper JSON = new JsonMapper();

    private TestModels() {}

    static List<Path> folders() throws IOException {
        return list(path -> Files.exists(path.resolve("tokenizer.json")));
    }

    static List<Path> ggufs() throws IOException {
        return list(path -> path.toString().endsWith(".gguf"));
    }

    private static List<Path> list(java.util.function.Predicate<Path> wanted) throws IOException {
        try (Stream<Path> arch = Files.list(TestData.folder("arch"));
                Stream<Path> models = Files.list(TestData.folder("models"))) {
            return Stream.concat(arch, models).filter(wanted).sorted().toList();
        }
    }

    /** Compares every prompt of the model's golden file; returns how many there were. */
    static int checkIds(Path model, Tokenizer tokenizer) throws IOException {
        String name = model.getFileName().toString().replace(".gguf", "");
        Path golden = model.resolveSibling(name + ".expected.json");
        if (!Files.exists(golden)) {
            String base = name.replaceAll("-(hf|f32|f16|bf16|q8_0|mxfp4)$", "");
            golden = model.resolveSibling(base + ".golden.json");
        }
        assertThat(golden).exists();
        int checked = 0;
        JsonNode root = JSON.readTree(golden.toFile());
        for (JsonNode prompt : root.isArray() ? root : root.get("prompts")) {
            JsonNode text = prompt.get("text");
            if (text.isString()) {
                assertThat(tokenizer.encodePrompt(text.asString()))
                        .as("%s: <%s>", model, text.asString())
                        .isEqualTo(HuggingFaceTokenizerTest.ints(prompt.get("ids")));
                checked++;
            }
        }
        return checked;
    }
}
