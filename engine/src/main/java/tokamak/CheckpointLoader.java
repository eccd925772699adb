package tokamak;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.DoubleConsumer;
import org.jspecify.annotations.Nullable;
import tokamak.api.InvalidRequestException;
import tokamak.api.ModelLoadException;
import tokamak.api.SamplingParams;
import tokamak.backend.cpu.CpuArithmetic;
import tokamak.backend.cpu.CpuBackend;
import tokamak.backend.cpu.PackCache;
import tokamak.backend.cpu.PackedImage;
import tokamak.file.Checkpoint;
import tokamak.file.Metadata;
import tokamak.file.ModelFormatException;
import tokamak.model.Architecture;
import tokamak.model.Hyperparameters;
import tokamak.model.LanguageModel;
import tokamak.model.ModelConfig;
import tokamak.model.ModelLoader;
import tokamak.model.ModelOptions;
import tokamak.model.arch.Families;
import tokamak.text.ChatTemplate;
import tokamak.text.Tokenizer;

/** Opens the model that a configuration names and puts it on a backend. */
final class CheckpointLoader {
    private static final System.Logger LOG = System.getLogger("tokamak.engine");
    private static final int KV_BLOCK_SIZE = 16;

    /** Raised when the same model computes other keys and values than before. */
    private static final int KV_VERSION = 1;

    /** Smaller models are packed as quickly as they are read. */
    private static final long MIN_PACK_CACHE_BYTES = 64 << 20;

    /** Rows of logits beyond one for each sequence: for log-probabilities of prompts. */
    private static final int SPARE_LOGIT_ROWS = 32;

    private CheckpointLoader() {}

    /** @throws ModelLoadException if the model can't be opened; nothing stays open then */
    static LoadedModel load(EngineConfig config, DoubleConsumer progress) {
        return load(ModelFiles.open(config.model()), config, progress);
    }

    /** Takes the checkpoint over: it is closed with the model, or at once if it can't be used. */
    static LoadedModel load(Checkpoint checkpoint, EngineConfig config, DoubleConsumer progress) {
        try {
            return load(config, checkpoint, progress);
        } catch (IOException e) {
            checkpoint.close();
            throw ModelFiles.failure(config.model(), e);
        } catch (RuntimeException | Error e) {
            checkpoint.close();
            throw e;
        }
    }

    private static LoadedModel load(EngineConfig config, Checkpoint checkpoint, DoubleConsumer progress)
            throws IOException {
        ModelLoader.requireQuantization(checkpoint, config.quantization());
        Architecture architecture = Families.of(checkpoint);
        ModelConfig model = architecture.configure(Hyperparameters.of(checkpoint));
        Tokenizer tokenizer = Tokenizer.of(checkpoint);
        MemoryPlan plan = MemoryPlan.of(
                config,
                model.maxPositions(),
                model.kvBytesPerToken(config.kvCacheType()),
                Math.max(0, HostMemory.availableBytes() - checkpoint.tensorBytes()),
                KV_BLOCK_SIZE);
        int numThreads = config.numThreads() == 0 ? Runtime.getRuntime().availableProcessors() : config.numThreads();
        CpuArithmetic arithmetic = Arithmetic.named(config.cpuIsa());
        CpuBackend backend = new CpuBackend(numThreads, arithmetic, packedImage(config, checkpoint, arithmetic));
        try {
            LanguageModel language =
                    ModelLoader.load(checkpoint, architecture, backend, options(config, plan), progress);
            backend.finishLoading();
            LOG.log(
                    System.Logger.Level.INFO,
                    "{0}: {1} on {2}; {3}",
                    config.model(),
                    architecture.name(),
                    backend.describe(),
                    plan.reason());
            return new LoadedModel(
                    String.valueOf(config.model().getFileName()),
                    language,
                    tokenizer,
                    chatTemplate(config, checkpoint),
                    endIds(checkpoint, tokenizer),
                    samplingDefaults(checkpoint),
                    kvIdentity(config, checkpoint, language, arithmetic),
                    PoolingReader.read(checkpoint),
                    () -> {
                        backend.close();
                        checkpoint.close();
                    });
        } catch (IOException | RuntimeException | Error e) {
            backend.close();
            throw e;
        }
    }

