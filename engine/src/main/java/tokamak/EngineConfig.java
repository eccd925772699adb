package tokamak;

import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tokamak.api.InvalidRequestException;
import tokamak.backend.KvType;

/**
 * How to open an engine. {@link #of} has good values for everything; 0 means that the engine chooses and says what.
 *
 * @param model a GGUF file or a Hugging Face folder
 * @param quantization method that the model's files must have, by vLLM's names; auto: any
 * @param maxModelLen tokens of prompt and answer together; 0: what the model and the memory allow
 * @param kvCacheMemoryBytes memory for keys and values; 0: a share of what is free
 * @param kvCacheType how keys and values are kept
 * @param numThreads for arithmetic; 0: one per processor
 * @param cpuIsa instruction set: auto, scalar, avx2, avxvnni, avx512, avx512bf16 or amx
 * @param packCache folder that keeps packed weights between starts, so that a second start is quick; null for none
 * @param chat how chats are written for the model, and how its answers are read
 * @param maxNumSeqs sequences that run at once
 * @param maxNumBatchedTokens tokens computed per step
 * @param longPrefillCap of these, the most of one sequence; 0: no less than all
 * @param maxSlowdown how many times longer the next token of running answers may take while prompts are computed beside
 *     them; infinite: prompts are computed as fast as they can be
 * @param maxNumQueuedReqs sequences that may wait
 * @param maxNumQueuedTokens prompt tokens that may wait
 * @param guaranteedNoEvict start a sequence only if memory for its longest answer is free; it is never interrupted then
 * @param prefixCaching find the keys and values of a prompt's beginning again
 * @param prefixCacheFolder where the prefix cache also keeps what it has, for the next start; null for none
 * @param prefixCacheBytes of that folder at most; 0: 10 GiB, but no more than a quarter of the disk
 * @param agingInterval waiting this long improves a request's priority by one
 * @param slowStep a step that takes longer is reported
 */
