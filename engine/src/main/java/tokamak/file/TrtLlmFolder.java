package tokamak.file;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import tokamak.tensor.DType;
import tokamak.tensor.Dequantizers;
import tokamak.tensor.LittleEndian;
import tokamak.tensor.Tensor;

/**
 * A TensorRT-LLM checkpoint of the Llama and Qwen families: {@code config.json} and {@code rankN.safetensors}, of which every rank
 * has a share of each matrix (tensor parallelism) of a stretch of the layers (pipeline parallelism). Becomes what Hugging Face
 * would have published: shares are put together, query, key and value taken apart.
 *
 * <p>Source of names and layouts: the checkpoint format of TensorRT-LLM's documentation and its conversion scripts.
 */
final class TrtLlmFolder {
    private static final String FIRST = "rank0.safetensors";
    private static final int MAX_RANKS = 1024;

    /** Scales of activations and of the KV cache, which are found anew as numbers come. */
    private static final List<String> DROPPED = List.of(
            ".activation_scaling_factor",
            ".kv_cache_scaling_factor",
            ".kv_cache_rcp_scaling_factor",
            ".kv_orig_quant_scale",
            ".kv_quant_orig_scale",
            ".scale_to_int",
            ".quantization_scaling_factor");

    /** Scales of a matrix, as ModelOpt and as the conversion scripts call them. */
    private static final List<String> SCALES = List.of(".weights_scaling_factor", ".per_channel_scale");

    private final Path folder;
    private final Metadata config;
    private final TensorTable table;
    private final int tensorParallel;
    private final int pipelineParallel;
    private final int numLayers;
    private final int numHeads;
    private final int numKvHeads;
    private final int headSize;
    private final Metadata quantization;
    private final String algorithm;
    private final List<Map<String, Tensor>> ranks = new ArrayList<>();
    private final Set<String> taken = new TreeSet<>();
    private final List<Tensor> made = new ArrayList<>();

    static boolean is(Set<String> names) {
        return names.contains(FIRST) && names.contains("config.json");
    }

    /** Fills the table; returns the configuration as Hugging Face would have it. */
    static Metadata load(Path folder, TensorTable table) throws IOException {
        TrtLlmFolder checkpoint = new TrtLlmFolder(folder, Json.read(folder.resolve("config.json")), table);
        Map<String, Object> translated = checkpoint.translate();
        checkpoint.readRanks();
        checkpoint.makeTensors();
        translated.put(
                "tie_word_embeddings",
                checkpoint.made.stream().noneMatch(t -> t.name().equals("lm_head.weight")));
        table.add(folder, checkpoint.made);
        return new Metadata(checkpoint.config.source(), translated);
    }

    private TrtLlmFolder(Path folder, Metadata config, TensorTable table) throws ModelFormatException {
        this.folder = folder;
        this.config = config;
        this.table = table;
        Metadata mapping = config.object("mapping").orElse(config);
        tensorParallel = count(mapping, "tp_size", 1, MAX_RANKS);
        pipelineParallel = count(mapping, "pp_size", 1, MAX_RANKS);
        numLayers = count(config, "num_hidden_layers", 0, 10_000);
        numHeads = count(config, "num_attention_heads", 0, 1 << 16);
        numKvHeads = count(config, "num_key_value_heads", numHeads, 1 << 16);
        int hidden = count(config, "hidden_size", 0, 1 << 24);
        headSize = count(config, "head_size", Math.max(1, hidden / numHeads), 1 << 16);
        quantization = config.object("quantization").orElse(config);
        algorithm = quantization.string("quant_algo", "none");
        boolean even = numHeads % tensorParallel == 0
                && (numKvHeads % tensorParallel == 0 || tensorParallel % numKvHeads == 0)
                && numLayers % pipelineParallel == 0;
        if (!even || (long) tensorParallel * pipelineParallel > MAX_RANKS) {
            throw new ModelFormatException(config.source() + ": " + numLayers + " layers of " + numHeads + " and "
                    + numKvHeads + " heads can't be shared evenly by " + pipelineParallel + " x " + tensorParallel
                    + " ranks");
        }
    }

    private static int count(Metadata source, String key, int fallback, int most) throws ModelFormatException {
        long value = fallback == 0 ? source.integer(key) : source.integer(key, fallback);
        if (value < 1 || value > most) {
            throw new ModelFormatException(
                    source.source() + ": expected '" + key + "' from 1 to " + most + ", found " + value);
        }
        return (int) value;
    }

    // ---- configuration ----

