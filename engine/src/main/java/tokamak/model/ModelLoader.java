package tokamak.model;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.DoubleConsumer;
import tokamak.backend.Backend;
import tokamak.backend.BlockMemory;
import tokamak.backend.Embedding;
import tokamak.backend.KvCache;
import tokamak.backend.KvLayout;
import tokamak.backend.Norm;
import tokamak.backend.Rope;
import tokamak.backend.StepInput;
import tokamak.file.Checkpoint;
import tokamak.file.GgufCheckpoint;
import tokamak.file.HfCheckpoint;
import tokamak.file.ModelFormatException;
import tokamak.quant.QuantizedLayers;
import tokamak.tensor.Tensor;

/** Puts a checkpoint on a backend. */
public final class ModelLoader {
    private static final int GLOBAL = -1;

    private ModelLoader() {}

    /**
     * Loads a model. The checkpoint must stay open as long as the model is used: weights may stay mapped. On failure
     * nothing is left but what the backend holds.
     *
     * @param progress told the share that is loaded, 0 to 1
     */
    public static LanguageModel load(
            Checkpoint checkpoint,
            Architecture architecture,
            Backend backend,
            ModelOptions options,
            DoubleConsumer progress)
            throws IOException {
        Hyperparameters source = Hyperparameters.of(checkpoint);
        QuantizedLayers quantized = quantized(checkpoint);
        ConfigDraft draft = architecture.draft(source);
        Arena copies = Arena.ofShared();
        try {
            TensorSource tensors = new TensorSource(checkpoint, quantized, draft.quirks, copies);
            addRopeTensors(draft, tensors);
            ModelConfig config = draft.build(architecture.name());
            return load(config, tensors, backend, options, progress, copies);
        } catch (ModelFormatException | RuntimeException | Error e) {
            copies.close();
            throw e;
        }
    }

    private static LanguageModel load(
            ModelConfig config,
            TensorSource tensors,
            Backend backend,
            ModelOptions options,
            DoubleConsumer progress,
            Arena copies)
            throws ModelFormatException {
        Rope rope = resolve(config.rope(), options, tensors);
        Rope localRope = config.localRope() == config.rope() ? rope : resolve(config.localRope(), options, tensors);
        Binder binder = new Binder(config, tensors, backend, rope, localRope);

        Tensor embedding = tensors.tensor(Role.TOKEN_EMBEDDING);
        if (embedding.rank() != 2 || embedding.columns() != config.hiddenSize()) {
            throw tensors.error("expected token embeddings of " + config.hiddenSize() + " numbers, found " + embedding);
        }
        List<Block> blocks = new ArrayList<>();
        for (int layer = 0; layer < config.numLayers(); layer++) {
            blocks.add(binder.block(layer));
            progress.accept((layer + 1.0) / (config.numLayers() + 1));
        }
        Norm outputNorm = binder.norm(Role.OUTPUT_NORM, GLOBAL);
        Linear output = tensors.has(Role.OUTPUT) ? binder.output(embedding.rows()) : binder.tiedOutput(embedding);
        Optional<Embedding> positions = tensors.find(Role.POSITION_EMBEDDING).map(backend::loadEmbedding);
        refuseUnused(tensors, config.numLayers());
        progress.accept(1);

        KvLayout layout = new KvLayout(binder.kvLayers(), options.kvType(), options.kvBlockSize());
        Workspace workspace = new Workspace(
                backend, config, blocks, output.outFeatures(), options.maxStepTokens(), options.maxLogitRows());
        KvCache kvCache = backend.allocateKvCache(layout, options.numKvBlocks());
        Decoder decoder = new Decoder(
                config,
                backend,
                kvCache,
                workspace,
                backend.loadEmbedding(embedding),
                positions.orElse(null),
                blocks,
                outputNorm,
                output);
        return new LoadedModel(config, options, decoder, kvCache, hash(rope, localRope), copies, output.outFeatures());
    }

    /** Of the frequencies in use: some models choose them by the context's length. */
    private static int hash(Rope rope, Rope localRope) {
        return Objects.hash(
                Arrays.hashCode(rope.inverseFrequencies()),
                rope.magnitude(),
                Arrays.hashCode(localRope.inverseFrequencies()),
                localRope.magnitude());
    }

