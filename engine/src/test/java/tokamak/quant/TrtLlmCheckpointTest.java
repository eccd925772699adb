package tokamak.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tokamak.backend.Backend;
import tokamak.backend.KvType;
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

/** A model shared out over ranks as TensorRT-LLM has it answers as the whole one does. */
class TrtLlmCheckpointTest {
    private static final int HIDDEN = 64;
    private static final int HEADS = 4;
    private static final int HEAD_DIM = 16;
    private static final int INTERMEDIATE = 96;
    private static final int VOCAB = 90;
    private static final int LAYERS = 4;
    private static final int[] IDS = {1, 17, 89, 3, 3, 42};

    @TempDir
    Path folder;

    private final SplittableRandom random = new SplittableRandom(3);
    private final SafetensorsWriter whole = new SafetensorsWriter();
    private final List<SafetensorsWriter> ranks = new ArrayList<>();
    private int tensorParallel;

    @ParameterizedTest
    @CsvSource({"1, 1, 2", "2, 1, 2", "1, 2, 2", "2, 2, 2", "4, 1, 2", "4, 2, 1"})
    void ranksTogetherAreTheWholeModel(int tp, int pp, int kvHeads) throws IOException {
        tensorParallel = tp;
        for (int rank = 0; rank < tp * pp; rank++) {
            ranks.add(new SafetensorsWriter());
        }
        float[] embedding = numbers(VOCAB * HIDDEN);
        whole.tensor("model.embed_tokens.weight", embedding, VOCAB, HIDDEN);
        shared(0, "transformer.vocab_embedding.weight", embedding, VOCAB, HIDDEN);
        copied(pp - 1, "model.norm.weight", "transformer.ln_f.weight");
        // the vocabulary is filled up so that ranks get equal shares
        float[] output = numbers(96 * HIDDEN);
        whole.tensor("lm_head.weight", java.util.Arrays.copyOf(output, VOCAB * HIDDEN), VOCAB, HIDDEN);
        rows(pp - 1, "lm_head.weight", output, HIDDEN);
        for (int layer = 0; layer < LAYERS; layer++) {
            int perStretch = LAYERS / pp;
            addLayer(layer, layer / perStretch, "transformer.layers." + layer % perStretch + ".", kvHeads);
        }
        Path trt = Files.createDirectory(folder.resolve("trt"));
        Path hf = Files.createDirectory(folder.resolve("hf"));
        Files.writeString(trt.resolve("config.json"), config("""
                "architecture": "LlamaForCausalLM", "norm_epsilon": 1e-6, "rotary_base": 5000.0, "hidden_act": "silu",
                "mapping": {"world_size": %d, "tp_size": %d, "pp_size": %d}
                """.formatted(tp * pp, tp, pp), kvHeads));
        Files.writeString(hf.resolve("config.json"), config("""
                "architectures": ["LlamaForCausalLM"], "model_type": "llama", "rms_norm_eps": 1e-6, "rope_theta": 5000.0
                """, kvHeads));
        whole.write(hf.resolve("model.safetensors"));
        for (int rank = 0; rank < ranks.size(); rank++) {
            ranks.get(rank).write(trt.resolve("rank" + rank + ".safetensors"));
        }
        assertThat(logits(trt)).isEqualTo(logits(hf));
        if (ranks.size() > 1) {
            Files.delete(trt.resolve("rank1.safetensors"));
            assertThatThrownBy(() -> Checkpoint.open(trt))
                    .isInstanceOf(ModelFormatException.class)
                    .hasMessageContaining("rank1.safetensors");
        }
    }