    private Map<String, Object> translate() throws ModelFormatException {
        String[] family = family(config.string("architecture"), config.string("qwen_type", ""));
        Map<String, Object> hf = new LinkedHashMap<>();
        hf.put("architectures", List.of(family[0]));
        hf.put("model_type", family[1]);
        for (String key : List.of("hidden_size", "intermediate_size", "vocab_size", "max_position_embeddings")) {
            if (config.has(key)) {
                hf.put(key, config.integer(key));
            }
        }
        hf.put("num_hidden_layers", (long) numLayers);
        hf.put("num_attention_heads", (long) numHeads);
        hf.put("num_key_value_heads", (long) numKvHeads);
        hf.put("head_dim", (long) headSize);
        hf.put("rms_norm_eps", config.number("norm_epsilon", 1e-5));
        hf.put("rope_theta", config.number("rotary_base", 10000));
        hf.put("hidden_act", "silu");
        Optional<Metadata> scaling = config.object("rotary_scaling");
        if (scaling.isPresent()) {
            hf.put("rope_scaling", scaling.get().values());
        }
        quantization().ifPresent(settings -> hf.put("quantization_config", settings));
        return hf;
    }

    /** What Hugging Face would have; empty for numbers that stand for themselves. */
    private Optional<Map<String, Object>> quantization() throws ModelFormatException {
        switch (algorithm) {
            case "none" -> {
                return Optional.empty();
            }
            case "FP8" -> {
                return Optional.of(Map.of("quant_method", "fp8", "activation_scheme", "static"));
            }
            case "FP8_PER_CHANNEL_PER_TOKEN",
                    "W8A16",
                    "W4A16",
                    "W4A16_AWQ",
                    "W8A8_SQ_PER_CHANNEL",
                    "W8A8_SQ_PER_CHANNEL_PER_TOKEN_PLUGIN",
                    "W8A8_SQ_PER_TENSOR_PER_TOKEN_PLUGIN" -> {
                if (quantization.flag("has_zero_point", false)) {
                    throw new ModelFormatException(config.source() + ": " + algorithm
                            + " weights with zero points are not supported; those without are");
                }
                boolean grouped = algorithm.equals("W4A16_AWQ");
                long groupSize = grouped ? quantization.integer("group_size", 64) : 0;
                return Optional.of(
                        Map.of("quant_method", "modelopt", "quant_algo", algorithm, "group_size", groupSize));
            }
            default ->
                throw new ModelFormatException(config.source() + ": TensorRT-LLM checkpoints quantised by '" + algorithm
                        + "' are not supported; unquantised ones, FP8, W8A16, W4A16, W4A16_AWQ and the W8A8_SQ kinds with"
                        + " dynamic activations are. Give the Hugging Face checkpoint that this one was made from");
        }
    }

    private String[] family(String architecture, String qwenType) throws ModelFormatException {
        String qwen = architecture.equals("QWenForCausalLM") ? qwenType : "";
        return switch (architecture + ' ' + qwen) {
            case "LlamaForCausalLM ", "LLaMAForCausalLM " -> new String[] {"LlamaForCausalLM", "llama"};
            case "MistralForCausalLM " -> new String[] {"MistralForCausalLM", "mistral"};
            case "Qwen2ForCausalLM ", "QWenForCausalLM qwen2" -> new String[] {"Qwen2ForCausalLM", "qwen2"};
            case "Qwen3ForCausalLM ", "QWenForCausalLM qwen3" -> new String[] {"Qwen3ForCausalLM", "qwen3"};
            default ->
                throw new ModelFormatException(config.source() + ": TensorRT-LLM checkpoints of the architecture '"
                        + architecture + (qwen.isEmpty() ? "" : "' of type '" + qwen)
                        + "' are not supported; those of Llama, Mistral, Qwen2 and Qwen3 are");
        };
    }

    // ---- tensors ----

    private void readRanks() throws IOException {
        for (int rank = 0; rank < tensorParallel * pipelineParallel; rank++) {
            Path file = folder.resolve("rank" + rank + ".safetensors");
            if (!Files.isRegularFile(file)) {
                throw new ModelFormatException(file + ": expected a file for each of "
                        + tensorParallel * pipelineParallel + " ranks, it is missing");
            }
            MemorySegment mapped = table.map(file);
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            for (Tensor tensor : table.checked(file, mapped, SafetensorsHeader.read(file, mapped))) {
                tensors.put(tensor.name(), typed(tensor));
            }
            ranks.add(tensors);
        }
    }

