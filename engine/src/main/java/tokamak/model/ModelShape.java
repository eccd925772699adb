package tokamak.model;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import tokamak.file.GgufCheckpoint;
import tokamak.file.ModelFormatException;
import tokamak.file.SyntheticGguf;
import tokamak.file.SyntheticGguf.Spec;
import tokamak.tensor.DType;

/** The sizes of a published model: enough to compute at its speed without having it. */
public record ModelShape(
        String name,
        String architecture,
        int hiddenSize,
        int numLayers,
        int numHeads,
        int numKvHeads,
        int headDim,
        int intermediateSize,
        int vocabSize,
        boolean tiedEmbeddings) {
    private static final List<ModelShape> ALL = List.of(
            new ModelShape("tiny", "qwen3", 256, 2, 4, 2, 64, 512, 512, true),
            new ModelShape("qwen3-0.6b", "qwen3", 1024, 28, 16, 8, 128, 3072, 151936, true),
            new ModelShape("qwen3-1.7b", "qwen3", 2048, 28, 16, 8, 128, 6144, 151936, true),
            new ModelShape("qwen3-4b", "qwen3", 2560, 36, 32, 8, 128, 9728, 151936, true),
            new ModelShape("qwen3-8b", "qwen3", 4096, 36, 32, 8, 128, 12288, 151936, false),
            new ModelShape("qwen3-14b", "qwen3", 5120, 40, 40, 8, 128, 17408, 151936, false),
            new ModelShape("qwen3-32b", "qwen3", 5120, 64, 64, 8, 128, 25600, 151936, false),
            new ModelShape("llama-3.2-1b", "llama", 2048, 16, 32, 8, 64, 8192, 128256, true),
            new ModelShape("llama-3.2-3b", "llama", 3072, 28, 24, 8, 128, 8192, 128256, true),
            new ModelShape("llama-3.1-8b", "llama", 4096, 32, 32, 8, 128, 14336, 128256, false));

    public static List<String> names() {
        return ALL.stream().map(ModelShape::name).toList();
    }

    /** @throws IllegalArgumentException if there is no such shape; the message lists those there are */
    public static ModelShape named(String name) {
        return ALL.stream()
                .filter(shape -> shape.name.equals(name.toLowerCase(Locale.ROOT)))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "no shape is called '" + name + "'; expected one of " + String.join(", ", names())));
    }

    /**
     * A model of this shape with random weights in memory.
     *
     * @param format a {@link DType} for all matrices, a {@link FormatMix}, or the method of a quantised checkpoint, such as AWQ
     * @throws IllegalArgumentException if there is no such format
     */
    public GgufCheckpoint create(String format, long seed) throws ModelFormatException {
        return SyntheticGguf.create(name, metadata(), specs(FormatMix.named(ofCheckpoint(format))), seed);
    }

    private Map<String, Object> metadata() {
        Map<String, Object> metadata = new HashMap<>();
        metadata.put("general.architecture", architecture);
        Map.of(
                        "embedding_length", hiddenSize,
                        "block_count", numLayers,
                        "attention.head_count", numHeads,
                        "attention.head_count_kv", numKvHeads,
                        "attention.key_length", headDim,
                        "attention.value_length", headDim,
                        "feed_forward_length", intermediateSize,
                        "vocab_size", vocabSize,
                        "context_length", 40960)
                .forEach((key, value) -> metadata.put(architecture + "." + key, (long) value));
        metadata.put(architecture + ".rope.freq_base", 1_000_000.0);
        // Words without a meaning: what computes tokens may have to write them out.
        metadata.put("tokenizer.ggml.model", "gpt2");
        metadata.put("tokenizer.ggml.pre", "qwen2");
        metadata.put(
                "tokenizer.ggml.tokens",
                IntStream.range(0, vocabSize).mapToObj(id -> "t" + id).toArray(String[]::new));
        return metadata;
    }

    /** What the matrices of quantised checkpoints with the usual groups become. */
    private static String ofCheckpoint(String method) {
        return switch (method.toUpperCase(Locale.ROOT)) {
            case "AWQ" -> "U4_G128";
            case "GPTQ", "W4A16" -> "I4_G128";
            case "W8A8" -> "I8_G128";
            case "FP8" -> "F8_G128";
            default -> method;
        };
    }

    private List<Spec> specs(FormatMix mix) {
        List<Spec> specs = new ArrayList<>();
        specs.add(new Spec("token_embd.weight", tiedEmbeddings ? mix.output() : mix.plain(), vocabSize, hiddenSize));
        specs.add(new Spec("output_norm.weight", DType.F32, hiddenSize));
        if (!tiedEmbeddings) {
            specs.add(new Spec("output.weight", mix.output(), vocabSize, hiddenSize));
        }
        for (int i = 0; i < numLayers; i++) {
            addLayer(specs, "blk." + i + ".", mix, mix.important(i, numLayers));
        }
        return specs;
    }

    private void addLayer(List<Spec> specs, String block, FormatMix mix, DType important) {
        int queryDim = numHeads * headDim;
        int keyDim = numKvHeads * headDim;
        specs.add(new Spec(block + "attn_norm.weight", DType.F32, hiddenSize));
        specs.add(new Spec(block + "attn_q.weight", mix.plain(), queryDim, hiddenSize));
        specs.add(new Spec(block + "attn_k.weight", mix.plain(), keyDim, hiddenSize));
        specs.add(new Spec(block + "attn_v.weight", important, keyDim, hiddenSize));
        specs.add(new Spec(block + "attn_output.weight", mix.plain(), hiddenSize, queryDim));
        if (architecture.equals("qwen3")) {
            specs.add(new Spec(block + "attn_q_norm.weight", DType.F32, headDim));
            specs.add(new Spec(block + "attn_k_norm.weight", DType.F32, headDim));
        }
        specs.add(new Spec(block + "ffn_norm.weight", DType.F32, hiddenSize));
        specs.add(new Spec(block + "ffn_gate.weight", mix.plain(), intermediateSize, hiddenSize));
        specs.add(new Spec(block + "ffn_up.weight", mix.plain(), intermediateSize, hiddenSize));
        specs.add(new Spec(block + "ffn_down.weight", important, hiddenSize, intermediateSize));
    }
}
