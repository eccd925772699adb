package tokamak;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import java.util.stream.Collectors;
import tokamak.api.ContextLengthException;
import tokamak.api.GenerationRequest;
import tokamak.api.ModelLoadException;
import tokamak.api.SamplingParams;
import tokamak.api.TokamakException;
import tokamak.api.TokenEvent;
import tokamak.workload.Arrival;
import tokamak.workload.LatencySummary;
import tokamak.workload.RequestTimes;
import tokamak.workload.Workload;

/** Serves a workload from an engine in this process and takes the times that its users would see. */
public final class ServeBenchmark {
    private static final long SAMPLE_NANOS = 5_000_000;
    private static final int WARM_UP_REQUESTS = 8;
    private static final int WARM_UP_TOKENS = 128;

    private final Engine engine;
    private final Workload workload;
    private final Semaphore places;
    private final IntConsumer progress;
    private final List<RequestTimes> times = new ArrayList<>();
    private final List<Thread> readers = new ArrayList<>();
    private final Gauge gauge = new Gauge();
    private volatile boolean done;

    private ServeBenchmark(Engine engine, Workload workload, int maxConcurrency, IntConsumer progress) {
        this.engine = engine;
        this.workload = workload;
        this.places = new Semaphore(maxConcurrency);
        this.progress = progress;
    }

    /**
     * Opens the model, serves the workload and closes it.
     *
     * @param config {@code model} is not read
     * @param maxConcurrency requests beyond these are held back until another is over
     * @param progress told how many requests have been sent, each time there is one more
     * @throws ModelLoadException if the model can't be opened
     */
    public static ServeBenchReport run(
            BenchOptions.Subject subject,
            EngineConfig config,
            Workload workload,
            int maxConcurrency,
            IntConsumer progress) {
        try (Engine engine = open(subject, config)) {
            return new ServeBenchmark(engine, workload, maxConcurrency, progress).run();
        }
    }

    private static Engine open(BenchOptions.Subject subject, EngineConfig config) {
        return switch (subject) {
            case BenchOptions.Subject.Model model -> Engine.open(config.withModel(model.path()));
            case BenchOptions.Subject.Shape shape -> {
                try {
                    yield Engine.open(Benchmark.open(shape), config.withModel(shape.path()));
                } catch (IOException e) {
                    throw new ModelLoadException(String.valueOf(e.getMessage()), e);
                }
            }
        };
    }

    private ServeBenchReport run() {
        requireFits();
        warmUp();
        EngineStats before = engine.stats();
        Thread sampler =
                Thread.ofPlatform().daemon().name("tokamak-bench-gauge").start(this::sample);
        long start = System.nanoTime();
        send(start);
        for (Thread reader : readers) {
            join(reader);
        }
        double seconds = (System.nanoTime() - start) * 1e-9;
        done = true;
        join(sampler);
        return report(seconds, before, engine.stats());
    }

    private void requireFits() {
        for (Arrival arrival : workload.arrivals()) {
            long tokens = (long) arrival.inputTokens() + arrival.outputTokens();
            if (tokens > engine.contextLength()) {
                throw new ContextLengthException(arrival.inputTokens(), arrival.outputTokens(), engine.contextLength());
            }
        }
    }

    /** Code that has not run often is slower and is compiled on the same processors; a server has that behind it. */
    private void warmUp() {
        List<TokenStream> streams = new ArrayList<>();
        int length = Math.clamp(engine.contextLength() / 4, 1, WARM_UP_TOKENS);
        for (int i = 0; i < WARM_UP_REQUESTS; i++) {
            int[] ids = new SplittableRandom(~workload.seed() - i)
                    .ints(length, 0, engine.numTokens())
                    .toArray();
            streams.add(engine.submit(request(new Arrival(0, length, length, "", 0, "", 0), ids)));
        }
        streams.forEach(TokenStream::collect);
        // What loading has left, the first collection would move, and every running answer would wait for it.
        System.gc();
    }

