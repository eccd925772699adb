package tokamak.quant;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import tokamak.TestData;
import tokamak.backend.Backend;
import tokamak.backend.KvType;
import tokamak.backend.cpu.CpuArithmetic;
import tokamak.backend.cpu.CpuBackend;
import tokamak.file.Checkpoint;
import tokamak.file.SafetensorsWriter;
import tokamak.model.LanguageModel;
import tokamak.model.ModelLoader;
import tokamak.model.ModelOptions;
import tokamak.model.OneSequence;
import tokamak.model.arch.Families;
import tokamak.tensor.Tensor;

/** Families of models with all their linear layers quantised: fused, of experts, with biases, tied or not. */
class QuantizedFamiliesTest {
    private static final int[] IDS = {1, 17, 89, 3, 3, 42};
    private static final int GROUP = 32;

    private static final Set<String> FAMILIES = Set.of(
            "command-r-hf",
            "ernie4_5-moe-hf",
            "gemma2-hf",
            "glm4moe-hf",
            "gpt-oss-hf",
            "gptneox-hf",
            "granitemoe-hf",
            "llama-bias-mha-hf",
            "llama3-rope-tied-hf",
            "mixtral-hf",
            "olmoe-hf",
            "phi3-plain-hf",
            "qwen2-hf",
            "qwen2moe-hf",
            "qwen3moe-hf",
            "starcoder2-hf");

    @TempDir
    Path folder;

    private enum Method {
        AWQ("{\"quant_method\": \"awq\", \"bits\": 4, \"group_size\": 32, \"version\": \"gemm\"}"),
        GPTQ("{\"quant_method\": \"gptq\", \"bits\": 4, \"group_size\": 32, \"desc_act\": true, \"lm_head\": true}"),
        PACKED("""
                {"quant_method": "compressed-tensors", "format": "pack-quantized", "kv_cache_scheme": null,
                 "config_groups": {"group_0": {"targets": ["Linear"], "weights": {"num_bits": 8, "type": "int",
                  "strategy": "group", "group_size": 32, "symmetric": true}}}, "ignore": ["re:.*lm_head"]}
                """),
        FP8("{\"quant_method\": \"fp8\", \"weight_block_size\": [32, 32], \"activation_scheme\": \"dynamic\"}");

        private final String config;

        Method(String config) {
            this.config = config;
        }

        float[][] layer(Quantiser quantiser, String module, int out, int in) {
            return switch (this) {
                case AWQ -> quantiser.awqGemm(module, out, in, GROUP);
                case GPTQ -> quantiser.gptq(module, out, in, 4, GROUP, true, true, 1);
                case PACKED -> quantiser.packed(module, out, in, 8, GROUP, true, false, true);
                case FP8 ->
                    quantiser.fp8(module, ".weight_scale_inv", out, in, 32, 32, (out + 31) / 32, (in + 31) / 32);
            };
        }
    }

    @TestFactory
    List<DynamicTest> answersAreThoseOfTheSameWeights() throws IOException {
        Path arch = TestData.folder("arch");
        List<DynamicTest> tests = new ArrayList<>();
        try (Stream<Path> members = Files.list(arch)) {
            for (Path member : members.filter(
                            path -> FAMILIES.contains(path.getFileName().toString()))
                    .sorted(Comparator.comparing(Path::toString))
                    .toList()) {
                for (Method method : Method.values()) {
                    tests.add(
                            DynamicTest.dynamicTest(member.getFileName() + " " + method, () -> check(member, method)));
                }
            }
        }
        return tests;
    }

    private void check(Path member, Method method) throws IOException {
        Path plain = Files.createTempDirectory(folder, "plain");
        Path quantised = Files.createTempDirectory(folder, "quantised");
        SafetensorsWriter floats = new SafetensorsWriter();
        Quantiser quantiser = new Quantiser(member.toString().length());
        int layers = 0;
        try (Checkpoint checkpoint = Checkpoint.open(member)) {
            for (String name : checkpoint.tensorNames()) {
                Tensor tensor = checkpoint.tensor(name);
                if (isLinear(tensor, method)) {
                    String module = name.substring(0, name.length() - ".weight".length());
                    int out = (int) tensor.dim(0);
                    int in = (int) tensor.dim(1);
                    float[] flat = new float[out * in];
                    float[][] weights = method.layer(quantiser, module, out, in);
                    for (int i = 0; i < flat.length; i++) {
                        flat[i] = weights[i / in][i % in];
                    }
                    floats.tensor(name, flat, out, in);
                    if (method == Method.GPTQ
                            && checkpoint.find(module + ".bias").isEmpty()) {
                        // older tools give every layer a bias
                        quantiser.file().tensor(module + ".bias", new float[out], out);
                    }
                    layers++;
                } else {
                    byte[] bytes = tensor.data().toArray(JAVA_BYTE);
                    floats.tensor(name, tensor.dtype(), tensor.shape(), bytes);
                    quantiser.file().tensor(name, tensor.dtype(), tensor.shape(), bytes);
                }
            }
        }
        assertThat(layers).isPositive();
        String config = Files.readString(member.resolve("config.json")).strip();
        Files.writeString(plain.resolve("config.json"), config);
        floats.write(plain.resolve("model.safetensors"));
        quantiser.write(
                quantised,
                config.substring(0, config.length() - 1) + ", \"quantization_config\": " + method.config + "}");
        assertThat(distance(logits(quantised), logits(plain))).isLessThan(1e-3);
    }

    private static boolean isLinear(Tensor tensor, Method method) {
        String name = tensor.name();
        boolean output = name.equals("lm_head.weight");
        boolean kept = Stream.of("embed", "norm", ".gate.weight", "router", "expert_gate", "conv", "in_proj_ba")
                .anyMatch(name::contains);
        return name.endsWith(".weight")
                && tensor.rank() == 2
                && !kept
                && (!output || method == Method.GPTQ)
                && Arrays.stream(tensor.shape()).allMatch(size -> size % GROUP == 0);
    }

    private static double distance(float[][] found, float[][] expected) {
        double difference = 0;
        double size = 0;
        for (int row = 0; row < expected.length; row++) {
            for (int i = 0; i < expected[row].length; i++) {
                difference += Math.pow(found[row][i] - expected[row][i], 2);
                size += Math.pow(expected[row][i], 2);
            }
        }
        return Math.sqrt(difference / size);
    }

    private static float[][] logits(Path model) throws IOException {
        ModelOptions options = new ModelOptions(64, IDS.length, IDS.length, KvType.F32, 4, 16);
        try (Checkpoint checkpoint = Checkpoint.open(model);
                Backend backend = new CpuBackend(1, CpuArithmetic.scalar());
                LanguageModel loaded =
                        ModelLoader.load(checkpoint, Families.of(checkpoint), backend, options, share -> {})) {
            return new OneSequence(loaded).append(IDS);
        }
    }
}
