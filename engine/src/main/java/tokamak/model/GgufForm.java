package tokamak.model;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
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
 * A Hugging Face checkpoint under the names and in the layouts of GGUF files, for the families where both can say the same.
 */
public final class GgufForm implements AutoCloseable {
    /** Families that go by another name there. */
    private static final Map<String, String> ARCHITECTURES = Map.of("mistral", "llama", "mixtral", "llama");

    private static final Set<String> FAMILIES = Set.of(
            "llama",
            "mistral",
            "mixtral",
            "smollm3",
            "seed_oss",
            "qwen2",
            "qwen2moe",
            "qwen3",
            "qwen3moe",
            "gemma",
            "gemma2",
            "gemma3",
            "phi2",
            "phi3",
            "granite",
            "granitemoe",
            "minicpm",
            "command-r",
            "ernie4_5",
            "gpt-oss",
            "gpt2",
            "gptneox",
            "hunyuan-dense",
            "nemotron",
            "olmo2",
            "olmoe",
            "stablelm",
            "starcoder2");

    /** Whose files have the rotated numbers of a head next to each other instead of in halves. */
    private static final Set<String> ADJACENT = Set.of("llama", "smollm3", "granite", "granitemoe", "minicpm");

    /** Whose files call the norm between the halves by its place, though it belongs to the second half. */
    private static final Set<String> NAMED_BY_PLACE = Set.of("gpt-oss", "seed_oss");

