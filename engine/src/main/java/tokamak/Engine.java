package tokamak;

import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.DoubleConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import tokamak.api.ContextLengthException;
import tokamak.api.EmbeddingRequest;
import tokamak.api.EngineClosedException;
import tokamak.api.Generation;
import tokamak.api.GenerationRequest;
import tokamak.api.ModelLoadException;
import tokamak.api.Prompt;
import tokamak.api.SamplingParams;
import tokamak.api.Score;
import tokamak.api.TextEmbedding;
import tokamak.api.TokenEvent;
import tokamak.api.TokenLogprobs;
import tokamak.backend.cpu.PackCache;
import tokamak.chat.ChatFormat;
import tokamak.file.Checkpoint;
import tokamak.grammar.Grammar;
import tokamak.keep.DiskBlockStore;
import tokamak.model.LanguageModel;
import tokamak.sample.RandomStream;
import tokamak.schedule.Admission;
import tokamak.schedule.BlockStore;
import tokamak.schedule.Command;
import tokamak.schedule.EngineLoop;
import tokamak.schedule.SchedulerConfig;
import tokamak.schedule.Sequence;
import tokamak.schedule.SequenceRequest;
import tokamak.schedule.StatePool;

/**
 * A model that answers any number of requests at once. Threads may share it.
 *
 * <pre>{@code
 * try (Engine engine = Engine.open(EngineConfig.of(Path.of("model.gguf")))) {
 *     String text = engine.submit(GenerationRequest.text("Once upon a time")).collect().text();
 * }
 * }</pre>
 */
public final class Engine implements AutoCloseable {
    private static final int SCORE_TOP = 10;
    private static final long USUAL_PREFIX_CACHE_BYTES = 10L << 30;
    private static final int FIRST_CHANNEL_CAPACITY = 256;

    private final LoadedModel loaded;
    private final int contextLength;
    private final String kvCacheType;
    private final boolean prefixCaching;
    private final RequestPreparer preparer;
    private final ChatFormat chatFormat;
    private final Guides guides;
    private final LongSupplier nanoClock = System::nanoTime;
    private final StatsBoard board = new StatsBoard(nanoClock);
    private final Inbox inbox = new Inbox();
    private final QueueLimits queue;
    private final SecureRandom seeds = new SecureRandom();
    private final Watchdog watchdog;
    private final Thread watchdogThread;
    private final Thread engineThread;
    private final @Nullable DiskBlockStore prefixStore;
    private final ReentrantLock closing = new ReentrantLock();
    private boolean closed;

    private Engine(LoadedModel loaded, EngineConfig config) {
        LanguageModel model = loaded.model();
        this.loaded = loaded;
        this.contextLength = contextLength(model, config);
        this.kvCacheType = config.kvCacheType().label();
        this.prefixCaching = config.prefixCaching();
        this.preparer = new RequestPreparer(loaded, contextLength);
        this.chatFormat = chatFormat(loaded, config.chat());
        this.guides = new Guides(loaded);
        this.queue = new QueueLimits(config.maxNumQueuedReqs(), config.maxNumQueuedTokens(), board);
        this.watchdog = new Watchdog(board, nanoClock, config.slowStep());
        this.prefixStore = prefixStore(loaded, config, inbox);
        EngineLoop loop = new EngineLoop(
                model,
                loaded.numTokens(),
                schedulerConfig(model, config),
                inbox,
                board,
                prefixStore == null ? BlockStore.NONE : prefixStore,
                nanoClock);
        this.watchdogThread =
                Thread.ofPlatform().daemon().name("tokamak-watchdog").start(watchdog);
        this.engineThread = Thread.ofPlatform().daemon().name("tokamak-engine").start(loop);
    }

    /**
     * Opens a model and starts its engine.
     *
     * @throws ModelLoadException if the model can't be opened
     */
    public static Engine open(EngineConfig config) {
        return open(config, share -> {});
    }

    /** @param progress told the share of the model that is loaded, 0 to 1, on the caller's thread */
    public static Engine open(EngineConfig config, DoubleConsumer progress) {
        return start(CheckpointLoader.load(config, progress), config);
    }

    /** An engine on a checkpoint, which it closes. */
    static Engine open(Checkpoint checkpoint, EngineConfig config) {
        return start(CheckpointLoader.load(checkpoint, config, share -> {}), config);
    }

    private static Engine start(LoadedModel loaded, EngineConfig config) {
        try {
            return on(loaded, config);
        } catch (RuntimeException | Error e) {
            free(loaded);
            throw e;
        }
    }