public record EngineConfig(
        Path model,
        String quantization,
        int maxModelLen,
        long kvCacheMemoryBytes,
        KvType kvCacheType,
        int numThreads,
        String cpuIsa,
        @Nullable Path packCache,
        ChatConfig chat,
        int maxNumSeqs,
        int maxNumBatchedTokens,
        int longPrefillCap,
        double maxSlowdown,
        int maxNumQueuedReqs,
        long maxNumQueuedTokens,
        boolean guaranteedNoEvict,
        boolean prefixCaching,
        @Nullable Path prefixCacheFolder,
        long prefixCacheBytes,
        Duration agingInterval,
        Duration slowStep) {
    public EngineConfig {
        require("maxModelLen", maxModelLen, 0, Integer.MAX_VALUE);
        require("kvCacheMemoryBytes", kvCacheMemoryBytes, 0, Long.MAX_VALUE);
        require("numThreads", numThreads, 0, 4096);
        require("maxNumSeqs", maxNumSeqs, 1, 65536);
        require("maxNumBatchedTokens", maxNumBatchedTokens, maxNumSeqs, 1 << 20);
        require("longPrefillCap", longPrefillCap, 0, 1 << 20);
        if (!(maxSlowdown > 1)) {
            throw new InvalidRequestException("maxSlowdown", "maxSlowdown must be more than 1, found " + maxSlowdown);
        }
        require("maxNumQueuedReqs", maxNumQueuedReqs, 1, Integer.MAX_VALUE);
        require("maxNumQueuedTokens", maxNumQueuedTokens, 1, Long.MAX_VALUE);
        require("prefixCacheBytes", prefixCacheBytes, 0, Long.MAX_VALUE);
        require("agingInterval in ms", agingInterval.toMillis(), 1, Long.MAX_VALUE);
        require("slowStep in ms", slowStep.toMillis(), 1, Long.MAX_VALUE);
    }

    private static void require(String name, long value, long min, long max) {
        if (value < min || value > max) {
            throw new InvalidRequestException(name, name + " must be in [" + min + ", " + max + "], found " + value);
        }
    }

    /** Good values for everything but the model. */
    public static EngineConfig of(Path model) {
        return new EngineConfig(
                model,
                "auto",
                0,
                0,
                KvType.AUTO,
                0,
                "auto",
                null,
                ChatConfig.AUTO,
                64,
                512,
                0,
                2.5,
                1024,
                1 << 20,
                false,
                true,
                null,
                0,
                Duration.ofSeconds(10),
                Duration.ofSeconds(30));
    }

    public EngineConfig withModel(Path value) {
        return change(draft -> draft.model = value);
    }

    /** @param value such as {@code awq}; {@code auto} for any */
    public EngineConfig withQuantization(String value) {
        return change(draft -> draft.quantization = value);
    }

    public EngineConfig withMaxModelLen(int value) {
        return change(draft -> draft.maxModelLen = value);
    }

    public EngineConfig withKvCacheMemoryBytes(long value) {
        return change(draft -> draft.kvCacheMemoryBytes = value);
    }

    public EngineConfig withKvCacheType(KvType value) {
        return change(draft -> draft.kvCacheType = value);
    }

    /** @param name of the type in any case: {@code auto}, {@code f32}, {@code f16}, {@code int8} or {@code int4} */
    public EngineConfig withKvCacheType(String name) {
        return withKvCacheType(kvType(name));
    }

    static KvType kvType(String name) {
        try {
            return KvType.named(name);
        } catch (IllegalArgumentException e) {
            throw new InvalidRequestException("kvCacheType", "kv-cache-dtype " + e.getMessage());
        }
    }

    public EngineConfig withNumThreads(int value) {
        return change(draft -> draft.numThreads = value);
    }

    public EngineConfig withCpuIsa(String value) {
        return change(draft -> draft.cpuIsa = value);
    }

    public EngineConfig withPackCache(@Nullable Path value) {
        return change(draft -> draft.packCache = value);
    }

    public EngineConfig withChat(ChatConfig value) {
        return change(draft -> draft.chat = value);
    }

    public EngineConfig withBatchLimits(int newMaxNumSeqs, int newMaxNumBatchedTokens) {
        return change(draft -> {
            draft.maxNumSeqs = newMaxNumSeqs;
            draft.maxNumBatchedTokens = newMaxNumBatchedTokens;
        });
    }

    public EngineConfig withLongPrefillCap(int value) {
        return change(draft -> draft.longPrefillCap = value);
    }

    public EngineConfig withMaxSlowdown(double value) {
        return change(draft -> draft.maxSlowdown = value);
    }

    public EngineConfig withQueueLimits(int newMaxNumQueuedReqs, long newMaxNumQueuedTokens) {
        return change(draft -> {
            draft.maxNumQueuedReqs = newMaxNumQueuedReqs;
            draft.maxNumQueuedTokens = newMaxNumQueuedTokens;
        });
    }

    public EngineConfig withGuaranteedNoEvict(boolean value) {
        return change(draft -> draft.guaranteedNoEvict = value);
    }

    public EngineConfig withPrefixCaching(boolean value) {
        return change(draft -> draft.prefixCaching = value);
    }

    /** @param bytes at most; 0: the engine chooses */
    public EngineConfig withPrefixCacheFolder(@Nullable Path folder, long bytes) {
        return change(draft -> {
            draft.prefixCacheFolder = folder;
            draft.prefixCacheBytes = bytes;
        });
    }

    public EngineConfig withAgingInterval(Duration value) {
        return change(draft -> draft.agingInterval = value);
    }

    public EngineConfig withSlowStep(Duration value) {
        return change(draft -> draft.slowStep = value);
    }

    private EngineConfig change(Consumer<Draft> change) {
        Draft draft = new Draft(this);
        change.accept(draft);
        return draft.build();
    }

    /** The same components, changeable. */
    private static final class Draft {
        Path model;
        String quantization;
        int maxModelLen;
        long kvCacheMemoryBytes;
        KvType kvCacheType;
        int numThreads;
        String cpuIsa;

        @Nullable
        Path packCache;

        ChatConfig chat;

        int maxNumSeqs;
        int maxNumBatchedTokens;
        int longPrefillCap;
        double maxSlowdown;
        int maxNumQueuedReqs;
        long maxNumQueuedTokens;
        boolean guaranteedNoEvict;
        boolean prefixCaching;

        @Nullable
        Path prefixCacheFolder;

        long prefixCacheBytes;
        Duration agingInterval;
        Duration slowStep;

        Draft(EngineConfig from) {
            model = from.model;
            quantization = from.quantization;
            maxModelLen = from.maxModelLen;
            kvCacheMemoryBytes = from.kvCacheMemoryBytes;
            kvCacheType = from.kvCacheType;
            numThreads = from.numThreads;
            cpuIsa = from.cpuIsa;
            packCache = from.packCache;
            chat = from.chat;
            maxNumSeqs = from.maxNumSeqs;
            maxNumBatchedTokens = from.maxNumBatchedTokens;
            longPrefillCap = from.longPrefillCap;
            maxSlowdown = from.maxSlowdown;
            maxNumQueuedReqs = from.maxNumQueuedReqs;
            maxNumQueuedTokens = from.maxNumQueuedTokens;
            guaranteedNoEvict = from.guaranteedNoEvict;
            prefixCaching = from.prefixCaching;
            prefixCacheFolder = from.prefixCacheFolder;
            prefixCacheBytes = from.prefixCacheBytes;
            agingInterval = from.agingInterval;
            slowStep = from.slowStep;
        }

        EngineConfig build() {
            return new EngineConfig(
                    model,
                    quantization,
                    maxModelLen,
                    kvCacheMemoryBytes,
                    kvCacheType,
                    numThreads,
                    cpuIsa,
                    packCache,
                    chat,
                    maxNumSeqs,
                    maxNumBatchedTokens,
                    longPrefillCap,
                    maxSlowdown,
                    maxNumQueuedReqs,
                    maxNumQueuedTokens,
                    guaranteedNoEvict,
                    prefixCaching,
                    prefixCacheFolder,
                    prefixCacheBytes,
                    agingInterval,
                    slowStep);
        }
    }
}
