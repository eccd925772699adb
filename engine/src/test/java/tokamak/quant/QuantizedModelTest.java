package tokamak.quant;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
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

/** Whole models, with experts, whose linear layers are quantised answer as those of the same weights in float32 do. */
class QuantizedModelTest {
    private static final int VOCAB = 96;
    private static final int HIDDEN = 64;
    private static final int HEAD_DIM = 32;
    private static final int HEADS = 2;
    private static final int EXPERTS = 4;
    private static final int INTERMEDIATE = 96;
    private static final int[] IDS = {1, 17, 95, 3, 3, 42, 60, 8};

    private static final String CONFIG = """
            {"architectures": ["Qwen3MoeForCausalLM"], "model_type": "qwen3_moe", "hidden_size": 64,
             "intermediate_size": 96, "moe_intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 2,
             "num_key_value_heads": 1, "head_dim": 32, "vocab_size": 96, "max_position_embeddings": 64,
             "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "hidden_act": "silu", "tie_word_embeddings": false,
             "num_experts": 4, "num_experts_per_tok": 2, "norm_topk_prob": true, "decoder_sparse_step": 1,
             "mlp_only_layers": [] %s}
            """;

    @TempDir
    Path folder;

    /** Writes a layer in a method's layout and says what it stands for. */
    private interface Layout {
        float[][] layer(Quantiser quantiser, String module, int out, int in);
    }

    private static Layout layout(String method) {
        return switch (method) {
            case "awq" -> (q, module, out, in) -> q.awqGemm(module, out, in, 32);
            case "gptq" -> (q, module, out, in) -> q.gptq(module, out, in, 4, 32, false, false, 1);
            case "gptq of sorted columns" -> (q, module, out, in) -> q.gptq(module, out, in, 4, 32, true, true, 1);
            case "fp8" ->
                (q, module, out, in) ->
                        q.fp8(module, ".weight_scale_inv", out, in, 32, 32, (out + 31) / 32, (in + 31) / 32);
            case "w8a8" -> (q, module, out, in) -> q.int8(module, out, in, true, out, 1);
            case "w8a8 of asymmetric weights" -> (q, module, out, in) -> q.int8(module, out, in, false, out, 1);
            default -> (q, module, out, in) -> q.packed(module, out, in, 4, 32, false, true, true);
        };
    }