    /** An engine on a model that is loaded already; {@code config.model()} is not read. */
    static Engine on(LoadedModel loaded, EngineConfig config) {
        return new Engine(loaded, config);
    }

    private static @Nullable DiskBlockStore prefixStore(LoadedModel loaded, EngineConfig config, Inbox inbox) {
        Path folder = config.prefixCacheFolder();
        if (folder == null || !config.prefixCaching() || loaded.kvIdentity().isEmpty()) {
            return null;
        }
        long bytes = config.prefixCacheBytes() == 0
                ? Math.min(USUAL_PREFIX_CACHE_BYTES, PackCache.diskBytes(folder) / 4)
                : config.prefixCacheBytes();
        return DiskBlockStore.open(
                folder, bytes, loaded.kvIdentity().get(), loaded.model().kvMemory(), inbox::send);
    }

    private static int contextLength(LanguageModel model, EngineConfig config) {
        long inMemory = (long) model.numKvBlocks() * model.kvBlockSize();
        int wanted = config.maxModelLen() == 0 ? Integer.MAX_VALUE : config.maxModelLen();
        return (int) Math.min(Math.min(inMemory, model.maxPositions()), wanted);
    }

    private static SchedulerConfig schedulerConfig(LanguageModel model, EngineConfig config) {
        int maxTokens = Math.min(config.maxNumBatchedTokens(), model.maxStepTokens());
        return new SchedulerConfig(
                Math.min(config.maxNumSeqs(), Math.min(maxTokens, model.maxLogitRows())),
                maxTokens,
                model.maxLogitRows(),
                config.longPrefillCap() == 0 ? maxTokens : config.longPrefillCap(),
                config.maxSlowdown(),
                config.guaranteedNoEvict() ? Admission.GUARANTEED_NO_EVICT : Admission.WHOLE_PROMPT,
                config.prefixCaching(),
                config.agingInterval().toNanos());
    }

    // ---- requests

    /**
     * Takes a request; its answers come as they are made.
     *
     * @throws tokamak.api.InvalidRequestException if it can't be served as it is written
     * @throws ContextLengthException if it is longer than the context
     * @throws tokamak.api.OverloadedException if the queue is full
     * @throws EngineClosedException if the engine is closed
     */
    public TokenStream submit(GenerationRequest request) {
        queue.requireRoom();
        int[] promptIds = preparer.promptIds(request.prompt());
        SamplingParams params = preparer.resolve(request.sampling().orElse(loaded.samplingDefaults()));
        int maxTokens = preparer.maxTokens(promptIds.length, params);
        return start(
                request,
                promptIds,
                params,
                maxTokens,
                request.guide().map(guides::compile).orElse(null));
    }

    /**
     * Gets ready for guides: without it, the first request that has one waits about a second longer. Takes so long itself, on the
     * caller's thread.
     */
    public void prepareGuides() {
        guides.prepare();
    }

    /** Waits for the whole answer to a request. */
    public Generation generate(GenerationRequest request) {
        try (TokenStream stream = submit(request)) {
            return stream.collect();
        }
    }

    /**
     * Takes texts whose meaning is asked for as vectors; they are computed in the same steps as everything else.
     *
     * @throws tokamak.api.InvalidRequestException if one can't be served as it is written
     * @throws ContextLengthException if one is longer than the context
     * @throws tokamak.api.OverloadedException if the queue is full
     * @throws EngineClosedException if the engine is closed
     */
    public EmbeddingCall submit(EmbeddingRequest request) {
        queue.requireRoom();
        return new EmbeddingCall(EmbeddingPlan.of(request, loaded, preparer, contextLength), this::start);
    }

    /** Waits for the vectors of some texts. */
    public List<TextEmbedding> embed(EmbeddingRequest request) {
        try (EmbeddingCall call = submit(request)) {
            return call.await();
        }
    }

    private EmbeddingCall.Running start(EmbeddingPlan plan, int index) {
        int[] promptIds = plan.promptIds().get(index);
        StatePool states =
                new StatePool(plan.pooling(), promptIds.length, loaded.model().stateSize());
        queue.enter(1, promptIds.length);
        try {
            EmbeddingSink sink = new EmbeddingSink(new SequenceLife("", queue, board, promptIds.length));
            Sequence sequence = Sequence.pooled(
                    plan.sequenceRequest(index, deadline(plan.request().timeout())),
                    sink,
                    loaded.model().kvBlockSize(),
                    states);
            inbox.submit(List.of(new Command.Submit(sequence)), board.numOpenAnswers::incrementAndGet);
            return new EmbeddingCall.Running(sink, states, () -> inbox.send(new Command.Cancel(sequence)));
        } catch (Throwable notTaken) {
            queue.leave(promptIds.length);
            throw notTaken;
        }
    }

