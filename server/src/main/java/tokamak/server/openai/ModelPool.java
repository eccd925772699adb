package tokamak.server.openai;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import tokamak.Engine;
import tokamak.api.EngineClosedException;
import tokamak.api.ModelLoadException;

/**
 * Models that share memory. One is opened when it is needed; for that, those that nobody uses are closed, the one that was
 * used longest ago first. A model that can't be opened says why to whoever asks for it, and costs the others nothing.
 */
public final class ModelPool {
    private static final System.Logger LOG = System.getLogger("tokamak.server.models");

    /** After a failure the files are not looked at again for so long. */
    private static final Duration RETRY = Duration.ofSeconds(5);

    private final long maxBytes;
    private final Optional<Duration> keepAlive;
    private final Duration placeTimeout;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final List<ServedModel> models = new ArrayList<>();
    private final @Nullable ScheduledThreadPoolExecutor timer;
    private long usedBytes;

    /**
     * @param maxBytes for all models together
     * @param keepAlive how long a model that nobody uses stays open; empty: until its memory is needed
     * @param placeTimeout how long a request waits for memory that others use
     */
    public ModelPool(long maxBytes, Optional<Duration> keepAlive, Duration placeTimeout) {
        this.maxBytes = maxBytes;
        this.keepAlive = keepAlive;
        this.placeTimeout = placeTimeout;
        this.timer = keepAlive.isPresent() ? timer() : null;
    }

    private static ScheduledThreadPoolExecutor timer() {
        ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(
                1,
                task -> Thread.ofPlatform().daemon().name("tokamak-keep-alive").unstarted(task));
        timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        return timer;
    }

    /** For a single model: it is opened once and stays. */
    public static ModelPool withoutLimits() {
        return new ModelPool(Long.MAX_VALUE, Optional.empty(), Duration.ZERO);
    }

    /** A model that is opened when it is asked for. */
    public ServedModel add(ModelSpec spec) {
        ServedModel model = new ServedModel(spec, this, new ModelState.Cold(), Instant.now());
        lock.lock();
        try {
            models.add(model);
        } finally {
            lock.unlock();
        }
        return model;
    }

    ModelState stateOf(ServedModel model) {
        lock.lock();
        try {
            return model.state;
        } finally {
            lock.unlock();
        }
    }

    /** Memory that open models take, by their own account. */
    public long usedBytes() {
        lock.lock();
        try {
            return usedBytes;
        } finally {
            lock.unlock();
        }
    }

    // ---- using

