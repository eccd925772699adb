package tokamak.model;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tokamak.file.HfCheckpoint;
import tokamak.file.ModelFormatException;
import tokamak.quant.QuantizedLayers;
import tokamak.tensor.DType;
import tokamak.tensor.LittleEndian;
import tokamak.tensor.Matrix;
import tokamak.tensor.Tensor;

/**
 * A Hugging Face checkpoint under the names and in the layouts of GGUF files, for the families where both say the same: a
 * plain decoder, with or without head norms, query, key and value biases, and experts.
 */
public final class GgufForm implements AutoCloseable {
    /** {@code general.architecture} by the family's name. */
    private static final Map<String, String> ARCHITECTURES = Map.of(
            "llama", "llama",
            "mistral", "llama",
            "mixtral", "llama",
            "qwen2", "qwen2",
            "qwen3", "qwen3",
            "qwen3moe", "qwen3moe");

    private static final List<Role> GLOBALS = List.of(Role.TOKEN_EMBEDDING, Role.OUTPUT);
    private static final List<Role> MATRICES = List.of(
            Role.ATTN_Q,
            Role.ATTN_K,
            Role.ATTN_V,
            Role.ATTN_OUTPUT,
            Role.FFN_GATE,
            Role.FFN_UP,
            Role.FFN_DOWN,
            Role.ROUTER);
    private static final List<Role> HEAD_NORMS = List.of(Role.ATTN_Q_NORM, Role.ATTN_K_NORM);
    private static final List<Role> STACKED_EXPERTS = List.of(Role.EXPERTS_GATE, Role.EXPERTS_UP, Role.EXPERTS_DOWN);
    private static final List<Role> SINGLE_EXPERTS = List.of(Role.EXPERT_GATE, Role.EXPERT_UP, Role.EXPERT_DOWN);

    /**
     * A tensor of the file to be.
     *
     * @param parts follow one another along the outermost dimension of {@code shape}
     */
    public record Part(String name, long[] shape, List<? extends Matrix> parts) {}

    private final String architecture;
    private final ModelConfig config;
    private final Arena arena;
    private final TensorSource source;
    private final List<Part> tensors = new ArrayList<>();

    private GgufForm(HfCheckpoint checkpoint, Architecture family, Arena arena) throws IOException {
        this.arena = arena;
        String known = ARCHITECTURES.get(family.name());
        if (known == null) {
            throw new ModelFormatException(checkpoint.path() + ": models of the family " + family.name()
                    + " cannot be written as GGUF; those of "
                    + String.join(", ", ARCHITECTURES.keySet().stream().sorted().toList())
                    + " can");
        }
        architecture = known;
        config = family.configure(Hyperparameters.of(checkpoint));
        source = new TensorSource(checkpoint, QuantizedLayers.of(checkpoint), Set.of(), arena);
        collect();
    }

    /** @throws ModelFormatException if the family or a detail of it has no form in GGUF */
    public static GgufForm of(HfCheckpoint checkpoint, Architecture family) throws IOException {
        Arena arena = Arena.ofShared();
        try {
            return new GgufForm(checkpoint, family, arena);
        } catch (Throwable failure) {
            arena.close();
            throw failure;
        }
    }

    public String architecture() {
        return architecture;
    }

    public int numLayers() {
        return config.numLayers();
    }

    /** In file order. */
    public List<Part> tensors() {
        return tensors;
    }

    /** The hyper-parameters; whole numbers as {@link Long}. */
    public Map<String, Object> metadata() throws ModelFormatException {
        Map<String, Object> own = new LinkedHashMap<>();
        own.put("vocab_size", tensors.getFirst().shape()[0]);
        own.put("context_length", (long) config.maxPositions());
        own.put("embedding_length", (long) config.hiddenSize());
        own.put("block_count", (long) config.numLayers());
        own.put("feed_forward_length", (long) config.intermediateSize());
        own.put("attention.head_count", (long) config.numHeads());
        own.put("attention.head_count_kv", (long) config.layers().getFirst().numKvHeads());
        own.put("attention.key_length", (long) config.headDim());
        own.put("attention.value_length", (long) config.valueDim());
        own.put("attention.layer_norm_rms_epsilon", config.normEpsilon());
        own.put("rope.dimension_count", (long) config.rope().rotated());
        own.put("rope.freq_base", config.rope().theta());
        putRopeScaling(own);
        ModelConfig.Moe moe = config.moe();
        if (moe != null) {
            own.put("expert_count", (long) moe.numExperts());
            own.put("expert_used_count", (long) moe.numUsed());
            own.put("expert_feed_forward_length", expertSize());
            own.put("expert_weights_norm", moe.normalise());
        }
        Map<String, Object> metadata = new LinkedHashMap<>();
        metadata.put("general.architecture", architecture);
        metadata.put("general.type", "model");
        own.forEach((key, value) -> metadata.put(architecture + "." + key, value));
        return metadata;
    }

