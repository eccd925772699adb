package tokamak.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tokamak.backend.Backend;
import tokamak.backend.KvType;
import tokamak.backend.cpu.CpuArithmetic;
import tokamak.backend.cpu.CpuBackend;
import tokamak.file.Checkpoint;
import tokamak.file.ModelFormatException;
import tokamak.file.SafetensorsWriter;
import tokamak.model.LanguageModel;
import tokamak.model.ModelLoader;
import tokamak.model.ModelOptions;
import tokamak.model.OneSequence;
import tokamak.model.arch.Families;
import tokamak.tensor.DType;

/** A quantised model shared out over TensorRT-LLM's ranks answers as its numbers do in a Hugging Face folder. */
class TrtLlmQuantizedTest {
    private static final int HIDDEN = 64;
    private static final int KV_ROWS = 32;
    private static final int UNITS = 128;
    private static final int VOCAB = 90;
    private static final int[] IDS = {1, 17, 89, 3, 3, 42};

    @TempDir
    Path folder;

    private final SplittableRandom random = new SplittableRandom(5);
    private final SafetensorsWriter whole = new SafetensorsWriter();
    private final List<SafetensorsWriter> ranks = new ArrayList<>();
    private String algorithm = "";

    /** A quantised matrix: {@code codes [out][in]}, {@code scales [out][groups]}, and what inputs are multiplied by. */
    private record Codes(int[][] codes, float[][] scales, float[] factors) {
        float[] numbers() {
            int columns = codes[0].length;
            float[] numbers = new float[codes.length * columns];
            for (int i = 0; i < numbers.length; i++) {
                int row = i / columns;
                int k = i % columns;
                int size = columns / scales[row].length;
                numbers[i] = codes[row][k] * scales[row][k / size] * factors[k];
            }
            return numbers;
        }
    }

    @ParameterizedTest
    @CsvSource({
        "W8A16, 1",
        "W8A16, 2",
        "W4A16, 1",
        "W4A16_AWQ, 1",
        "W4A16_AWQ, 2",
        "W8A8_SQ_PER_CHANNEL, 2",
        "W8A8_SQ_PER_CHANNEL_PER_TOKEN_PLUGIN, 2",
        "W8A8_SQ_PER_TENSOR_PER_TOKEN_PLUGIN, 1"
    })
    void ranksTogetherAreTheWholeModel(String algorithm, int tp) throws IOException {
        write(algorithm, tp, "LlamaForCausalLM", false);
        float[] expected = logits(folder.resolve("hf"), CpuArithmetic.scalar());
        float[] scalar = logits(folder.resolve("trt"), CpuArithmetic.scalar());
        float[] best = logits(folder.resolve("trt"), CpuArithmetic.best());
        for (int i = 0; i < expected.length; i++) {
            assertThat(scalar[i]).as("logit %d", i).isCloseTo(expected[i], within(2e-3f));
            assertThat(best[i]).as("logit %d by kernels", i).isCloseTo(expected[i], within(0.1f));
        }
    }

    @Test
    void qwensBiasesComeAlong() throws IOException {
        write("W4A16_AWQ", 2, "Qwen2ForCausalLM", true);
        float[] expected = logits(folder.resolve("hf"), CpuArithmetic.scalar());
        assertThat(logits(folder.resolve("trt"), CpuArithmetic.scalar())).containsExactly(expected, within(2e-3f));
    }

