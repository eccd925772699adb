package tokamak;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import tokamak.api.ModelLoadException;
import tokamak.file.Checkpoint;

/**
 * What the files of a model say about it; no weight is read for it.
 *
 * @param name for people
 * @param path the file or folder
 * @param fileFormat {@code "GGUF"} or {@code "Hugging Face"}
 * @param architecture as the files call it; "" where there is only a tokenizer
 * @param unsupported why Tokamak can't run the model, if it can't
 * @param parameters numbers in all weights; packed integers count as what is packed in them
 * @param fileBytes of all files of the model
 * @param weightBytes of all tensors
 * @param formats how the weights are stored, the format with the most bytes first
 * @param tensors in file order
 * @param shape sizes, if the architecture is known
 * @param tokenizer its kind, such as {@code "BPE (qwen2)"}; "" where there is none
 * @param hasChatTemplate whether the files say how a conversation becomes a prompt
 * @param highlights further facts from the metadata, label to value, in an order for people
 */
public record ModelInfo(
        String name,
        Path path,
        String fileFormat,
        String architecture,
        Optional<String> unsupported,
        long parameters,
        long fileBytes,
        long weightBytes,
        List<Format> formats,
        List<TensorInfo> tensors,
        Optional<Shape> shape,
        String tokenizer,
        boolean hasChatTemplate,
        Map<String, String> highlights) {
    /** @param dtype how numbers are stored, such as {@code "Q8_0"} */
    public record Format(String dtype, int numTensors, long numElements, long numBytes) {}

    /** @param shape outermost dimension first */
    public record TensorInfo(String name, String dtype, List<Long> shape, long numBytes) {}

    /**
     * @param numKvHeads of the first layer; layers may differ
     * @param numExperts 0 for dense models
     * @param kvNumbersPerToken numbers that the keys and values of one token are, over all layers
     * @param activationNumbersPerToken numbers that the forward pass keeps for one token of a step
     */
    public record Shape(
            int hiddenSize,
            int numLayers,
            int numHeads,
            int numKvHeads,
            int headDim,
            int intermediateSize,
            int vocabSize,
            int maxPositions,
            int numExperts,
            int numExpertsUsed,
            int slidingWindow,
            long kvNumbersPerToken,
            long activationNumbersPerToken) {}

    /**
     * An estimate of what running the model takes, in bytes.
     *
     * @param contextLength tokens of one sequence
     * @param activations of a step of {@value #STEP_TOKENS} tokens
     */
    public record Memory(int contextLength, long weights, long kvCacheF16, long kvCacheF32, long activations) {
        private static final int STEP_TOKENS = 512;

        public long totalF16() {
            return weights + kvCacheF16 + activations;
        }

        public long totalF32() {
            return weights + kvCacheF32 + activations;
        }
    }

    public ModelInfo {
        formats = List.copyOf(formats);
        tensors = List.copyOf(tensors);
    }

    /** @throws ModelLoadException if there is no model, or a damaged one; an unknown architecture is no error */
    public static ModelInfo of(Path model) {
        try (Checkpoint checkpoint = ModelFiles.open(model)) {
            return new ModelInspector(checkpoint).inspect();
        }
    }

    /** Keys and values of one token over all layers, kept as a configuration says; empty for an architecture that is not known. */
    public OptionalLong kvBytesPerToken(EngineConfig config) {
        return shape.map(s -> OptionalLong.of(s.kvNumbersPerToken()
                        / s.headDim()
                        * config.kvCacheType().vectorBytes(s.headDim())))
                .orElse(OptionalLong.empty());
    }

    /** What a sequence of so many tokens takes; empty for an architecture that is not known. */
    public Optional<Memory> memory(int contextLength) {
        return shape.map(s -> {
            long numbers = s.kvNumbersPerToken() * contextLength;
            int stepTokens = Math.min(contextLength, Memory.STEP_TOKENS);
            long activations = 4L * (s.activationNumbersPerToken() * stepTokens + s.vocabSize());
            return new Memory(contextLength, weightBytes, 2 * numbers, 4 * numbers, activations);
        });
    }
}