    private long deadline(Optional<Duration> timeout) {
        return timeout.map(time -> nanoClock.getAsLong() + time.toNanos()).orElse(Long.MAX_VALUE);
    }

    /** How likely the model finds every token of a text, and what it would say next. */
    public Score score(Prompt prompt) {
        int[] ids = preparer.promptIds(prompt);
        if (ids.length > contextLength) {
            throw new ContextLengthException(ids.length, 0, contextLength);
        }
        SamplingParams params = SamplingParams.greedy().toBuilder()
                .promptLogprobs(0)
                .logprobs(SCORE_TOP)
                .build();
        // The one token that is generated is not computed again: it needs no place in the context.
        try (TokenStream stream = start(GenerationRequest.of(prompt), ids, params, 1, null)) {
            Generation generation = stream.collect();
            List<Double> logprobs = generation.promptLogprobs().stream()
                    .map(TokenLogprobs::chosen)
                    .map(chosen -> chosen.logprob())
                    .toList();
            return new Score(
                    generation.promptTokenIds(),
                    logprobs,
                    generation.completions().getFirst().logprobs().getFirst().top());
        }
    }

    private TokenStream start(
            GenerationRequest request,
            int[] promptIds,
            SamplingParams params,
            int maxTokens,
            @Nullable Grammar grammar) {
        int count = params.numSequences();
        boolean selects = count > params.n();
        AnswerChannel channel = new AnswerChannel(FIRST_CHANNEL_CAPACITY);
        ArrayDeque<TokenEvent> events = new ArrayDeque<>();
        Set<Integer> stopIds = preparer.stopIds(params);
        List<SequenceRequest> sequenceRequests = sequenceRequests(
                request, promptIds, selects ? withLogprobs(params) : params, stopIds, maxTokens, grammar);
        // The place in the queue comes first: what finds none has cost next to nothing.
        queue.enter(count, (long) count * promptIds.length);
        List<Sequence> sequences = new ArrayList<>();
        List<Answer> answers = new ArrayList<>();
        List<SequenceLife> lives = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                SequenceLife life = new SequenceLife(request.requestId(), queue, board, promptIds.length);
                lives.add(life);
                sequences.add(new Sequence(
                        sequenceRequests.get(i),
                        new AnswerSink(channel, i, life),
                        loaded.model().kvBlockSize()));
                answers.add(new Answer(
                        i, promptIds.length, stopIds, params, preparer.detokenizer(request.shownSpecials()), events));
            }
            inbox.submit(
                    sequences.stream().map(Command.Submit::new).toList(), () -> board.numOpenAnswers.addAndGet(count));
        } catch (Throwable notTaken) {
            for (int i = 0; i < count; i++) {
                queue.leave(promptIds.length);
            }
            throw notTaken;
        }
        return new TokenStream(
                request.requestId(),
                promptIds,
                grammar == null ? List.of() : grammar.warnings(),
                channel,
                answers,
                lives,
                events,
                index -> inbox.send(new Command.Cancel(sequences.get(index))),
                selects ? new BestAnswers(params.n(), params.logprobs().isPresent()) : null);
    }

    /** Choosing the best of several answers needs to know how likely they are. */
    private static SamplingParams withLogprobs(SamplingParams params) {
        return params.logprobs().isPresent()
                ? params
                : params.toBuilder().logprobs(0).build();
    }

    private List<SequenceRequest> sequenceRequests(
            GenerationRequest request,
            int[] promptIds,
            SamplingParams params,
            Set<Integer> stopIds,
            int maxTokens,
            @Nullable Grammar grammar) {
        long seed = params.seed().orElseGet(seeds::nextLong);
        long deadline = deadline(request.timeout());
        List<SequenceRequest> requests = new ArrayList<>();
        for (int i = 0; i < params.numSequences(); i++) {
            requests.add(new SequenceRequest(
                    promptIds,
                    params,
                    RandomStream.seedOf(seed, i),
                    maxTokens,
                    stopIds,
                    i == 0 ? params.promptLogprobs() : OptionalInt.empty(),
                    request.priority(),
                    request.tenant(),
                    request.cacheSalt(),
                    deadline,
                    request.timeout().orElse(Duration.ZERO),
                    grammar));
        }
        return requests;
    }

    // ---- the model

    /** What the model is called. */
    public String modelName() {
        return loaded.name();
    }

    /** Tokens that prompt and answer may have together. */
    public int contextLength() {
        return contextLength;
    }

    /** Ids of tokens are 0 to this, exclusive. */
    public int numTokens() {
        return loaded.numTokens();
    }

    /** Tokens per KV block. */
    public int kvBlockSize() {
        return loaded.model().kvBlockSize();
    }

    /** How keys and values are kept, by the name that {@link EngineConfig} takes. */
    public String kvCacheType() {
        return kvCacheType;
    }

    /** Whether beginnings of prompts are found again. */
    public boolean isPrefixCaching() {
        return prefixCaching;
    }

    /** Numbers in an embedding; 0 if the model gives none. */
    public int embeddingSize() {
        return loaded.model().stateSize();
    }

    /** How tokens are chosen for requests that do not say; start from these to change some. */
    public SamplingParams samplingDefaults() {
        return loaded.samplingDefaults();
    }

    /** The ids of a prompt, as {@link #submit} would see it. */
    public int[] tokenize(Prompt prompt) {
        return preparer.promptIds(prompt);
    }

    /** The text that the model's chat template makes of a chat. */
    public String render(Prompt.Chat chat) {
        return preparer.render(chat);
    }

    /** The text that the model's chat template makes of a chat, and which parts of it people have written. */
    public RenderedChat renderChat(Prompt.Chat chat) {
        return preparer.renderChat(chat);
    }

    /** The ids of a chat's text. */
    public int[] tokenize(RenderedChat chat) {
        return preparer.encode(chat);
    }

    /** How the model writes its answers, as far as its chat template shows it. */
    public ChatFormat chatFormat() {
        return chatFormat;
    }

    private static ChatFormat chatFormat(LoadedModel loaded, ChatConfig config) {
        return loaded.chatTemplate()
                .map(template -> ChatFormat.of(template.source(true) + template.source(false)))
                .orElse(ChatFormat.plain())
                .withToolParser(config.toolParser())
                .withReasoningParser(config.reasoningParser());
    }

    /** The text of some ids, special tokens written out. */
    public String detokenize(int... tokenIds) {
        return loaded.tokenizer().decode(tokenIds);
    }

    /** The model's tokenizer. */
    public TextCodec codec() {
        return new TextCodec(loaded.tokenizer());
    }

    public EngineStats stats() {
        return board.read();
    }

    // ---- the end

    /** Ends whatever runs with {@link EngineClosedException} and frees everything. */
    @Override
    public void close() {
        shutdown(Duration.ZERO);
    }

    /**
     * Takes no more requests, lets those it has come to their end for so long, then closes.
     *
     * @return whether all came to their end
     */
    public boolean shutdown(Duration grace) {
        inbox.close(new EngineClosedException("the engine is closed"));
        closing.lock();
        try {
            if (closed) {
                return true;
            }
            closed = true;
            boolean drained = drain(grace);
            watchdog.close(watchdogThread);
            join(watchdogThread, Long.MAX_VALUE);
            if (prefixStore != null) {
                prefixStore.close();
            }
            free(loaded);
            return drained;
        } finally {
            closing.unlock();
        }
    }

    private boolean drain(Duration grace) {
        boolean drained = false;
        if (grace.isPositive()) {
            inbox.send(new Command.Drain());
            drained = join(engineThread, grace.toMillis());
        }
        if (!drained) {
            boolean idle = board.numOpenAnswers.get() == 0;
            inbox.send(new Command.Abort(
                    new EngineClosedException("the engine was closed before the answer was complete")));
            join(engineThread, Long.MAX_VALUE);
            return idle;
        }
        return true;
    }

    /** Waits even if interrupted: memory must not be freed under a thread that uses it. */
    private static boolean join(Thread thread, long maxMillis) {
        long end = maxMillis == Long.MAX_VALUE ? Long.MAX_VALUE : System.currentTimeMillis() + maxMillis;
        boolean interrupted = false;
        while (thread.isAlive() && System.currentTimeMillis() < end) {
            try {
                thread.join(Math.min(1000, Math.max(1, end - System.currentTimeMillis())));
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return !thread.isAlive();
    }

    private static void free(LoadedModel loaded) {
        loaded.model().close();
        try {
            loaded.resources().close();
        } catch (Exception e) {
            throw new IllegalStateException("closing " + loaded.name() + " failed", e);
        }
    }
}