    @Test
    void weightsArrangedForAGraphicsProcessorAreRefused() throws IOException {
        new SafetensorsWriter()
                .tensor("transformer.vocab_embedding.weight", new float[VOCAB * HIDDEN], VOCAB, HIDDEN)
                .tensor("transformer.layers.0.mlp.fc.weight", DType.I8, new long[] {64, 128}, new byte[64 * 128])
                .tensor("transformer.layers.0.mlp.fc.per_channel_scale", new float[128], 128)
                .write(folder.resolve("rank0.safetensors"));
        Files.writeString(folder.resolve("config.json"), config("""
                "architecture": "LlamaForCausalLM", "quantization": {"quant_algo": "W8A16"}"""));
        assertThatThrownBy(() -> Checkpoint.open(folder))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("mlp.fc.weight")
                .hasMessageContaining("graphics processor");
        for (String[] c : new String[][] {
            {"W4A16_GPTQ", "", "W4A16_GPTQ"},
            {"W4A8_AWQ", "", "W4A8_AWQ"},
            {"W8A8_SQ_PER_TENSOR_PLUGIN", "", "W8A8_SQ_PER_TENSOR_PLUGIN"},
            {"NVFP4", "", "NVFP4"},
            {"W4A16_AWQ", ", \"has_zero_point\": true", "zero points"}
        }) {
            Files.writeString(folder.resolve("config.json"), config("""
                    "architecture": "LlamaForCausalLM", "quantization": {"quant_algo": "%s"%s}""".formatted(c[0], c[1])));
            assertThatThrownBy(() -> Checkpoint.open(folder))
                    .isInstanceOf(ModelFormatException.class)
                    .hasMessageContaining(c[2]);
        }
    }

    // ---- a model of one layer ----

    private void write(String algorithm, int tp, String architecture, boolean biases) throws IOException {
        this.algorithm = algorithm;
        for (int rank = 0; rank < tp; rank++) {
            ranks.add(new SafetensorsWriter());
        }
        same("model.embed_tokens.weight", "transformer.vocab_embedding.weight", VOCAB, HIDDEN);
        same("model.norm.weight", "transformer.ln_f.weight", HIDDEN);
        same("model.layers.0.input_layernorm.weight", "transformer.layers.0.input_layernorm.weight", HIDDEN);
        same("model.layers.0.post_attention_layernorm.weight", "transformer.layers.0.post_layernorm.weight", HIDDEN);
        attention(biases);
        Codes fc = matrix(UNITS, HIDDEN, factors(HIDDEN));
        Codes gate = matrix(UNITS, HIDDEN, factors(HIDDEN));
        addRows("mlp.fc", "mlp.gate_proj", fc);
        addRows("mlp.gate", "mlp.up_proj", gate);
        addColumns("mlp.proj", "mlp.down_proj", matrix(HIDDEN, UNITS, factors(UNITS)));
        Path trt = Files.createDirectory(folder.resolve("trt"));
        Path hf = Files.createDirectory(folder.resolve("hf"));
        whole.write(hf.resolve("model.safetensors"));
        for (int rank = 0; rank < tp; rank++) {
            ranks.get(rank).write(trt.resolve("rank" + rank + ".safetensors"));
        }
        Files.writeString(trt.resolve("config.json"), config("""
                "architecture": "%s", "norm_epsilon": 1e-6, "rotary_base": 5000.0,
                "mapping": {"world_size": %d, "tp_size": %d},
                "quantization": {"quant_algo": "%s", "kv_cache_quant_algo": "INT8", "group_size": 32,
                                 "has_zero_point": false, "pre_quant_scale": true, "exclude_modules": ["lm_head"]}
                """.formatted(architecture, tp, tp, algorithm)));
        Files.writeString(hf.resolve("config.json"), config("""
                "architectures": ["%s"], "model_type": "%s", "rms_norm_eps": 1e-6, "rope_theta": 5000.0,
                "tie_word_embeddings": true
                """.formatted(
                        architecture, architecture.startsWith("Qwen") ? "qwen2" : "llama")));
    }