    private static String config(String method) {
        return switch (method) {
            case "awq" -> "{\"quant_method\": \"awq\", \"group_size\": 32}";
            case "gptq" -> "{\"quant_method\": \"gptq\", \"bits\": 4, \"group_size\": 32}";
            case "gptq of sorted columns" ->
                "{\"quant_method\": \"gptq\", \"bits\": 4, \"group_size\": 32, \"desc_act\": true}";
            case "fp8" -> "{\"quant_method\": \"fp8\", \"weight_block_size\": [32, 32]}";
            default ->
                """
                    {"quant_method": "compressed-tensors", "config_groups": {"group_0": {"targets": ["Linear"],
                     "weights": {"num_bits": %d, "symmetric": %b, "group_size": %s}}}}
                    """.formatted(
                                method.startsWith("w8") ? 8 : 4,
                                method.equals("w8a8"),
                                method.startsWith("w8") ? "null" : "32");
        };
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "awq",
                "gptq",
                "gptq of sorted columns",
                "fp8",
                "w8a8",
                "w8a8 of asymmetric weights",
                "w4a16 of sorted columns"
            })
    void answersAreThoseOfTheSameWeights(String method) throws IOException {
        Layout layout = layout(method);
        Path plain = Files.createDirectory(folder.resolve("plain"));
        Path quantised = Files.createDirectory(folder.resolve("quantised"));
        Quantiser quantiser = new Quantiser(method.hashCode());
        SafetensorsWriter floats = new SafetensorsWriter();
        addShared(floats, 1);
        addShared(quantiser.file(), 1);
        for (int layer = 0; layer < 2; layer++) {
            String block = "model.layers." + layer + ".";
            for (Object[] linear : new Object[][] {
                {"self_attn.q_proj", HEADS * HEAD_DIM, HIDDEN},
                {"self_attn.k_proj", HEAD_DIM, HIDDEN},
                {"self_attn.v_proj", HEAD_DIM, HIDDEN},
                {"self_attn.o_proj", HIDDEN, HEADS * HEAD_DIM}
            }) {
                add(layout, quantiser, floats, block + linear[0], (int) linear[1], (int) linear[2]);
            }
            for (int e = 0; e < EXPERTS; e++) {
                String expert = block + "mlp.experts." + e + ".";
                add(layout, quantiser, floats, expert + "gate_proj", INTERMEDIATE, HIDDEN);
                add(layout, quantiser, floats, expert + "up_proj", INTERMEDIATE, HIDDEN);
                add(layout, quantiser, floats, expert + "down_proj", HIDDEN, INTERMEDIATE);
            }
        }
        Files.writeString(plain.resolve("config.json"), CONFIG.formatted(""));
        floats.write(plain.resolve("model.safetensors"));
        quantiser.write(quantised, CONFIG.formatted(", \"quantization_config\": " + config(method)));
        assertThat(distance(logits(quantised, CpuArithmetic.scalar()), logits(plain, CpuArithmetic.scalar())))
                .isLessThan(1e-4);
        assertThat(distance(logits(quantised, CpuArithmetic.best()), logits(plain, CpuArithmetic.best())))
                .isLessThan(0.05);
    }

    private static void add(
            Layout layout, Quantiser quantiser, SafetensorsWriter floats, String module, int out, int in) {
        float[][] weights = layout.layer(quantiser, module, out, in);
        float[] flat = new float[out * in];
        for (int n = 0; n < out; n++) {
            System.arraycopy(weights[n], 0, flat, n * in, in);
        }
        floats.tensor(module + ".weight", flat, out, in);
    }

    /** What is not quantised. */
    private static void addShared(SafetensorsWriter file, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        file.tensor("model.embed_tokens.weight", floats(random, VOCAB * HIDDEN, -1), VOCAB, HIDDEN);
        // some tools fill the vocabulary up
        file.tensor("lm_head.weight", floats(random, (VOCAB + 32) * HIDDEN, -1), VOCAB + 32, HIDDEN);
        file.tensor("model.norm.weight", floats(random, HIDDEN, 0.5), HIDDEN);
        for (int layer = 0; layer < 2; layer++) {
            String block = "model.layers." + layer + ".";
            file.tensor(block + "input_layernorm.weight", floats(random, HIDDEN, 0.5), HIDDEN);
            file.tensor(block + "post_attention_layernorm.weight", floats(random, HIDDEN, 0.5), HIDDEN);
            file.tensor(block + "self_attn.q_norm.weight", floats(random, HEAD_DIM, 0.5), HEAD_DIM);
            file.tensor(block + "self_attn.k_norm.weight", floats(random, HEAD_DIM, 0.5), HEAD_DIM);
            file.tensor(block + "mlp.gate.weight", floats(random, EXPERTS * HIDDEN, -1), EXPERTS, HIDDEN);
        }
    }

    private static float[] floats(SplittableRandom random, int count, double from) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextDouble(from, 1);
        }
        return values;
    }

    /** Root mean square difference, by the logits' own size. */
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

    private static float[][] logits(Path model, CpuArithmetic arithmetic) throws IOException {
        ModelOptions options = new ModelOptions(IDS.length, IDS.length, IDS.length, KvType.F32, 1, 16);
        try (Checkpoint checkpoint = Checkpoint.open(model);
                Backend backend = new CpuBackend(2, arithmetic);
                LanguageModel loaded =
                        ModelLoader.load(checkpoint, Families.of(checkpoint), backend, options, share -> {})) {
            assertThat(loaded.vocabSize()).isEqualTo(VOCAB);
            return new OneSequence(loaded).append(IDS);
        }
    }
}