    /** Older tools stored 8-bit floats as integers. */
    private Tensor typed(Tensor tensor) {
        boolean disguised = algorithm.startsWith("FP8")
                && tensor.name().endsWith(".weight")
                && (tensor.dtype() == DType.I8 || tensor.dtype() == DType.U8);
        return disguised ? new Tensor(tensor.name(), DType.F8_E4M3, tensor.shape(), tensor.data()) : tensor;
    }

    /** The shares of all ranks of a stretch of layers; empty if there is no such tensor. */
    private List<Tensor> shares(int stretch, String name) throws ModelFormatException {
        List<Tensor> shares = new ArrayList<>();
        for (int t = 0; t < tensorParallel; t++) {
            Tensor share = ranks.get(stretch * tensorParallel + t).get(name);
            if (share != null) {
                shares.add(share);
            }
        }
        if (!shares.isEmpty()) {
            taken.add(name);
            Tensor first = shares.getFirst();
            boolean alike = shares.stream()
                    .allMatch(share -> share.dtype() == first.dtype() && Arrays.equals(share.shape(), first.shape()));
            if (shares.size() != tensorParallel || !alike) {
                throw new ModelFormatException(folder + ": expected '" + name + "' in every rank and alike, found it "
                        + shares.size() + " times, as " + shares);
            }
        }
        return shares;
    }

    private void makeTensors() throws ModelFormatException {
        int last = pipelineParallel - 1;
        List<Tensor> embedding = shares(0, "transformer.vocab_embedding.weight");
        if (embedding.isEmpty()) {
            throw new ModelFormatException(folder + ": expected 'transformer.vocab_embedding.weight', found none");
        }
        make("model.embed_tokens.weight", embedding(embedding));
        copy(last, "transformer.ln_f.weight", "model.norm.weight");
        rows(last, "lm_head", "lm_head", 0);
        int perStretch = numLayers / pipelineParallel;
        for (int layer = 0; layer < numLayers; layer++) {
            layer(layer / perStretch, "transformer.layers." + layer % perStretch + ".", "model.layers." + layer + ".");
        }
        // what is left over is somebody's, and the model will refuse to go without it
        for (Map<String, Tensor> rank : ranks) {
            for (Tensor tensor : rank.values()) {
                boolean dropped = DROPPED.stream().anyMatch(tensor.name()::endsWith);
                if (!dropped && taken.add(tensor.name())) {
                    made.add(tensor);
                }
            }
        }
    }

    private Tensor embedding(List<Tensor> shares) throws ModelFormatException {
        Tensor first = shares.getFirst();
        long hidden = config.integer("hidden_size");
        long vocabulary = config.integer("vocab_size");
        if (first.rank() != 2) {
            throw new ModelFormatException(folder + ": expected a matrix, found " + first);
        }
        if (first.dim(1) != hidden) {
            return joinColumns(shares);
        }
        return first.dim(0) >= vocabulary
                ? first
                : joinRows(shares).slice(0, Math.min(vocabulary, first.dim(0) * tensorParallel));
    }

    private void layer(int stretch, String from, String to) throws ModelFormatException {
        copy(stretch, from + "input_layernorm.weight", to + "input_layernorm.weight");
        copy(stretch, from + "post_layernorm.weight", to + "post_attention_layernorm.weight");
        copy(stretch, from + "attention.q_layernorm.weight", to + "self_attn.q_norm.weight");
        copy(stretch, from + "attention.k_layernorm.weight", to + "self_attn.k_norm.weight");
        queryKeyValue(stretch, from + "attention.qkv", to + "self_attn.");
        long hidden = config.integer("hidden_size");
        long units = config.integer("intermediate_size", 0) / tensorParallel;
        columns(stretch, from + "attention.dense", to + "self_attn.o_proj", hidden);
        rows(stretch, from + "mlp.fc", to + "mlp.gate_proj", units);
        rows(stretch, from + "mlp.gate", to + "mlp.up_proj", units);
        columns(stretch, from + "mlp.proj", to + "mlp.down_proj", hidden);
    }