    Engine acquire(ServedModel model) {
        lock.lock();
        try {
            // Whoever waits counts as a user: what is opened for them is not closed before they have it.
            model.numLeases++;
            @Nullable Engine engine = null;
            try {
                while (engine == null) {
                    engine = step(model);
                }
                return engine;
            } finally {
                if (engine == null) {
                    model.numLeases--;
                    changed.signalAll();
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** The engine, or null after something has happened that may have made one. */
    private @Nullable Engine step(ServedModel model) {
        switch (model.state) {
            case ModelState.Loaded(Engine engine) -> {
                return engine;
            }
            case ModelState.Busy(CompletableFuture<Void> done) -> await(done);
            case ModelState.Failed(RuntimeException why, long nanos) when isRecent(nanos) -> throw why;
            case ModelState.Failed _, ModelState.Cold _ -> await(startLoading(model));
            case ModelState.Asleep _ ->
                throw new ApiException(
                        503,
                        "server_error",
                        "model",
                        "model_asleep",
                        Optional.of(Duration.ofSeconds(5)),
                        "the model '" + model.name() + "' has been put to sleep; try again when it is awake");
            case ModelState.Closed _ -> throw new EngineClosedException("the server is shutting down");
        }
        return null;
    }

    private static boolean isRecent(long nanos) {
        return System.nanoTime() - nanos < RETRY.toNanos();
    }

    private void await(CompletableFuture<Void> done) {
        lock.unlock();
        try {
            done.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException reason) {
                throw reason;
            }
            throw e;
        } finally {
            lock.lock();
        }
    }

    void release(ServedModel model) {
        lock.lock();
        try {
            model.numLeases--;
            model.lastUsedNanos = System.nanoTime();
            if (model.numLeases == 0) {
                changed.signalAll();
                keepAlive.ifPresent(time -> scheduleIdleCheck(model, time.toNanos()));
            }
        } finally {
            lock.unlock();
        }
    }

    // ---- opening

    /** A thread of its own: opening computes for seconds, and virtual threads share few carriers with all other answers. */
    private CompletableFuture<Void> startLoading(ServedModel model) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        model.state = new ModelState.Busy(done);
        Thread.ofPlatform().daemon().name("tokamak-load-" + model.name()).start(() -> load(model, done));
        return done;
    }

    private void load(ServedModel model, CompletableFuture<Void> done) {
        long bytes = model.spec().bytes();
        try {
            makeRoom(model, bytes);
        } catch (RuntimeException e) {
            // Memory may be free the next moment, so this is not kept.
            loadEnded(model, new ModelState.Cold(), 0, done, e);
            return;
        }
        try {
            long start = System.nanoTime();
            Engine engine = model.spec().opener().get();
            LOG.log(
                    System.Logger.Level.INFO,
                    "opened {0} in {1} ms",
                    model.name(),
                    (System.nanoTime() - start) / 1_000_000);
            loadEnded(model, new ModelState.Loaded(engine), bytes, done, null);
        } catch (RuntimeException | OutOfMemoryError | LinkageError e) {
            LOG.log(System.Logger.Level.WARNING, "{0} could not be opened: {1}", model.name(), e.getMessage());
            RuntimeException why = e instanceof RuntimeException known
                    ? known
                    : new ModelLoadException(
                            "the model '" + model.name() + "' could not be opened: " + e.getMessage(), e);
            loadEnded(model, new ModelState.Failed(why, System.nanoTime()), bytes, done, why);
        }
    }

    private void loadEnded(
            ServedModel model,
            ModelState state,
            long bytes,
            CompletableFuture<Void> done,
            @Nullable RuntimeException why) {
        boolean late;
        lock.lock();
        try {
            late = model.state instanceof ModelState.Closed;
            if (!late) {
                model.state = state;
                model.lastUsedNanos = System.nanoTime();
            }
            if (late || !(state instanceof ModelState.Loaded)) {
                usedBytes -= bytes;
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        if (late && state instanceof ModelState.Loaded(Engine engine)) {
            engine.close();
        }
        if (why == null) {
            done.complete(null);
        } else {
            done.completeExceptionally(why);
        }
    }

    private void makeRoom(ServedModel wanted, long bytes) {
        if (bytes > maxBytes) {
            throw new ModelLoadException(
                    "the model '" + wanted.name() + "' takes " + mebibytes(bytes)
                            + ", but all models together may take " + mebibytes(maxBytes)
                            + "; raise --model-memory or lower --max-model-len",
                    null);
        }
        long deadline = System.nanoTime() + placeTimeout.toNanos();
        lock.lock();
        try {
            while (usedBytes + bytes > maxBytes) {
                Optional<ServedModel> idle = models.stream()
                        .filter(model -> model.state instanceof ModelState.Loaded && model.numLeases == 0)
                        .min(Comparator.comparingLong(model -> model.lastUsedNanos));
                if (idle.isPresent()) {
                    close(idle.get(), Duration.ZERO);
                } else {
                    awaitChange(wanted, deadline);
                }
            }
            usedBytes += bytes;
        } finally {
            lock.unlock();
        }
    }

    private void awaitChange(ServedModel wanted, long deadline) {
        long left = deadline - System.nanoTime();
        try {
            if (left > 0) {
                long ignored = changed.awaitNanos(left);
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        throw new ApiException(
                503,
                "server_error",
                "model",
                "model_not_loaded",
                Optional.of(Duration.ofSeconds(5)),
                "there is no memory for the model '" + wanted.name()
                        + "' while others answer requests; try again later");
    }

    // ---- closing

    /** Frees a loaded model; the lock is held, but not while it waits. */
    private void close(ServedModel model, Duration grace) {
        if (!(model.state instanceof ModelState.Loaded(Engine engine))) {
            return;
        }
        CompletableFuture<Void> done = new CompletableFuture<>();
        model.state = new ModelState.Busy(done);
        free(model, engine, grace);
        if (!(model.state instanceof ModelState.Closed)) {
            model.state = new ModelState.Cold();
        }
        done.complete(null);
    }

    private void free(ServedModel model, Engine engine, Duration grace) {
        lock.unlock();
        try {
            engine.shutdown(grace);
            LOG.log(System.Logger.Level.INFO, "closed {0}", model.name());
        } finally {
            lock.lock();
            usedBytes -= model.spec().bytes();
            changed.signalAll();
        }
    }

    private void scheduleIdleCheck(ServedModel model, long nanos) {
        if (timer != null && !model.idleCheckScheduled && !timer.isShutdown()) {
            model.idleCheckScheduled = true;
            timer.schedule(() -> closeIfIdle(model), nanos, TimeUnit.NANOSECONDS);
        }
    }

    private void closeIfIdle(ServedModel model) {
        lock.lock();
        try {
            model.idleCheckScheduled = false;
            long idle = System.nanoTime() - model.lastUsedNanos;
            long allowed = keepAlive.orElseThrow().toNanos();
            if (model.numLeases > 0) {
                return; // whoever ends last schedules the next look
            }
            if (idle >= allowed) {
                close(model, Duration.ZERO);
            } else {
                scheduleIdleCheck(model, allowed - idle);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Frees a model's memory now; it is opened again when somebody asks for it. */
    void unload(ServedModel model, Duration grace) {
        lock.lock();
        try {
            close(model, grace);
            if (model.state instanceof ModelState.Failed) {
                model.state = new ModelState.Cold();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Frees a model's memory until it is woken. @return whether it was in memory */
    boolean sleep(ServedModel model, Duration grace) {
        lock.lock();
        try {
            while (model.state instanceof ModelState.Busy(CompletableFuture<Void> done)) {
                awaitQuietly(done);
            }
            return switch (model.state) {
                case ModelState.Loaded(Engine engine) -> {
                    CompletableFuture<Void> done = new CompletableFuture<>();
                    model.state = new ModelState.Asleep(done);
                    free(model, engine, grace);
                    done.complete(null);
                    yield true;
                }
                case ModelState.Cold _, ModelState.Failed _ -> {
                    model.state = new ModelState.Asleep(CompletableFuture.completedFuture(null));
                    yield false;
                }
                case ModelState.Asleep _, ModelState.Closed _, ModelState.Busy _ -> false;
            };
        } finally {
            lock.unlock();
        }
    }

    private void awaitQuietly(CompletableFuture<Void> done) {
        lock.unlock();
        try {
            done.exceptionally(e -> null).join();
        } finally {
            lock.lock();
        }
    }

    void wake(ServedModel model) {
        lock.lock();
        try {
            while (model.state instanceof ModelState.Asleep(CompletableFuture<Void> done)) {
                if (done.isDone()) {
                    model.state = new ModelState.Cold();
                } else {
                    awaitQuietly(done);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** Lets what runs come to its end for so long, and closes for ever. @return whether all came to their end */
    boolean shutdown(ServedModel model, Duration grace) {
        lock.lock();
        try {
            ModelState before = model.state;
            model.state = new ModelState.Closed();
            if (timer != null) {
                timer.shutdown();
            }
            if (before instanceof ModelState.Loaded(Engine engine)) {
                lock.unlock();
                try {
                    return engine.shutdown(grace);
                } finally {
                    lock.lock();
                    usedBytes -= model.spec().bytes();
                }
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    private static String mebibytes(long bytes) {
        return (bytes >> 20) + " MiB";
    }
}
