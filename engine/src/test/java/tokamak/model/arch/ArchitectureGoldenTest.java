package tokamak.model.arch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tokamak.TestData;
import tokamak.backend.Backend;
import tokamak.backend.KvType;
import tokamak.backend.cpu.CpuArithmetic;
import tokamak.backend.cpu.CpuBackend;
import tokamak.file.Checkpoint;
import tokamak.model.LanguageModel;
import tokamak.model.ModelLoader;
import tokamak.model.ModelOptions;
import tokamak.model.OneSequence;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** Every supported family gives the logits and the greedy text of a float64 reference, from GGUF and from Hugging Face form. */
class ArchitectureGoldenTest {
    /** Members with parts that no block has yet: latent attention, delta nets, short convolutions, encoders. */
    private static final Set<String> OTHER_PARTS = Set.of(
            "bert",
            "nomic-bert",
            "deepseek-v2-legacy-kvb",
            "deepseek-v2-lite",
            "deepseek-v3",
            "lfm2",
            "qwen3next",
            "qwen3-embedding",
            "qwen3-reranker");

    private static final ObjectMapper JSON = new ObjectMapper();

    @TestFactory
    List<DynamicTest> logitsAreThoseOfTheReference() throws IOException {
        Path folder = TestData.folder("arch");
        List<DynamicTest> tests = new ArrayList<>();
        for (Path file : goldens(folder)) {
            JsonNode golden = JSON.readTree(file.toFile());
            if (OTHER_PARTS.contains(golden.get("name").asString())) {
                continue;
            }
            Set<String> forms = new TreeSet<>();
            for (String key : List.of("gguf", "hf")) {
                if (golden.hasNonNull(key)) {
                    forms.add(golden.get(key).asString());
                }
            }
            for (String form : forms) {
                tests.add(DynamicTest.dynamicTest(form, () -> check(golden, folder.resolve(form))));
            }
        }
        return tests;
    }

    private static List<Path> goldens(Path folder) throws IOException {
        List<Path> files = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder, "*.golden.json")) {
            stream.forEach(files::add);
        }
        return files;
    }

    private static void check(JsonNode golden, Path model) throws IOException {
        for (JsonNode prompt : golden.get("prompts")) {
            JsonNode expected = Files.isDirectory(model) && prompt.hasNonNull("hf") ? prompt.get("hf") : prompt;
            int[] ids = ints(prompt.get("ids"));
            int[] greedy = ints(expected.get("greedy"));
            int contextLength = ids.length + greedy.length;
            ModelOptions options =
                    new ModelOptions(contextLength, ids.length, ids.length, KvType.F32, contextLength / 16 + 1, 16);
            try (Backend backend = new CpuBackend(2, arithmetic(model));
                    Checkpoint checkpoint = Checkpoint.open(model);
                    LanguageModel loaded =
                            ModelLoader.load(checkpoint, Families.of(checkpoint), backend, options, share -> {})) {
                checkSequence(new OneSequence(loaded), ids, greedy, expected);
            }
        }
    }

    /** Machine code multiplies quantised weights with activations of 8 bits; only plain Java computes what the reference does. */
    private static CpuArithmetic arithmetic(Path model) {
        return model.getFileName().toString().contains("mxfp4") ? CpuArithmetic.scalar() : CpuArithmetic.best();
    }

    private static void checkSequence(OneSequence sequence, int[] ids, int[] greedy, JsonNode expected) {
        float[][] logits = sequence.append(ids);
        float[] last = logits[ids.length - 1];
        float[] reference = floats(expected.get("ref64_b64").asString());
        for (int i = 0; i < reference.length; i++) {
            assertThat(last[i]).as("logit %d", i).isCloseTo(reference[i], within(1e-3f));
        }
        JsonNode logprobs = expected.get("next_logprobs");
        for (int i = 0; i + 1 < ids.length; i++) {
            assertThat(logprob(logits[i], ids[i + 1]))
                    .as("log-probability of token %d", i + 1)
                    .isCloseTo(logprobs.get(i).asDouble(), within(6e-3));
        }
        for (int token : greedy) {
            assertThat(argmax(last))
                    .as("greedy token of %s", expected.get("greedy_text"))
                    .isEqualTo(token);
            last = sequence.append(token)[0];
        }
    }

    private static int argmax(float[] logits) {
        int best = 0;
        for (int i = 1; i < logits.length; i++) {
            best = logits[i] > logits[best] ? i : best;
        }
        return best;
    }

    private static double logprob(float[] logits, int id) {
        double max = logits[argmax(logits)];
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit - max);
        }
        return logits[id] - max - Math.log(sum);
    }

    private static int[] ints(JsonNode array) {
        int[] values = new int[array.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = array.get(i).asInt();
        }
        return values;
    }

    private static float[] floats(String base64) {
        ByteBuffer bytes = ByteBuffer.wrap(Base64.getDecoder().decode(base64)).order(ByteOrder.LITTLE_ENDIAN);
        float[] values = new float[bytes.remaining() / 4];
        bytes.asFloatBuffer().get(values);
        return values;
    }
}