    private static GenerationRequest request(Arrival arrival, int[] promptIds) {
        return GenerationRequest.tokens(promptIds)
                .withTenant(arrival.tenant())
                .withPriority(arrival.priority())
                .withSampling(SamplingParams.greedy().toBuilder()
                        .maxTokens(arrival.outputTokens())
                        .ignoreEos(true)
                        .build());
    }

    private void send(long start) {
        for (int i = 0; i < workload.arrivals().size(); i++) {
            Arrival arrival = workload.arrivals().get(i);
            int[] promptIds = workload.promptIds(i, engine.numTokens());
            long due = start + (long) (arrival.seconds() * 1e9);
            for (long wait = due - System.nanoTime(); wait > 0; wait = due - System.nanoTime()) {
                LockSupport.parkNanos(wait);
            }
            places.acquireUninterruptibly();
            // A request that was held back begins when it is sent.
            RequestTimes its = new RequestTimes(arrival, System.nanoTime());
            times.add(its);
            readers.add(Thread.ofVirtual().start(() -> serve(request(arrival, promptIds), its)));
            progress.accept(i + 1);
        }
    }

    private void serve(GenerationRequest request, RequestTimes its) {
        try (TokenStream stream = engine.submit(request)) {
            for (TokenEvent event = stream.next(); event != null; event = stream.next()) {
                if (event instanceof TokenEvent.Delta delta) {
                    its.tokens(delta.tokenIds().size(), System.nanoTime());
                }
            }
            its.completed(stream.usage().cachedTokens());
        } catch (TokamakException refused) {
            // It counts as one that did not come to its end.
        } finally {
            places.release();
        }
    }

    private void sample() {
        while (!done) {
            gauge.add(engine.stats(), engine.kvBlockSize());
            LockSupport.parkNanos(SAMPLE_NANOS);
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted while measuring");
        }
    }

    private ServeBenchReport report(double seconds, EngineStats before, EngineStats after) {
        LatencySummary all = LatencySummary.of(times);
        Map<String, List<RequestTimes>> byTenant =
                times.stream().collect(Collectors.groupingBy(t -> t.arrival().tenant()));
        Map<String, LatencySummary> tenants = new TreeMap<>();
        if (byTenant.size() > 1) {
            byTenant.forEach((name, its) -> tenants.put(name, LatencySummary.of(its, times)));
        }
        return new ServeBenchReport(
                engine.modelName(),
                seconds,
                all,
                tenants,
                all.completed() / seconds,
                all.outputTokens() / seconds,
                (all.inputTokens() + all.outputTokens()) / seconds,
                gauge.meanUsage(),
                gauge.maxUsage,
                gauge.waste(),
                after.numKvBlocks(),
                gauge.meanRunning(),
                after.numPreemptions() - before.numPreemptions(),
                after.numCachedTokens() - before.numCachedTokens(),
                after.numLoadedBlocks() - before.numLoadedBlocks(),
                after.numSteps() - before.numSteps(),
                after.numRejected() - before.numRejected());
    }

    /** How full the engine was, looked at again and again. Belongs to the sampling thread until that has ended. */
    private static final class Gauge {
        private long numSamples;
        private double usage;
        private double maxUsage;
        private double running;
        private long usedSlots;
        private long emptySlots;

        void add(EngineStats stats, int blockSize) {
            if (stats.numRequestsRunning() == 0) {
                return;
            }
            numSamples++;
            usage += stats.kvCacheUsage();
            maxUsage = Math.max(maxUsage, stats.kvCacheUsage());
            running += stats.numRequestsRunning();
            usedSlots += (long) stats.numKvBlocksUsed() * blockSize;
            emptySlots += stats.numKvSlotsEmpty();
        }

        double meanUsage() {
            return numSamples == 0 ? 0 : usage / numSamples;
        }

        double meanRunning() {
            return numSamples == 0 ? 0 : running / numSamples;
        }

        double waste() {
            return usedSlots == 0 ? 0 : (double) emptySlots / usedSlots;
        }
    }
}