    private void attention(boolean biases) {
        float[] factors = factors(HIDDEN);
        Codes q = matrix(HIDDEN, HIDDEN, factors);
        Codes k = matrix(KV_ROWS, HIDDEN, factors);
        Codes v = matrix(KV_ROWS, HIDDEN, factors);
        Codes[] parts = {q, k, v};
        float[][] bias = {numbers(HIDDEN), numbers(KV_ROWS), numbers(KV_ROWS)};
        String[] names = {"q_proj", "k_proj", "v_proj"};
        for (int i = 0; i < names.length; i++) {
            addWhole("self_attn." + names[i], parts[i]);
            if (biases) {
                whole.tensor("model.layers.0.self_attn." + names[i] + ".bias", bias[i], bias[i].length);
            }
        }
        for (int t = 0; t < ranks.size(); t++) {
            Codes share = below(below(part(q, t), part(k, t)), part(v, t));
            addShare(t, "attention.qkv", share);
            if (biases) {
                float[] all = new float[0];
                for (float[] numbers : bias) {
                    int size = numbers.length / ranks.size();
                    int at = all.length;
                    all = Arrays.copyOf(all, at + size);
                    System.arraycopy(numbers, t * size, all, at, size);
                }
                ranks.get(t).tensor("transformer.layers.0.attention.qkv.bias", all, all.length);
            }
            ranks.get(t).tensor("transformer.layers.0.attention.kv_cache_scaling_factor", new float[] {3}, 1);
        }
        addColumns("attention.dense", "self_attn.o_proj", matrix(HIDDEN, HIDDEN, factors(HIDDEN)));
    }

    private boolean smooths() {
        return algorithm.contains("AWQ") || algorithm.contains("SQ");
    }

    private float[] factors(int count) {
        float[] factors = new float[count];
        for (int i = 0; i < count; i++) {
            factors[i] = smooths() ? (float) random.nextDouble(0.5, 2) : 1;
        }
        return factors;
    }

    private Codes matrix(int rows, int columns, float[] factors) {
        int most = algorithm.startsWith("W4") ? 7 : 127;
        int groups = algorithm.equals("W4A16_AWQ") ? columns / 32 : 1;
        int[][] codes = new int[rows][columns];
        float[][] scales = new float[rows][groups];
        float common = (float) random.nextDouble(0.1, 0.3) / most;
        for (int row = 0; row < rows; row++) {
            for (int k = 0; k < columns; k++) {
                codes[row][k] = random.nextInt(-most - 1, most + 1);
            }
            for (int g = 0; g < groups; g++) {
                scales[row][g] = algorithm.contains("PER_TENSOR_PER")
                        ? common
                        : Float.float16ToFloat(Float.floatToFloat16((float) random.nextDouble(0.1, 0.3) / most));
            }
        }
        return new Codes(codes, scales, factors);
    }

    private Codes part(Codes all, int t) {
        int size = all.codes().length / ranks.size();
        return new Codes(
                Arrays.copyOfRange(all.codes(), t * size, (t + 1) * size),
                Arrays.copyOfRange(all.scales(), t * size, (t + 1) * size),
                all.factors());
    }

    private static Codes below(Codes upper, Codes lower) {
        int[][] codes = Arrays.copyOf(upper.codes(), upper.codes().length + lower.codes().length);
        float[][] scales = Arrays.copyOf(upper.scales(), codes.length);
        System.arraycopy(lower.codes(), 0, codes, upper.codes().length, lower.codes().length);
        System.arraycopy(lower.scales(), 0, scales, upper.codes().length, lower.codes().length);
        return new Codes(codes, scales, upper.factors());
    }

    private void addWhole(String to, Codes codes) {
        whole.tensor(
                "model.layers.0." + to + ".weight", codes.numbers(), codes.codes().length, codes.codes()[0].length);
    }

    private void addRows(String from, String to, Codes codes) {
        addWhole(to, codes);
        for (int t = 0; t < ranks.size(); t++) {
            addShare(t, from, part(codes, t));
        }
    }

    private void addColumns(String from, String to, Codes codes) {
        addWhole(to, codes);
        for (int t = 0; t < ranks.size(); t++) {
            int first = t;
            int size = codes.codes()[0].length / ranks.size();
            int groups = codes.scales()[0].length;
            int perRank = Math.max(1, groups / ranks.size());
            addShare(
                    t,
                    from,
                    new Codes(
                            Arrays.stream(codes.codes())
                                    .map(row -> Arrays.copyOfRange(row, first * size, (first + 1) * size))
                                    .toArray(int[][]::new),
                            Arrays.stream(codes.scales())
                                    .map(row -> groups == 1
                                            ? row
                                            : Arrays.copyOfRange(row, first * perRank, (first + 1) * perRank))
                                    .toArray(float[][]::new),
                            Arrays.copyOfRange(codes.factors(), t * size, (t + 1) * size)));
        }
    }

