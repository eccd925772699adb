package tokamak.server.openai;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import tokamak.Engine;
import tokamak.api.ModelLoadException;
import tokamak.api.SamplingParams;

/** A model that clients can ask for; whether it is in memory is its pool's affair. Threads may share it. */
public final class ServedModel {
    private final ModelSpec spec;
    private final ModelPool pool;
    private final Instant created;

    // ---- the pool's, under its lock
    ModelState state;
    /** Who uses the engine or waits for it. */
    int numLeases;

    long lastUsedNanos;
    boolean idleCheckScheduled;

    ServedModel(ModelSpec spec, ModelPool pool, ModelState state, Instant created) {
        this.spec = spec;
        this.pool = pool;
        this.state = state;
        this.created = created;
    }

    /** A model that is open already and stays so. */
    public ServedModel(Engine engine, List<String> names, SamplingParams sampling, Instant created) {
        this(
                new ModelSpec(
                        names,
                        List.of(),
                        engine.modelName(),
                        engine.contextLength(),
                        0,
                        () -> {
                            throw new ModelLoadException(names.getFirst() + " can't be opened again", null);
                        },
                        e -> sampling),
                ModelPool.withoutLimits(),
                new ModelState.Loaded(engine),
                created);
    }

    /** The right to use an engine: it stays open until this is closed. */
    public final class Lease implements AutoCloseable {
        private final Engine engine;
        private boolean closed;

        Lease(Engine engine) {
            this.engine = engine;
        }

        public Engine engine() {
            return engine;
        }

        /** Once is enough; for one thread. */
        @Override
        public void close() {
            if (!closed) {
                closed = true;
                pool.release(ServedModel.this);
            }
        }
    }

    /**
     * Opens the model if it is not open, and keeps it so. For whatever computes: {@link #engine()} is enough to look at what
     * stays the same however often the model is opened, such as its tokenizer.
     *
     * @throws tokamak.api.TokamakException or {@link ApiException} if it can't be opened now
     */
    public Lease lease() {
        return new Lease(pool.acquire(this));
    }

    /** The engine, opened if it is not; may be closed at any time after. */
    public Engine engine() {
        try (Lease lease = lease()) {
            return lease.engine();
        }
    }

    /** The engine if it is open now. */
    public Optional<Engine> loaded() {
        return pool.stateOf(this) instanceof ModelState.Loaded(Engine engine) ? Optional.of(engine) : Optional.empty();
    }

    ModelState state() {
        return pool.stateOf(this);
    }

    public String name() {
        return spec.names().getFirst();
    }

    /** What it is listed as. */
    public List<String> names() {
        return spec.names();
    }

    /** Whether it is meant by a name. */
    boolean isCalled(String name) {
        return spec.names().contains(name) || spec.aliases().contains(name);
    }

    Stream<String> allNames() {
        return Stream.concat(spec.names().stream(), spec.aliases().stream());
    }

    SamplingParams sampling() {
        return spec.sampling().apply(engine());
    }

    Instant created() {
        return created;
    }

    ModelSpec spec() {
        return spec;
    }

    ModelPool pool() {
        return pool;
    }

    /** As the open engine has it, otherwise as the files say; 0 if neither. */
    int contextLength() {
        return loaded().map(Engine::contextLength).orElse(spec.contextLength());
    }
}
