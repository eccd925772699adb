package tokamak.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tokamak.file.GgufCheckpoint;
import tokamak.file.ModelFormatException;
import tokamak.file.SyntheticGguf;
import tokamak.file.SyntheticGguf.Spec;
import tokamak.tensor.DType;

/** A Qwen3-like model of random weights, small enough for any test: 2 layers, 4 heads over 2, 256 tokens. */
public final class TinyModel {
    public static final int VOCAB_SIZE = 256;
    private static final int HIDDEN = 64;
    private static final int HEAD_DIM = 16;
    private static final int INTERMEDIATE = 96;
    private static final int LAYERS = 2;

    private TinyModel() {}

    public static GgufCheckpoint checkpoint(DType dtype, long seed) throws ModelFormatException {
        Map<String, Object> metadata = Map.of(
                "general.architecture", "qwen3",
                "qwen3.embedding_length", (long) HIDDEN,
                "qwen3.block_count", (long) LAYERS,
                "qwen3.attention.head_count", 4L,
                "qwen3.attention.head_count_kv", 2L,
                "qwen3.attention.key_length", (long) HEAD_DIM,
                "qwen3.attention.value_length", (long) HEAD_DIM,
                "qwen3.feed_forward_length", (long) INTERMEDIATE,
                "qwen3.context_length", 1024L,
                "qwen3.vocab_size", (long) VOCAB_SIZE);
        List<Spec> specs = new ArrayList<>();
        specs.add(new Spec("token_embd.weight", dtype, VOCAB_SIZE, HIDDEN));
        specs.add(new Spec("output_norm.weight", DType.F32, HIDDEN));
        for (int i = 0; i < LAYERS; i++) {
            String block = "blk." + i + ".";
            specs.add(new Spec(block + "attn_norm.weight", DType.F32, HIDDEN));
            specs.add(new Spec(block + "attn_q.weight", dtype, 4 * HEAD_DIM, HIDDEN));
            specs.add(new Spec(block + "attn_k.weight", dtype, 2 * HEAD_DIM, HIDDEN));
            specs.add(new Spec(block + "attn_v.weight", dtype, 2 * HEAD_DIM, HIDDEN));
            specs.add(new Spec(block + "attn_q_norm.weight", DType.F32, HEAD_DIM));
            specs.add(new Spec(block + "attn_k_norm.weight", DType.F32, HEAD_DIM));
            specs.add(new Spec(block + "attn_output.weight", dtype, HIDDEN, 4 * HEAD_DIM));
            specs.add(new Spec(block + "ffn_norm.weight", DType.F32, HIDDEN));
            specs.add(new Spec(block + "ffn_gate.weight", dtype, INTERMEDIATE, HIDDEN));
            specs.add(new Spec(block + "ffn_up.weight", dtype, INTERMEDIATE, HIDDEN));
            specs.add(new Spec(block + "ffn_down.weight", dtype, HIDDEN, INTERMEDIATE));
        }
        return SyntheticGguf.create("tiny", metadata, specs, seed);
    }
}