    /** Every rank has its query heads, then its key heads, then its value heads; a key head may be that of several ranks. */
    private void queryKeyValue(int stretch, String from, String to) throws ModelFormatException {
        long queryRows = (long) numHeads / tensorParallel * headSize;
        int copies = Math.max(1, tensorParallel / numKvHeads);
        long keyRows = (long) Math.max(1, numKvHeads / tensorParallel) * headSize;
        long allRows = queryRows + 2 * keyRows;
        Map<String, List<Tensor>> parts = new LinkedHashMap<>();
        parts.put(".weight", weights(stretch, from, allRows));
        parts.put(".bias", shares(stretch, from + ".bias"));
        List<Tensor> scales = scales(stretch, from);
        boolean one = !scales.isEmpty() && scales.getFirst().count() == 1;
        parts.put(".weight_scale", one ? List.of() : scales);
        for (Map.Entry<String, List<Tensor>> part : parts.entrySet()) {
            List<Tensor> shares = part.getValue();
            if (shares.isEmpty()) {
                continue;
            }
            Tensor first = shares.getFirst();
            int together = part.getKey().equals(".weight") ? outputsPerRow(first, allRows) : 1;
            if (first.rank() < 1 || first.dim(0) != allRows / together) {
                throw new ModelFormatException(
                        folder + ": " + first + ": expected " + queryRows + " + 2 x " + keyRows + " rows");
            }
            List<Tensor> owners = new ArrayList<>();
            for (int t = 0; t < tensorParallel; t += copies) {
                owners.add(shares.get(t));
            }
            long endOfQueries = queryRows / together;
            long endOfKeys = (queryRows + keyRows) / together;
            make(to + "q_proj" + part.getKey(), joinRows(slices(shares, 0, endOfQueries)));
            make(to + "k_proj" + part.getKey(), joinRows(slices(owners, endOfQueries, endOfKeys)));
            make(to + "v_proj" + part.getKey(), joinRows(slices(owners, endOfKeys, allRows / together)));
        }
        for (String name : List.of("q_proj", "k_proj", "v_proj")) {
            if (one) {
                make(to + name + ".weight_scale", theOne(scales));
            }
            inputFactors(stretch, from, to + name, false);
        }
    }

    private static List<Tensor> slices(List<Tensor> tensors, long from, long to) {
        return tensors.stream().map(tensor -> tensor.slice(from, to)).toList();
    }

    private void rows(int stretch, String from, String to, long outputs) throws ModelFormatException {
        List<Tensor> weights = weights(stretch, from, outputs);
        List<Tensor> biases = shares(stretch, from + ".bias");
        List<Tensor> scales = scales(stretch, from);
        if (!weights.isEmpty()) {
            make(to + ".weight", joinRows(weights));
        }
        if (!biases.isEmpty()) {
            make(to + ".bias", joinRows(biases));
        }
        if (!scales.isEmpty()) {
            make(to + ".weight_scale", scales.getFirst().count() == 1 ? theOne(scales) : joinRows(scales));
        }
        inputFactors(stretch, from, to, false);
    }

    private void columns(int stretch, String from, String to, long outputs) throws ModelFormatException {
        List<Tensor> weights = weights(stretch, from, outputs);
        if (!weights.isEmpty()) {
            make(to + ".weight", joinColumns(weights));
        }
        copy(stretch, from + ".bias", to + ".bias");
        List<Tensor> scales = scales(stretch, from);
        if (!scales.isEmpty()) {
            // a row may have a scale in every rank, each for the rank's columns
            boolean perRow = scales.getFirst().dim(scales.getFirst().rank() - 1) == 1;
            make(to + ".weight_scale", perRow && alike(scales) ? scales.getFirst() : joinColumns(scales));
        }
        inputFactors(stretch, from, to, true);
    }

    /**
     * Matrices {@code [out, in]}; of 4-bit numbers {@code [out / 2, in]}, two outputs to a byte, or {@code [out, in / 2]}.
     *
     * @param outputs of a rank's share; 0: not known
     */
    private List<Tensor> weights(int stretch, String from, long outputs) throws ModelFormatException {
        List<Tensor> shares = shares(stretch, from + ".weight");
        boolean integers = algorithm.startsWith("W") && scaleName(stretch, from).isPresent();
        if (!shares.isEmpty() && outputs > 0 && integers) {
            Tensor first = shares.getFirst();
            boolean plain = first.rank() == 2
                    && first.dtype().blockBytes() == 1
                    && first.dim(0) * outputsPerRow(first, outputs) == outputs;
            if (!plain) {
                throw new ModelFormatException(folder + ": " + first + ": expected bytes of " + outputs
                        + " outputs. A checkpoint whose weights were arranged for one kind of graphics processor as they"
                        + " were converted can't be read; give the Hugging Face checkpoint that it was made from");
            }
        }
        return shares;
    }

    /** Two rows of 4-bit numbers may stand in one of bytes. */
    private int outputsPerRow(Tensor weight, long outputs) {
        return algorithm.startsWith("W4") && weight.rank() > 0 && weight.dim(0) * 2 == outputs ? 2 : 1;
    }

    private Optional<String> scaleName(int stretch, String from) {
        Map<String, Tensor> rank = ranks.get(stretch * tensorParallel);
        return SCALES.stream().map(from::concat).filter(rank::containsKey).findFirst();
    }

