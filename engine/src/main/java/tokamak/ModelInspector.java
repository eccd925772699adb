package tokamak;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import tokamak.file.Checkpoint;
import tokamak.file.GgufCheckpoint;
import tokamak.file.HfCheckpoint;
import tokamak.file.Metadata;
import tokamak.file.ModelFormatException;
import tokamak.model.Hyperparameters;
import tokamak.model.ModelConfig;
import tokamak.model.arch.Families;
import tokamak.tensor.DType;
import tokamak.tensor.Tensor;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/** Gathers a {@link ModelInfo} from an open checkpoint. */
final class ModelInspector {
    private static final Pattern SPLIT = Pattern.compile("(.*-)\\d{5}(-of-\\d{5}\\.gguf)");
    private static final List<String> GGUF_HIGHLIGHTS = List.of(
            "general.size_label",
            "general.file_type",
            "general.license",
            "general.quantized_by",
            "split.count",
            "tokenizer.ggml.bos_token_id",
            "tokenizer.ggml.eos_token_id");
    private static final List<String> HF_HIGHLIGHTS = List.of(
            "model_type",
            "torch_dtype",
            "dtype",
            "tie_word_embeddings",
            "rope_theta",
            "rope_scaling",
            "bos_token_id",
            "eos_token_id");

    private final Checkpoint checkpoint;
    private final Metadata metadata;

    ModelInspector(Checkpoint checkpoint) {
        this.checkpoint = checkpoint;
        this.metadata = checkpoint.metadata();
    }

    ModelInfo inspect() {
        try {
            Optional<ModelConfig> config = Optional.empty();
            Optional<String> unsupported = Optional.empty();
            try {
                config = Optional.of(Families.of(checkpoint).configure(Hyperparameters.of(checkpoint)));
            } catch (ModelFormatException e) {
                unsupported = Optional.of(String.valueOf(e.getMessage()));
            }
            if (checkpoint.tensorNames().isEmpty()) {
                unsupported = Optional.of("it has no weights, only a tokenizer");
            }
            List<Tensor> tensors = tensors();
            return new ModelInfo(
                    name(),
                    checkpoint.path(),
                    isGguf() ? "GGUF" : "Hugging Face",
                    architecture(),
                    unsupported,
                    parameters(tensors),
                    fileBytes(),
                    checkpoint.tensorBytes(),
                    formats(tensors),
                    tensors.stream().map(ModelInspector::info).toList(),
                    config.map(c -> shape(c, tensors)),
                    tokenizer(),
                    hasChatTemplate(),
                    highlights());
        } catch (IOException e) {
            throw ModelFiles.failure(checkpoint.path(), e);
        }
    }

    private boolean isGguf() {
        return switch (checkpoint) {
            case GgufCheckpoint _ -> true;
            case HfCheckpoint _ -> false;
        };
    }

    private String name() throws ModelFormatException {
        Path file = checkpoint.path().toAbsolutePath().normalize().getFileName();
        String fileName = file == null ? "/" : file.toString();
        return isGguf() ? metadata.string("general.name", fileName) : fileName;
    }

    private String architecture() throws ModelFormatException {
        return isGguf()
                ? metadata.string("general.architecture", "")
                : String.join(", ", metadata.strings("architectures", List.of()));
    }

    // ---- tensors

    private List<Tensor> tensors() throws ModelFormatException {
        List<Tensor> tensors = new ArrayList<>();
        for (String name : checkpoint.tensorNames()) {
            tensors.add(checkpoint.tensor(name));
        }
        return tensors;
    }

    private static ModelInfo.TensorInfo info(Tensor tensor) {
        return new ModelInfo.TensorInfo(
                tensor.name(),
                tensor.dtype().name(),
                LongStream.of(tensor.shape()).boxed().toList(),
                tensor.data().byteSize());
    }

    private static List<ModelInfo.Format> formats(List<Tensor> tensors) {
        Map<DType, ModelInfo.Format> formats = new EnumMap<>(DType.class);
        for (Tensor tensor : tensors) {
            ModelInfo.Format one = new ModelInfo.Format(
                    tensor.dtype().name(), 1, tensor.count(), tensor.data().byteSize());
            formats.merge(
                    tensor.dtype(),
                    one,
                    (a, b) -> new ModelInfo.Format(
                            a.dtype(),
                            a.numTensors() + b.numTensors(),
                            a.numElements() + b.numElements(),
                            a.numBytes() + b.numBytes()));
        }
        return formats.values().stream()
                .sorted(Comparator.comparingLong(ModelInfo.Format::numBytes).reversed())
                .toList();
    }

    /** Quantisation tools pack several small integers into one of 32 bits, and lay scales and orders beside them. */
    private long parameters(List<Tensor> tensors) throws ModelFormatException {
        Optional<Metadata> quantization = metadata.object("quantization_config");
        long packedBits = quantization.isPresent() ? packedBits(quantization.get()) : 0;
        long parameters = 0;
        for (Tensor tensor : tensors) {
            String name = tensor.name();
            boolean isHelper = quantization.isPresent()
                    && Stream.of("scales", "_scale", "_scale_inv", "qzeros", "_zero_point", "g_idx", "_shape")
                            .anyMatch(name::endsWith);
            boolean isPacked = tensor.dtype() == DType.I32 && packedBits > 0;
            if (!isHelper) {
                parameters += isPacked ? tensor.count() * 32 / packedBits : tensor.count();
            }
        }
        return parameters;
    }