    private long expertSize() {
        return tensors.stream()
                .filter(part -> part.name().contains("ffn_up_exps"))
                .mapToLong(part -> part.shape()[1])
                .findFirst()
                .orElse(config.intermediateSize());
    }

    private void putRopeScaling(Map<String, Object> own) throws ModelFormatException {
        switch (config.rope().scaling()) {
            case RopeScaling.None _, RopeScaling.Llama3 _ -> {} // the latter is a tensor
            case RopeScaling.Linear linear -> {
                own.put("rope.scaling.type", "linear");
                own.put("rope.scaling.factor", linear.factor());
            }
            case RopeScaling.Yarn _, RopeScaling.LongRope _, RopeScaling.Divisors _ ->
                throw source.error("its rope scaling cannot be written as GGUF yet");
        }
    }

    private void collect() throws ModelFormatException {
        for (Role role : GLOBALS) {
            if (role == Role.TOKEN_EMBEDDING || source.has(role)) {
                add(role.gguf() + ".weight", source.matrix(role, TensorSource.GLOBAL));
            }
        }
        addNorm(Role.OUTPUT_NORM, Role.OUTPUT_NORM.gguf(), TensorSource.GLOBAL);
        if (config.rope().scaling() instanceof RopeScaling.Llama3) {
            add(Role.ROPE_DIVISORS.gguf() + ".weight", divisors());
        }
        for (int layer = 0; layer < config.numLayers(); layer++) {
            collectLayer(layer);
        }
        Set<String> unused = source.unused();
        if (!unused.isEmpty()) {
            throw source.error("no place in a GGUF file is known for " + unused.size() + " tensors, such as '"
                    + unused.iterator().next() + "'");
        }
    }

    private void collectLayer(int layer) throws ModelFormatException {
        addNorm(Role.MIXER_NORM, "blk.{}.attn_norm", layer);
        // In these families the norm between the halves is the second half's.
        addNorm(Role.MIDDLE_NORM, Role.FFN_NORM.gguf(), layer);
        for (Role role : HEAD_NORMS) {
            addNorm(role, role.gguf(), layer);
        }
        for (Role role : MATRICES) {
            if (source.has(role, layer)) {
                Matrix matrix = source.matrix(role, layer);
                add(
                        named(role.gguf(), layer) + ".weight",
                        isRotated(role) ? new AdjacentRows(matrix, config.headDim()) : matrix);
            }
            Optional<float[]> bias = source.bias(role, layer);
            if (bias.isPresent()) {
                float[] values = isRotated(role) ? AdjacentRows.reorder(bias.get(), config.headDim()) : bias.get();
                add(named(role.gguf(), layer) + ".bias", values);
            }
        }
        ModelConfig.Moe moe = config.moe();
        for (int i = 0; moe != null && source.has(Role.ROUTER, layer) && i < STACKED_EXPERTS.size(); i++) {
            Role stacked = STACKED_EXPERTS.get(i);
            List<? extends Matrix> experts = source.experts(stacked, SINGLE_EXPERTS.get(i), layer, moe.numExperts());
            Matrix first = experts.getFirst();
            long[] shape = {experts.size(), first.rows(), first.columns()};
            tensors.add(new Part(named(stacked.gguf(), layer) + ".weight", shape, experts));
        }
    }

    /** GGUF files of the family have the rotated numbers of a head next to each other instead of in halves. */
    private boolean isRotated(Role role) {
        return architecture.equals("llama") && (role == Role.ATTN_Q || role == Role.ATTN_K);
    }

    private void addNorm(Role role, String gguf, int layer) {
        source.normWeight(role, layer).ifPresent(values -> add(named(gguf, layer) + ".weight", values));
    }

    private void add(String name, Matrix matrix) {
        tensors.add(new Part(name, new long[] {matrix.rows(), matrix.columns()}, List.of(matrix)));
    }

    private void add(String name, float[] vector) {
        MemorySegment data = arena.allocateFrom(LittleEndian.FLOAT, vector);
        Tensor row = new Tensor(name, DType.F32, new long[] {1, vector.length}, data);
        tensors.add(new Part(name, new long[] {vector.length}, List.of(row)));
    }

    private static String named(String pattern, int layer) {
        return pattern.replace("{}", Integer.toString(layer));
    }

    private float[] divisors() {
        RopeConfig plain = new RopeConfig(
                config.rope().theta(), config.rope().rotated(), config.rope().pairing(), new RopeScaling.None());
        double[] before = plain.resolve(config.maxPositions()).inverseFrequencies();
        double[] after = config.rope().resolve(config.maxPositions()).inverseFrequencies();
        float[] divisors = new float[before.length];
        for (int i = 0; i < divisors.length; i++) {
            divisors[i] = (float) (before[i] / after[i]);
        }
        return divisors;
    }

    /** Frees what had to be copied. */
    @Override
    public void close() {
        arena.close();
    }
}