    private void addShare(int rank, String name, Codes codes) {
        String module = "transformer.layers.0." + name;
        SafetensorsWriter file = ranks.get(rank);
        int rows = codes.codes().length;
        int columns = codes.codes()[0].length;
        boolean pairs = algorithm.startsWith("W4");
        byte[] bytes = new byte[rows * columns / (pairs ? 2 : 1)];
        for (int row = 0; row < rows; row++) {
            for (int k = 0; k < columns; k++) {
                int code = codes.codes()[row][k];
                if (pairs) {
                    bytes[row / 2 * columns + k] |= (byte) ((code & 15) << row % 2 * 4);
                } else {
                    bytes[row * columns + k] = (byte) code;
                }
            }
        }
        file.tensor(module + ".weight", DType.I8, new long[] {pairs ? rows / 2 : rows, columns}, bytes);
        float[] scales = new float[rows * codes.scales()[0].length];
        for (int i = 0; i < scales.length; i++) {
            scales[i] = codes.scales()[i / codes.scales()[0].length][i % codes.scales()[0].length];
        }
        switch (algorithm) {
            case "W4A16_AWQ" -> file.tensor(module + ".weights_scaling_factor", scales, rows, scales.length / rows);
            case "W8A8_SQ_PER_CHANNEL" -> file.tensor(module + ".weights_scaling_factor", scales, rows);
            case "W8A8_SQ_PER_TENSOR_PER_TOKEN_PLUGIN" ->
                file.tensor(
                        module + ".per_channel_scale",
                        // query, key and value have a scale for every row even so
                        name.endsWith("qkv") ? scales : Arrays.copyOf(scales, 1),
                        1,
                        name.endsWith("qkv") ? rows : 1);
            case "W8A8_SQ_PER_CHANNEL_PER_TOKEN_PLUGIN" -> file.tensor(module + ".per_channel_scale", scales, 1, rows);
            default -> file.tensor(module + ".per_channel_scale", scales, rows);
        }
        if (algorithm.contains("PLUGIN")) {
            float[] divisors = codes.factors().clone();
            for (int i = 0; i < divisors.length; i++) {
                divisors[i] = 1 / divisors[i];
            }
            file.tensor(module + ".smoother", divisors, 1, divisors.length);
        } else if (smooths()) {
            file.tensor(module + ".prequant_scaling_factor", codes.factors(), codes.factors().length);
            file.tensor(module + ".activation_scaling_factor", new float[] {2}, 1);
        }
    }

    private float[] numbers(int count) {
        float[] numbers = new float[count];
        for (int i = 0; i < count; i++) {
            numbers[i] = (float) random.nextDouble(-0.3, 0.3);
        }
        return numbers;
    }

    private void same(String hf, String trt, long... shape) {
        float[] numbers = numbers((int) Arrays.stream(shape).reduce(1, (a, b) -> a * b));
        whole.tensor(hf, numbers, shape);
        ranks.forEach(rank -> rank.tensor(trt, numbers, shape));
    }

    private static String config(String more) {
        return """
                {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 1, "num_attention_heads": 4,
                 "num_key_value_heads": 2, "head_size": 16, "head_dim": 16, "vocab_size": 90,
                 "max_position_embeddings": 64, %s}
                """.formatted(more);
    }

    private static float[] logits(Path model, CpuArithmetic arithmetic) throws IOException {
        ModelOptions options = new ModelOptions(IDS.length, IDS.length, IDS.length, KvType.F32, 1, 16);
        try (Checkpoint checkpoint = Checkpoint.open(model);
                Backend backend = new CpuBackend(1, arithmetic);
                LanguageModel loaded =
                        ModelLoader.load(checkpoint, Families.of(checkpoint), backend, options, share -> {})) {
            float[][] rows = new OneSequence(loaded).append(IDS);
            return rows[rows.length - 1];
        }
    }
}