    private static long packedBits(Metadata quantization) throws ModelFormatException {
        Optional<Metadata> groups = quantization.object("config_groups");
        if (groups.isEmpty()) {
            return quantization.integer("bits", quantization.integer("w_bit", 0));
        }
        for (String group : groups.get().keys()) {
            Optional<Metadata> weights =
                    groups.get().object(group).orElseThrow().object("weights");
            if (weights.isPresent()) {
                return weights.get().integer("num_bits", 0);
            }
        }
        return 0;
    }

    // ---- sizes

    private long fileBytes() throws IOException {
        Path path = checkpoint.path();
        if (!isGguf()) {
            return sumOfFiles(path, Pattern.compile(".*"));
        }
        Matcher split = SPLIT.matcher(String.valueOf(path.getFileName()));
        Path folder = path.toAbsolutePath().getParent();
        return split.matches() && folder != null
                ? sumOfFiles(
                        folder,
                        Pattern.compile(Pattern.quote(split.group(1)) + "\\d{5}" + Pattern.quote(split.group(2))))
                : Files.size(path);
    }

    private static long sumOfFiles(Path folder, Pattern name) throws IOException {
        long bytes = 0;
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                bytes += name.matcher(file.getFileName().toString()).matches() ? Files.size(file) : 0;
            }
        }
        return bytes;
    }

    private static ModelInfo.Shape shape(ModelConfig config, List<Tensor> tensors) {
        long kvNumbers = config.kvNumbersPerToken();
        long heads = (long) config.numHeads() * config.headDim();
        long vocab = config.vocabSize() > 0 ? config.vocabSize() : embeddingRows(tensors, config.hiddenSize());
        int widestKv = config.layers().stream()
                .mapToInt(ModelConfig.Layer::numKvHeads)
                .max()
                .orElse(0);
        // The residual stream and its four companions; queries, keys, values and their answer; the feed-forward.
        long activations = 5L * config.hiddenSize()
                + 2 * heads
                + (long) widestKv * (config.headDim() + config.valueDim())
                + 3L * config.intermediateSize();
        ModelConfig.Moe moe = config.moe();
        return new ModelInfo.Shape(
                config.hiddenSize(),
                config.numLayers(),
                config.numHeads(),
                config.layers().getFirst().numKvHeads(),
                config.headDim(),
                config.intermediateSize(),
                (int) Math.min(vocab, Integer.MAX_VALUE),
                config.maxPositions(),
                moe == null ? 0 : moe.numExperts(),
                moe == null ? 0 : moe.numUsed(),
                config.layers().stream()
                        .mapToInt(ModelConfig.Layer::window)
                        .max()
                        .orElse(0),
                kvNumbers,
                activations);
    }

    private static long embeddingRows(List<Tensor> tensors, int hiddenSize) {
        return tensors.stream()
                .filter(tensor -> tensor.name().contains("emb") && tensor.rank() == 2 && tensor.columns() == hiddenSize)
                .mapToLong(Tensor::rows)
                .max()
                .orElse(0);
    }

    // ---- text

    private String tokenizer() throws IOException {
        if (isGguf()) {
            String model = metadata.string("tokenizer.ggml.model", "");
            String pre = metadata.string("tokenizer.ggml.pre", "");
            return pre.isEmpty() ? model : model + " (" + pre + ")";
        }
        Optional<Path> json = checkpoint.file("tokenizer.json");
        if (json.isPresent()) {
            return modelType(json.get());
        }
        return Stream.of("tokenizer.model", "vocab.json", "vocab.txt")
                .filter(name -> checkpoint.file(name).isPresent())
                .findFirst()
                .orElse("");
    }

    /** Reads as little as possible of a file that may hold hundreds of thousands of strings. */
    private static String modelType(Path tokenizerJson) {
        try (JsonParser parser = new JsonFactory().createParser(ObjectReadContext.empty(), tokenizerJson)) {
            parser.nextToken();
            while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                boolean isModel = parser.currentName().equals("model");
                if (parser.nextToken() == JsonToken.START_OBJECT && isModel) {
                    return typeOf(parser);
                }
                parser.skipChildren();
            }
            return "tokenizer.json";
        } catch (JacksonException e) {
            return "tokenizer.json, damaged";
        }
    }

    private static String typeOf(JsonParser parser) {
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
            boolean isType = parser.currentName().equals("type");
            if (parser.nextToken() == JsonToken.VALUE_STRING && isType) {
                return parser.getString();
            }
            parser.skipChildren();
        }
        return "BPE";
    }

    private boolean hasChatTemplate() throws IOException {
        if (metadata.has("tokenizer.chat_template")
                || checkpoint.file("chat_template.jinja").isPresent()) {
            return true;
        }
        Optional<Metadata> config = checkpoint.json("tokenizer_config.json");
        return config.isPresent() && config.get().has("chat_template");
    }

    private Map<String, String> highlights() throws ModelFormatException {
        Map<String, String> found = new LinkedHashMap<>();
        for (String key : isGguf() ? GGUF_HIGHLIGHTS : HF_HIGHLIGHTS) {
            if (metadata.has(key)) {
                found.put(key, metadata.describe(key));
            }
        }
        if (isGguf()) {
            metadata.keys().stream()
                    .filter(key -> key.contains(".rope."))
                    .forEach(key -> found.put(key, metadata.describe(key)));
        }
        Optional<Metadata> quantization = metadata.object("quantization_config");
        if (quantization.isPresent()) {
            found.put("quant_method", quantization.get().describe("quant_method"));
        }
        return found;
    }
}