    private static @Nullable PackedImage packedImage(
            EngineConfig config, Checkpoint checkpoint, CpuArithmetic arithmetic) {
        Path folder = config.packCache();
        if (folder == null || checkpoint.tensorBytes() < MIN_PACK_CACHE_BYTES) {
            return null;
        }
        try {
            return PackedImage.open(PackCache.in(folder), ModelIdentity.of(checkpoint), arithmetic)
                    .orElse(null);
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "packed weights are not kept: {0}", e.toString());
            return null;
        }
    }

    /** Weights, how keys and values lie, and who computes them: other kernels may round otherwise. */
    private static Optional<String> kvIdentity(
            EngineConfig config, Checkpoint checkpoint, LanguageModel model, CpuArithmetic arithmetic)
            throws IOException {
        if (config.prefixCacheFolder() == null) {
            return Optional.empty();
        }
        String version = CheckpointLoader.class.getPackage().getImplementationVersion();
        return Optional.of(String.join(
                "\n",
                ModelIdentity.withSamples(checkpoint),
                model.kvFormat(),
                arithmetic.isaName(),
                KV_VERSION + " " + version));
    }

    /** A model whose template is broken can still continue texts. */
    private static Optional<ChatTemplate> chatTemplate(EngineConfig config, Checkpoint checkpoint)
            throws ModelFormatException {
        String given = config.chat().template();
        if (given != null) {
            return Optional.of(ChatTemplate.of(checkpoint, given));
        }
        try {
            return Optional.of(ChatTemplate.of(checkpoint));
        } catch (ModelFormatException e) {
            LOG.log(System.Logger.Level.WARNING, "no chats with this model: {0}", e.getMessage());
            return Optional.empty();
        }
    }

    private static ModelOptions options(EngineConfig config, MemoryPlan plan) {
        return new ModelOptions(
                plan.contextLength(),
                config.maxNumBatchedTokens(),
                config.maxNumSeqs() + SPARE_LOGIT_ROWS,
                config.kvCacheType(),
                plan.numKvBlocks(),
                plan.blockSize());
    }

    private static Set<Integer> endIds(Checkpoint checkpoint, Tokenizer tokenizer) throws IOException {
        Set<Integer> ids = new HashSet<>(tokenizer.endIds());
        addEndIds(checkpoint.metadata(), ids);
        Optional<Metadata> generation = checkpoint.json("generation_config.json");
        if (generation.isPresent()) {
            addEndIds(generation.get(), ids);
        }
        return ids;
    }

    private static void addEndIds(Metadata metadata, Set<Integer> ids) throws ModelFormatException {
        for (long id : metadata.integers("eos_token_id", new long[0])) {
            ids.add(Math.toIntExact(id));
        }
    }

    /**
     * What {@code generation_config.json} or the {@code general.sampling} keys of a GGUF file recommend; values that make no
     * sense are reported and left out.
     */
    private static SamplingParams samplingDefaults(Checkpoint checkpoint) throws IOException {
        Optional<Metadata> generation = checkpoint.json("generation_config.json");
        Metadata source = generation.orElse(checkpoint.metadata());
        try {
            return generation.isPresent()
                    ? samplingDefaults(source, "", "temperature", "repetition_penalty")
                    : samplingDefaults(source, "general.sampling.", "temp", "penalty_repeat");
        } catch (InvalidRequestException | ModelFormatException | ArithmeticException e) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "{0}: sampling defaults are not used: {1}",
                    source.source(),
                    e.getMessage());
            return SamplingParams.defaults();
        }
    }

    private static SamplingParams samplingDefaults(Metadata m, String prefix, String temperature, String repetition)
            throws ModelFormatException {
        SamplingParams defaults = SamplingParams.defaults();
        double usual = m.flag("do_sample", true) ? defaults.temperature() : 0;
        return defaults.toBuilder()
                .temperature(m.number(prefix + temperature, usual))
                .topP(m.number(prefix + "top_p", defaults.topP()))
                .topK(Math.toIntExact(m.integer(prefix + "top_k", defaults.topK())))
                .minP(m.number(prefix + "min_p", defaults.minP()))
                .repetitionPenalty(m.number(prefix + repetition, defaults.repetitionPenalty()))
                .build();
    }
}