    /**
     * Checks that a checkpoint is quantised as its user thinks.
     *
     * @param name the method as vLLM calls it; {@code auto} for any
     * @throws ModelFormatException if it is quantised otherwise, or not at all
     */
    public static void requireQuantization(Checkpoint checkpoint, String name) throws IOException {
        String wanted = switch (name.toLowerCase(Locale.ROOT)) {
            case "awq_marlin", "awq_triton", "awq_bitblas" -> "awq";
            case "gptq_marlin", "gptq_bitblas" -> "gptq";
            case "modelopt_fp8", "modelopt_fp4" -> "modelopt";
            case "gpt_oss_mxfp4" -> "mxfp4";
            case "auto_round", "inc" -> "auto-round";
            case "compressed_tensors" -> "compressed-tensors";
            case "bnb" -> "bitsandbytes";
            default -> name.toLowerCase(Locale.ROOT);
        };
        if (wanted.equals("auto")) {
            return;
        }
        String found = switch (checkpoint) {
            case GgufCheckpoint gguf -> "gguf";
            case HfCheckpoint folder -> QuantizedLayers.of(folder).method();
        };
        if (!wanted.equals(found)) {
            String state = found.equals("none") ? "is not quantised" : "is quantised by the method '" + found + "'";
            throw new ModelFormatException(checkpoint.path() + ": the quantisation '" + name
                    + "' was asked for, but the model " + state + "; leave the option out to take it as it is");
        }
    }

    private static QuantizedLayers quantized(Checkpoint checkpoint) throws IOException {
        return switch (checkpoint) {
            case GgufCheckpoint gguf -> QuantizedLayers.none();
            case HfCheckpoint folder -> QuantizedLayers.of(folder);
        };
    }

    /** GGUF files keep divisors of rotary frequencies as tensors. */
    private static void addRopeTensors(ConfigDraft draft, TensorSource tensors) throws ModelFormatException {
        Optional<double[]> shortFactors = tensors.find(Role.ROPE_SHORT_DIVISORS).map(ModelLoader::doubles);
        Optional<double[]> longFactors = tensors.find(Role.ROPE_LONG_DIVISORS).map(ModelLoader::doubles);
        if (shortFactors.isPresent() && longFactors.isPresent()) {
            draft.ropeScaling =
                    RopeReader.longRope(draft.source, shortFactors.get(), longFactors.get(), draft.maxPositions);
        }
        Optional<double[]> divisors = tensors.find(Role.ROPE_DIVISORS).map(ModelLoader::doubles);
        if (divisors.isPresent()) {
            draft.ropeScaling = new RopeScaling.Divisors(divisors.get());
        }
    }

    private static Rope resolve(RopeConfig rope, ModelOptions options, TensorSource tensors)
            throws ModelFormatException {
        try {
            return rope.resolve(options.contextLength());
        } catch (IllegalArgumentException e) {
            throw tensors.error(String.valueOf(e.getMessage()));
        }
    }

    private static double[] doubles(Tensor tensor) {
        float[] values = TensorSource.floats(tensor);
        double[] doubles = new double[values.length];
        for (int i = 0; i < doubles.length; i++) {
            doubles[i] = values[i];
        }
        return doubles;
    }

    /** A tensor that nobody asked for is a part of the model that would be missing in what it says. */
    private static void refuseUnused(TensorSource tensors, int numLayers) throws ModelFormatException {
        Set<String> unused = tensors.unused(numLayers);
        if (!unused.isEmpty()) {
            throw tensors.error("does not know what to do with " + unused.size() + " of its tensors, such as '"
                    + unused.iterator().next() + "'; the model would answer wrongly without them");
        }
    }

    /** What the scheduler gets. Owns the KV cache and copied tensors; the backend and the checkpoint have owners of their own. */
    private record LoadedModel(
            ModelConfig config,
            ModelOptions options,
            Decoder decoder,
            KvCache kvCache,
            int ropeHash,
            Arena copies,
            int vocabSize)
            implements LanguageModel {
        @Override
        public int maxPositions() {
            return Math.min(config.maxPositions(), options.contextLength());
        }

        @Override
        public int numKvBlocks() {
            return options.numKvBlocks();
        }

        @Override
        public int kvBlockSize() {
            return options.kvBlockSize();
        }

        @Override
        public BlockMemory kvMemory() {
            return kvCache;
        }

        @Override
        public String kvFormat() {
            return kvCache.format() + ", rope " + ropeHash;
        }

        @Override
        public int maxStepTokens() {
            return options.maxStepTokens();
        }

        @Override
        public int maxLogitRows() {
            return options.maxLogitRows();
        }

        @Override
        public MemorySegment forward(StepInput input) {
            return decoder.forward(input);
        }

        @Override
        public int stateSize() {
            return config.hiddenSize();
        }

        @Override
        public MemorySegment states() {
            return decoder.states();
        }

        @Override
        public void observe(LinearInput.Observer observer) {
            decoder.observe(observer);
        }

        @Override
        public void close() {
            kvCache.close();
            copies.close();
        }
    }
}
