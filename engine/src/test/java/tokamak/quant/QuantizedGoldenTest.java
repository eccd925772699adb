package tokamak.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
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
import tokamak.model.arch.Families;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** Quantised checkpoints say what a float64 reference says with their dequantised weights. */
class QuantizedGoldenTest {
    /** Activations of 8 bits, as the reference's authors allow. */
    private static final double ROUNDED = 2e-2;

    private static final double EXACT = 1e-3;

    /** Logits this far apart keep their order whatever the rounding. */
    private static final float CLEAR = 0.5f;

    @ParameterizedTest
    @ValueSource(strings = {"awq", "gptq", "fp8", "w8a8", "w4a16", "qwen3moe-fp8"})
    void logprobsAreThoseOfTheReference(String member) throws IOException {
        check(member, CpuArithmetic.best(), Integer.MAX_VALUE, ROUNDED);
    }

    @ParameterizedTest
    @ValueSource(strings = {"awq", "w8a8", "w4a16", "qwen3moe-fp8"})
    void plainJavaComputesThemExactly(String member) throws IOException {
        check(member, CpuArithmetic.scalar(), 1, EXACT);
    }

    private static void check(String member, CpuArithmetic arithmetic, int maxPrompts, double tolerance)
            throws IOException {
        Path folder = TestData.folder("models").resolve("stories260K-wide-" + member);
        JsonNode golden = new ObjectMapper()
                .readTree(folder.resolveSibling(folder.getFileName() + ".expected.json")
                        .toFile());
        for (JsonNode prompt : golden.valueStream().limit(maxPrompts).toList()) {
            int[] ids = Stream.of("ids", "greedy_ids")
                    .flatMap(key -> prompt.get(key).valueStream())
                    .mapToInt(JsonNode::asInt)
                    .toArray();
            float[][] logits = logits(folder, ids, arithmetic);
            double sum = 0;
            for (int i = 0; i + 1 < ids.length; i++) {
                sum += logprob(logits[i], ids[i + 1]);
            }
            assertThat(sum / (ids.length - 1))
                    .isCloseTo(prompt.get("mean_logprob").asDouble(), within(tolerance));
            for (int i = prompt.get("ids").size() - 1; i + 1 < ids.length; i++) {
                float best = logits[i][argmax(logits[i])];
                assertThat(best - logits[i][ids[i + 1]]).as("token %d", i + 1).isLessThan(CLEAR);
            }
        }
    }

    @Test
    void twinsInTwoLayoutsAgreeInEveryBit() throws IOException {
        Path models = TestData.folder("models");
        int[] ids = {1, 403, 407, 261, 378, 432};
        float[][] gptq = logits(models.resolve("stories260K-wide-gptq"), ids, CpuArithmetic.best());
        float[][] w4a16 = logits(models.resolve("stories260K-wide-w4a16"), ids, CpuArithmetic.best());
        assertThat(w4a16).isEqualTo(gptq);
    }

    @ParameterizedTest
    @ValueSource(strings = {"awq", "gptq", "fp8", "w8a8", "w4a16", "qwen3moe-fp8"})
    void packedWeightsTakeHardlyMoreThanTheFile(String member) throws IOException {
        Path folder = TestData.folder("models").resolve("stories260K-wide-" + member);
        try (Checkpoint checkpoint = Checkpoint.open(folder);
                CpuBackend backend = new CpuBackend(1);
                LanguageModel model = load(checkpoint, backend, 16)) {
            long activations = 600_000; // buffers of a step, which are as large for any weights
            assertThat(model.vocabSize()).isEqualTo(512);
            assertThat(backend.bytesInUse() - activations).isLessThan(checkpoint.tensorBytes() * 105 / 100);
        }
    }

    private static float[][] logits(Path folder, int[] ids, CpuArithmetic arithmetic) throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(folder);
                Backend backend = new CpuBackend(2, arithmetic);
                LanguageModel model = load(checkpoint, backend, ids.length)) {
            return new OneSequence(model).append(ids);
        }
    }

    private static LanguageModel load(Checkpoint checkpoint, Backend backend, int tokens) throws IOException {
        ModelOptions options = new ModelOptions(tokens, tokens, tokens, KvType.F32, tokens / 16 + 1, 16);
        return ModelLoader.load(checkpoint, Families.of(checkpoint), backend, options, share -> {});
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
}