    private static final List<Role> MATRICES = List.of(
            Role.ATTN_Q,
            Role.ATTN_K,
            Role.ATTN_V,
            Role.ATTN_OUTPUT,
            Role.FFN_GATE,
            Role.FFN_UP,
            Role.FFN_DOWN,
            Role.ROUTER,
            Role.SHARED_GATE,
            Role.SHARED_UP,
            Role.SHARED_DOWN);
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
        if (!FAMILIES.contains(family.name())) {
            throw new ModelFormatException(checkpoint.path() + ": models of the family " + family.name()
                    + " cannot be written as GGUF; those of "
                    + String.join(", ", FAMILIES.stream().sorted().toList())
                    + " can");
        }
        architecture = ARCHITECTURES.getOrDefault(family.name(), family.name());
        ConfigDraft draft = family.draft(Hyperparameters.of(checkpoint));
        config = draft.build(family.name());
        source = new TensorSource(checkpoint, QuantizedLayers.of(checkpoint), draft.quirks, arena);
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
        GgufKeys keys = new GgufKeys(architecture, config, source);
        return keys.all(tensors.getFirst().shape()[0], expertSize("ffn_up_exps"), expertSize("ffn_up_shexp"));
    }

    private long expertSize(String name) {
        return tensors.stream()
                .filter(part -> part.name().contains(name + ".weight"))
                .mapToLong(part -> part.shape()[part.shape().length - 2])
                .findFirst()
                .orElse(0);
    }

    private void collect() throws ModelFormatException {
        add(Role.TOKEN_EMBEDDING.gguf() + ".weight", source.tensor(Role.TOKEN_EMBEDDING));
        if (source.has(Role.OUTPUT)) {
            add(Role.OUTPUT.gguf() + ".weight", source.matrix(Role.OUTPUT, TensorSource.GLOBAL));
        }
        addVector(Role.OUTPUT.gguf() + ".bias", source.bias(Role.OUTPUT, TensorSource.GLOBAL));
        if (source.has(Role.POSITION_EMBEDDING)) {
            add(Role.POSITION_EMBEDDING.gguf() + ".weight", source.tensor(Role.POSITION_EMBEDDING));
        }
        addNorm(Role.OUTPUT_NORM, Role.OUTPUT_NORM.gguf(), TensorSource.GLOBAL);
        switch (config.rope().scaling()) {
            case RopeScaling.Llama3 _ -> add(Role.ROPE_DIVISORS.gguf() + ".weight", divisors());
            case RopeScaling.LongRope rope -> {
                add(Role.ROPE_LONG_DIVISORS.gguf() + ".weight", floats(rope.longFactors()));
                add(Role.ROPE_SHORT_DIVISORS.gguf() + ".weight", floats(rope.shortFactors()));
            }
            case RopeScaling.None _, RopeScaling.Linear _, RopeScaling.Yarn _, RopeScaling.Divisors _ -> {}
        }
        for (int layer = 0; layer < config.numLayers(); layer++) {
            collectLayer(layer);
        }
        Set<String> unused = source.unused(config.numLayers());
        if (!unused.isEmpty()) {
            throw source.error("no place in a GGUF file is known for " + unused.size() + " tensors, such as '"
                    + unused.iterator().next() + "'");
        }
    }

    private void collectLayer(int layer) throws ModelFormatException {
        addNorm(Role.MIXER_NORM, Role.MIXER_NORM.gguf(), layer);
        addNorm(Role.FFN_NORM, Role.FFN_NORM.gguf(), layer);
        addNorm(Role.FFN_POST_NORM, Role.FFN_POST_NORM.gguf(), layer);
        boolean endsFirstHalf = source.has(Role.FFN_NORM, layer) || !source.has(Role.MIXER_NORM, layer);
        boolean byPlace = endsFirstHalf || NAMED_BY_PLACE.contains(architecture);
        addNorm(Role.MIDDLE_NORM, byPlace ? Role.MIDDLE_NORM.gguf() : Role.FFN_NORM.gguf(), layer);
        for (Role role : HEAD_NORMS) {
            addHeadNorm(role, layer);
        }
        if (source.has(Role.ATTN_QKV, layer)) {
            String name = named(Role.ATTN_QKV.gguf(), layer);
            add(name + ".weight", source.fusedQkv(layer, config.numHeads()));
            addVector(name + ".bias", source.fusedQkvBias(layer, config.numHeads()));
        }
        addVector(named(Role.ATTN_SINKS.gguf(), layer) + ".weight", source.vector(Role.ATTN_SINKS, layer));
        for (Role role : MATRICES) {
            addLinear(role, layer);
        }
        if (source.has(Role.SHARED_ROUTER, layer)) {
            addVector(named(Role.SHARED_ROUTER.gguf(), layer) + ".weight", source.vector(Role.SHARED_ROUTER, layer));
        }
        ModelConfig.Moe moe = config.moe();
        if (moe != null && source.has(Role.ROUTER, layer)) {
            collectExperts(layer, moe.numExperts());
        }
    }

    private void addLinear(Role role, int layer) throws ModelFormatException {
        if (!source.has(role, layer)) {
            return;
        }
        Matrix matrix = source.matrix(role, layer);
        String name = named(role.gguf(), layer);
        add(name + ".weight", isRotated(role) ? new AdjacentRows(matrix, config.headDim()) : matrix);
        Optional<float[]> bias = source.bias(role, layer);
        addVector(
                name + ".bias",
                isRotated(role) ? bias.map(values -> AdjacentRows.reorder(values, config.headDim())) : bias);
    }

    private void collectExperts(int layer, int numExperts) throws ModelFormatException {
        int first = 0;
        if (source.hasStacked(Role.EXPERTS_GATE_UP, layer)) {
            addHalves(layer, numExperts);
            first = STACKED_EXPERTS.indexOf(Role.EXPERTS_DOWN);
        }
        for (int i = first; i < STACKED_EXPERTS.size(); i++) {
            Role stacked = STACKED_EXPERTS.get(i);
            addExperts(stacked, layer, source.experts(stacked, SINGLE_EXPERTS.get(i), layer, numExperts));
            addExpertBiases(stacked, layer, source.expertBiases(stacked, layer, numExperts));
        }
    }

    /** Gate rows and up rows of each expert, which GGUF files have apart. */
    private void addHalves(int layer, int numExperts) throws ModelFormatException {
        List<Tensor> gates = new ArrayList<>();
        List<Tensor> ups = new ArrayList<>();
        for (Matrix expert : source.experts(Role.EXPERTS_GATE_UP, Role.EXPERT_GATE, layer, numExperts)) {
            if (!(expert instanceof Tensor both)) {
                throw source.error(expert + ": quantised experts in one tensor have no form in a GGUF file yet");
            }
            gates.add(both.slice(0, both.rows() / 2));
            ups.add(both.slice(both.rows() / 2, both.rows()));
        }
        addExperts(Role.EXPERTS_GATE, layer, gates);
        addExperts(Role.EXPERTS_UP, layer, ups);
        List<float[]> biases = source.expertBiases(Role.EXPERTS_GATE_UP, layer, numExperts);
        addExpertBiases(
                Role.EXPERTS_GATE,
                layer,
                biases.stream().map(b -> Arrays.copyOf(b, b.length / 2)).toList());
        addExpertBiases(
                Role.EXPERTS_UP,
                layer,
                biases.stream()
                        .map(b -> Arrays.copyOfRange(b, b.length / 2, b.length))
                        .toList());
    }

    private void addExperts(Role role, int layer, List<? extends Matrix> experts) {
        Matrix first = experts.getFirst();
        long[] shape = {experts.size(), first.rows(), first.columns()};
        tensors.add(new Part(named(role.gguf(), layer) + ".weight", shape, experts));
    }

    private void addExpertBiases(Role role, int layer, List<float[]> biases) {
        if (!biases.isEmpty()) {
            List<Tensor> rows = biases.stream().map(this::row).toList();
            long[] shape = {rows.size(), rows.getFirst().columns()};
            tensors.add(new Part(named(role.gguf(), layer) + ".bias", shape, rows));
        }
    }

    private boolean isRotated(Role role) {
        return ADJACENT.contains(architecture) && (role == Role.ATTN_Q || role == Role.ATTN_K);
    }

    private void addNorm(Role role, String gguf, int layer) {
        addVector(named(gguf, layer) + ".weight", source.normWeight(role, layer));
        addVector(named(gguf, layer) + ".bias", source.bias(role, layer));
    }

    private void addHeadNorm(Role role, int layer) {
        Optional<float[]> weight = source.headNormWeight(role, layer);
        if (weight.isPresent() && source.hasWeightPerHead(role, layer)) {
            int heads = weight.get().length / config.headDim();
            tensors.add(new Part(
                    named(role.gguf(), layer) + ".weight",
                    new long[] {heads, config.headDim()},
                    List.of(row(weight.get()))));
        } else {
            addVector(named(role.gguf(), layer) + ".weight", weight);
        }
        addVector(named(role.gguf(), layer) + ".bias", source.bias(role, layer));
    }

    private void addVector(String name, Optional<float[]> values) {
        values.ifPresent(found -> add(name, found));
    }

    private void add(String name, Matrix matrix) {
        tensors.add(new Part(name, new long[] {matrix.rows(), matrix.columns()}, List.of(matrix)));
    }

    private void add(String name, float[] vector) {
        tensors.add(new Part(name, new long[] {vector.length}, List.of(row(vector))));
    }

    private Tensor row(float[] vector) {
        MemorySegment data = arena.allocateFrom(LittleEndian.FLOAT, vector);
        return new Tensor("vector", DType.F32, new long[] {1, vector.length}, data);
    }

    private static float[] floats(double[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
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
