package tokamak;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tokamak.file.GgufCheckpoint;
import tokamak.file.ModelFormatException;
import tokamak.file.SyntheticGguf;
import tokamak.file.SyntheticGguf.Spec;
import tokamak.tensor.DType;

/**
 * Layers of the size of published models whose row operations are not those of Llama, with random weights: fewer layers and a
 * vocabulary smaller by about as much, so that shares of a step stay what they are.
 */
enum FamilyShapes {
    /** Phi-2: layer norm, biases, parallel halves, GELU (tanh). */
    PHI2("phi2", 2560, 8, 32, 32, 80, 10240, 12800, true),
    /** Pythia 1.4B. */
    GPTNEOX("gptneox", 2048, 6, 16, 16, 128, 8192, 12576, true),
    /** StarCoder2 3B: GELU (tanh), grouped heads. */
    STARCODER2("starcoder2", 3072, 6, 24, 2, 128, 12288, 9830, true),
    /** Minitron 4B: squared relu, layer norm, no biases of matrices. */
    NEMOTRON("nemotron", 3072, 6, 24, 8, 128, 9216, 48000, false),
    /** gpt-oss 20B: 32 experts of which 4 work, clamped SwiGLU, biases everywhere. */
    GPT_OSS("gpt-oss", 2880, 2, 64, 8, 64, 2880, 16756, true);

    private static final int NUM_EXPERTS = 32;

    private final String architecture;
    private final int hiddenSize;
    private final int numLayers;
    private final int numHeads;
    private final int numKvHeads;
    private final int headDim;
    private final int intermediateSize;
    private final int vocabSize;
    private final boolean biased;

    FamilyShapes(
            String architecture,
            int hiddenSize,
            int numLayers,
            int numHeads,
            int numKvHeads,
            int headDim,
            int intermediateSize,
            int vocabSize,
            boolean biased) {
        this.architecture = architecture;
        this.hiddenSize = hiddenSize;
        this.numLayers = numLayers;
        this.numHeads = numHeads;
        this.numKvHeads = numKvHeads;
        this.headDim = headDim;
        this.intermediateSize = intermediateSize;
        this.vocabSize = vocabSize;
        this.biased = biased;
    }

    GgufCheckpoint create(DType format) throws ModelFormatException {
        List<Spec> specs = new ArrayList<>();
        specs.add(new Spec("token_embd.weight", format, vocabSize, hiddenSize));
        specs.add(new Spec("output.weight", format, vocabSize, hiddenSize));
        addNorm(specs, "output_norm");
        for (int i = 0; i < numLayers; i++) {
            addAttention(specs, "blk." + i + ".", format);
            if (this == GPT_OSS) {
                addExperts(specs, "blk." + i + ".", format);
            } else {
                addMatrix(specs, "blk." + i + ".ffn_up", format, intermediateSize, hiddenSize);
                addMatrix(specs, "blk." + i + ".ffn_down", format, hiddenSize, intermediateSize);
            }
        }
        return SyntheticGguf.create(architecture, metadata(), specs, 1);
    }

    private void addAttention(List<Spec> specs, String block, DType format) {
        addNorm(specs, block + "attn_norm");
        if (this == GPT_OSS) {
            addNorm(specs, block + "post_attention_norm");
            specs.add(new Spec(block + "attn_sinks.weight", DType.F32, numHeads));
        } else if (this != PHI2) {
            addNorm(specs, block + "ffn_norm");
        }
        addMatrix(specs, block + "attn_q", format, numHeads * headDim, hiddenSize);
        addMatrix(specs, block + "attn_k", format, numKvHeads * headDim, hiddenSize);
        addMatrix(specs, block + "attn_v", format, numKvHeads * headDim, hiddenSize);
        addMatrix(specs, block + "attn_output", format, hiddenSize, numHeads * headDim);
    }

    private void addExperts(List<Spec> specs, String block, DType format) {
        addMatrix(specs, block + "ffn_gate_inp", DType.F32, NUM_EXPERTS, hiddenSize);
        for (String part : List.of("gate", "up", "down")) {
            String name = block + "ffn_" + part + "_exps";
            int out = part.equals("down") ? hiddenSize : intermediateSize;
            int in = part.equals("down") ? intermediateSize : hiddenSize;
            specs.add(new Spec(name + ".weight", format, NUM_EXPERTS, out, in));
            specs.add(new Spec(name + ".bias", DType.F32, NUM_EXPERTS, out));
        }
    }

    private void addMatrix(List<Spec> specs, String name, DType format, int out, int in) {
        specs.add(new Spec(name + ".weight", format, out, in));
        if (biased) {
            specs.add(new Spec(name + ".bias", DType.F32, out));
        }
    }

    private void addNorm(List<Spec> specs, String name) {
        specs.add(new Spec(name + ".weight", DType.F32, hiddenSize));
        if (this != GPT_OSS) {
            specs.add(new Spec(name + ".bias", DType.F32, hiddenSize));
        }
    }

    private Map<String, Object> metadata() {
        Map<String, Object> metadata = new HashMap<>();
        metadata.put("general.architecture", architecture);
        Map<String, Integer> sizes = new HashMap<>(Map.of(
                "embedding_length", hiddenSize,
                "block_count", numLayers,
                "attention.head_count", numHeads,
                "attention.head_count_kv", numKvHeads,
                "attention.key_length", headDim,
                "attention.value_length", headDim,
                "feed_forward_length", intermediateSize,
                "vocab_size", vocabSize,
                "context_length", 4096));
        if (this == GPT_OSS) {
            sizes.putAll(Map.of(
                    "expert_count",
                    NUM_EXPERTS,
                    "expert_used_count",
                    4,
                    "expert_feed_forward_length",
                    intermediateSize,
                    "attention.sliding_window",
                    128));
        }
        sizes.forEach((key, value) -> metadata.put(architecture + "." + key, (long) value));
        metadata.put(architecture + ".rope.dimension_count", (long) (this == PHI2 ? 32 : headDim));
        metadata.put(architecture + ".rope.freq_base", 10_000.0);
        metadata.put(architecture + ".attention.layer_norm_epsilon", 1e-5);
        metadata.put(architecture + ".attention.layer_norm_rms_epsilon", 1e-5);
        return metadata;
    }
}