    /** Scales {@code [1]} for whole matrices, or {@code [out, groups]}; none if there are none. */
    private List<Tensor> scales(int stretch, String from) throws ModelFormatException {
        Optional<String> name = scaleName(stretch, from);
        List<Tensor> scales = new ArrayList<>();
        for (Tensor share : name.isPresent() ? shares(stretch, name.get()) : List.<Tensor>of()) {
            boolean perRow = share.rank() == 1 || share.rank() == 2 && share.dim(0) == 1;
            scales.add(share.count() == 1 ? share.reshape(1) : perRow ? share.reshape(share.count(), 1) : share);
        }
        return scales;
    }

    /** A scale for a whole matrix, which all ranks must have alike. */
    private Tensor theOne(List<Tensor> scales) throws ModelFormatException {
        if (!alike(scales)) {
            throw new ModelFormatException(folder + ": ranks have different scales in '"
                    + scales.getFirst().name() + "', which is not supported");
        }
        return scales.getFirst();
    }

    private static boolean alike(List<Tensor> tensors) {
        return tensors.stream()
                .allMatch(tensor -> tensor.data().mismatch(tensors.getFirst().data()) < 0);
    }

    /** What inputs are multiplied by (AWQ), or divided by (SmoothQuant), before they meet the matrix. */
    private void inputFactors(int stretch, String from, String to, boolean eachItsOwn) throws ModelFormatException {
        List<Tensor> factors = shares(stretch, from + ".prequant_scaling_factor");
        List<Tensor> divisors = shares(stretch, from + ".smoother");
        List<Tensor> shares = factors.isEmpty() ? divisors : factors;
        if (shares.isEmpty()) {
            return;
        }
        List<Tensor> rows =
                shares.stream().map(share -> share.reshape(share.count())).toList();
        Tensor joined = eachItsOwn ? joinRows(rows) : rows.getFirst();
        make(to + ".pre_quant_scale", factors.isEmpty() ? reciprocals(joined) : joined);
    }

    private Tensor reciprocals(Tensor numbers) {
        float[] values = new float[Math.toIntExact(numbers.count())];
        Dequantizers.of(numbers.dtype()).dequantize(numbers.data(), 0, values, 0, values.length);
        MemorySegment target = table.allocate((long) values.length * Float.BYTES);
        for (int i = 0; i < values.length; i++) {
            target.setAtIndex(LittleEndian.FLOAT, i, 1 / values[i]);
        }
        return new Tensor(numbers.name(), DType.F32, numbers.shape(), target);
    }

    private void copy(int stretch, String from, String to) throws ModelFormatException {
        List<Tensor> shares = shares(stretch, from);
        if (!shares.isEmpty()) {
            make(to, shares.getFirst());
        }
    }

    private void make(String name, Tensor tensor) {
        made.add(new Tensor(name, tensor.dtype(), tensor.shape(), tensor.data()));
    }

    private Tensor joinRows(List<Tensor> shares) throws ModelFormatException {
        Tensor first = shares.getFirst();
        if (first.rank() < 1) {
            throw new ModelFormatException(folder + ": expected rows, found " + first);
        }
        if (shares.size() == 1) {
            return first;
        }
        long bytes = first.data().byteSize();
        MemorySegment joined = table.allocate(Math.multiplyExact(bytes, (long) shares.size()));
        for (int i = 0; i < shares.size(); i++) {
            MemorySegment.copy(shares.get(i).data(), 0, joined, i * bytes, bytes);
        }
        long[] shape = first.shape();
        shape[0] *= shares.size();
        return new Tensor(first.name(), first.dtype(), shape, joined);
    }

    private Tensor joinColumns(List<Tensor> shares) throws ModelFormatException {
        Tensor first = shares.getFirst();
        if (first.rank() != 2) {
            throw new ModelFormatException(folder + ": expected a matrix, found " + first);
        }
        if (shares.size() == 1) {
            return first;
        }
        long rowBytes = first.dtype().bytes(first.columns());
        MemorySegment joined = table.allocate(Math.multiplyExact(first.data().byteSize(), (long) shares.size()));
        for (long row = 0; row < first.rows(); row++) {
            for (int i = 0; i < shares.size(); i++) {
                long at = (row * shares.size() + i) * rowBytes;
                MemorySegment.copy(shares.get(i).data(), row * rowBytes, joined, at, rowBytes);
            }
        }
        long[] shape = {first.dim(0), first.dim(1) * shares.size()};
        return new Tensor(first.name(), first.dtype(), shape, joined);
    }
}