    @Test
    void queriesKeysAndValuesNeedTheirRows() throws IOException {
        Files.writeString(folder.resolve("config.json"), config("\"architecture\": \"LlamaForCausalLM\"", 4));
        for (long[] shape : new long[][] {{}, {3 * HIDDEN / 2, HIDDEN}}) {
            int count = (int) java.util.stream.LongStream.of(shape).reduce(1, (a, b) -> a * b);
            new SafetensorsWriter()
                    .tensor("transformer.vocab_embedding.weight", new float[VOCAB * HIDDEN], VOCAB, HIDDEN)
                    .tensor("transformer.layers.0.attention.qkv.weight", new float[count], shape)
                    .write(folder.resolve("rank0.safetensors"));
            assertThatThrownBy(() -> Checkpoint.open(folder))
                    .isInstanceOf(ModelFormatException.class)
                    .hasMessageContaining("attention.qkv.weight")
                    .hasMessageContaining("expected 64 + 2 x 64 rows");
        }
    }

    @Test
    void fp8HasAScaleForEveryMatrix() throws IOException {
        Quantiser quantiser = new Quantiser(1);
        float[][] expected = quantiser.fp8(
                "transformer.layers.0.mlp.proj",
                ".weights_scaling_factor",
                HIDDEN,
                INTERMEDIATE,
                HIDDEN,
                INTERMEDIATE,
                1);
        quantiser.file().tensor("transformer.vocab_embedding.weight", new float[VOCAB * HIDDEN], VOCAB, HIDDEN);
        quantiser.file().tensor("transformer.layers.0.mlp.proj.activation_scaling_factor", new float[] {2}, 1);
        quantiser.file().write(folder.resolve("rank0.safetensors"));
        Files.writeString(
                folder.resolve("config.json"),
                config("\"architecture\": \"LlamaForCausalLM\", \"quantization\": {\"quant_algo\": \"FP8\"}", 4));
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            tokamak.tensor.Matrix matrix = QuantizedLayers.of((tokamak.file.HfCheckpoint) checkpoint)
                    .find("model.layers.0.mlp.down_proj")
                    .orElseThrow()
                    .matrix();
            assertThat(matrix.rows()).isEqualTo(expected.length);
            assertThat(checkpoint.tensorNames())
                    .doesNotContain("transformer.layers.0.mlp.proj.activation_scaling_factor");
        }
    }

    @Test
    void whatIsNotSupportedIsNamed() throws IOException {
        new SafetensorsWriter()
                .tensor("x", DType.F32, new long[] {1}, new byte[4])
                .write(folder.resolve("rank0.safetensors"));
        for (String[] c : new String[][] {
            {"\"architecture\": \"FalconForCausalLM\"", "FalconForCausalLM"},
            {"\"architecture\": \"QWenForCausalLM\", \"qwen_type\": \"qwen\"", "of type 'qwen'"},
            {"\"architecture\": \"LlamaForCausalLM\", \"quantization\": {\"quant_algo\": \"W4A8_AWQ\"}", "W4A8_AWQ"},
            {"\"architecture\": \"LlamaForCausalLM\", \"mapping\": {\"tp_size\": 3}", "shared evenly"},
            {"\"architecture\": \"LlamaForCausalLM\"", "vocab_embedding"},
        }) {
            Files.writeString(folder.resolve("config.json"), config(c[0], 4));
            assertThatThrownBy(() -> Checkpoint.open(folder))
                    .isInstanceOf(ModelFormatException.class)
                    .hasMessageContaining(c[1])
                    .hasMessageContaining(folder.toString());
        }
    }

    private static String config(String more, int kvHeads) {
        return """
                {"hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 4, "num_attention_heads": 4,
                 "num_key_value_heads": %d, "head_size": 16, "head_dim": 16, "vocab_size": 90,
                 "max_position_embeddings": 64, %s}
                """.formatted(kvHeads, more);
    }

    private void addLayer(int layer, int stretch, String to, int kvHeads) {
        String from = "model.layers." + layer + ".";
        copied(stretch, from + "input_layernorm.weight", to + "input_layernorm.weight");
        copied(stretch, from + "post_attention_layernorm.weight", to + "post_layernorm.weight");
        float[] q = matrix(from + "self_attn.q_proj.weight", HEADS * HEAD_DIM, HIDDEN);
        float[] k = matrix(from + "self_attn.k_proj.weight", kvHeads * HEAD_DIM, HIDDEN);
        float[] v = matrix(from + "self_attn.v_proj.weight", kvHeads * HEAD_DIM, HIDDEN);
        for (int t = 0; t < tensorParallel; t++) {
            int keyHeads = Math.max(1, kvHeads / tensorParallel);
            int firstKey = t * kvHeads / tensorParallel * HEAD_DIM * HIDDEN;
            int queries = HEADS / tensorParallel * HEAD_DIM * HIDDEN;
            int keys = keyHeads * HEAD_DIM * HIDDEN;
            float[] share = new float[queries + 2 * keys];
            System.arraycopy(q, t * queries, share, 0, queries);
            System.arraycopy(k, firstKey, share, queries, keys);
            System.arraycopy(v, firstKey, share, queries + keys, keys);
            ranks.get(stretch * tensorParallel + t)
                    .tensor(to + "attention.qkv.weight", share, share.length / HIDDEN, HIDDEN);
        }
        columns(stretch, to + "attention.dense.weight", matrix(from + "self_attn.o_proj.weight", HIDDEN, 64), 64);
        rows(stretch, to + "mlp.fc.weight", matrix(from + "mlp.gate_proj.weight", INTERMEDIATE, HIDDEN), HIDDEN);
        rows(stretch, to + "mlp.gate.weight", matrix(from + "mlp.up_proj.weight", INTERMEDIATE, HIDDEN), HIDDEN);
        columns(
                stretch,
                to + "mlp.proj.weight",
                matrix(from + "mlp.down_proj.weight", HIDDEN, INTERMEDIATE),
                INTERMEDIATE);
    }

    private float[] numbers(int count) {
        float[] numbers = new float[count];
        for (int i = 0; i < count; i++) {
            numbers[i] = (float) random.nextDouble(-0.3, 0.3);
        }
        return numbers;
    }

    private float[] matrix(String name, int rows, int columns) {
        float[] numbers = numbers(rows * columns);
        whole.tensor(name, numbers, rows, columns);
        return numbers;
    }

    private void copied(int stretch, String name, String copy) {
        float[] numbers = numbers(HIDDEN);
        whole.tensor(name, numbers, HIDDEN);
        shared(stretch, copy, numbers, HIDDEN);
    }

    private void shared(int stretch, String name, float[] numbers, long... shape) {
        for (int t = 0; t < tensorParallel; t++) {
            ranks.get(stretch * tensorParallel + t).tensor(name, numbers, shape);
        }
    }

    private void rows(int stretch, String name, float[] numbers, int columns) {
        int size = numbers.length / tensorParallel;
        for (int t = 0; t < tensorParallel; t++) {
            float[] share = java.util.Arrays.copyOfRange(numbers, t * size, (t + 1) * size);
            ranks.get(stretch * tensorParallel + t).tensor(name, share, size / columns, columns);
        }
    }

    private void columns(int stretch, String name, float[] numbers, int columns) {
        int width = columns / tensorParallel;
        int rows = numbers.length / columns;
        for (int t = 0; t < tensorParallel; t++) {
            float[] share = new float[rows * width];
            for (int row = 0; row < rows; row++) {
                System.arraycopy(numbers, row * columns + t * width, share, row * width, width);
            }
            ranks.get(stretch * tensorParallel + t).tensor(name, share, rows, width);
        }
    }

    private static float[][] logits(Path model) throws IOException {
        ModelOptions options = new ModelOptions(IDS.length, IDS.length, IDS.length, KvType.F32, 1, 16);
        try (Checkpoint checkpoint = Checkpoint.open(model);
                Backend backend = new CpuBackend(1);
                LanguageModel loaded =
                        ModelLoader.load(checkpoint, Families.of(checkpoint), backend, options, share -> {})) {
            return new OneSequence(loaded).append(IDS);
        }
    }
}
