package tokamak.backend.cpu;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A fixed team of threads that runs one job after another, the caller taking part. Workers spin between the jobs of a step,
 * since waking a thread takes longer than most jobs, and park when nothing has come for a while.
 *
 * <p>A job is cut into chunks that members take one by one from a shared counter, so a member that loses its core to
 * another process delays only its own chunk; the caller waits for members that have entered the job, never for one that was too late
 * to enter. Which member runs a chunk must not matter for the result.
 *
 * <pre>
 *   caller:  job, numChunks  ->  gate = OPEN  ->  epoch++  ->  unparks  ->  takes chunks  ->  gate |= CLOSED  ->  spins until nobody is inside
 *   worker:  spins on epoch, then parks  ->  enters the gate if open (inside++)  ->  takes chunks  ->  leaves (inside--)
 * </pre>
 */
final class WorkerTeam implements AutoCloseable {
    /** A parallel loop's body. */
    interface Job {
        /** Runs chunk {@code chunk}; {@code worker} numbers the member, 0 being the caller, so that it can use scratch of its own. */
        void run(int chunk, int worker);
    }

    /** Spins before a worker parks: about 50 to 200 microseconds. Price: that much CPU after each step's end. */
    private static final int SPINS_BEFORE_PARKING = 20_000;

    /** Spins before a waiting member offers its core to others on an overcommitted machine. */
    private static final int SPINS_BEFORE_YIELDING = 2_000;

    private static final VarHandle EPOCH;
    private static final VarHandle NEXT_CHUNK;
    private static final VarHandle GATE;

    /** Flag in {@code gate}; the bits below count the workers inside. */
    private static final int CLOSED = 1 << 30;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            EPOCH = lookup.findVarHandle(WorkerTeam.class, "epoch", int.class);
            NEXT_CHUNK = lookup.findVarHandle(WorkerTeam.class, "nextChunk", int.class);
            GATE = lookup.findVarHandle(WorkerTeam.class, "gate", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Worker[] workers;
    private @Nullable Job job;
    private int numChunks;
    private volatile boolean closed;
    private volatile @Nullable Throwable failure;

    @SuppressWarnings("unused") // by VarHandle
    private volatile int epoch;

    @SuppressWarnings("unused") // by VarHandle
    private volatile int nextChunk;

    @SuppressWarnings("unused") // by VarHandle
    private volatile int gate = CLOSED;

    /** A team of {@code size} members: the caller and {@code size - 1} daemon threads. */
    WorkerTeam(int size) {
        if (size < 1) {
            throw new IllegalArgumentException("a team of " + size + " threads; expected at least 1");
        }
        workers = new Worker[size - 1];
        for (int i = 0; i < workers.length; i++) {
            workers[i] = new Worker(i + 1);
            workers[i].thread.start();
        }
    }

    int size() {
        return workers.length + 1;
    }

    /**
     * Runs the chunks {@code 0 .. numChunks - 1} of the job and returns when all are done.
     *
     * @throws RuntimeException what a chunk threw, first come; the other members finish theirs
     */
    void run(Job job, int numChunks) {
        if (numChunks <= 1 || workers.length == 0) {
            for (int chunk = 0; chunk < numChunks; chunk++) {
                job.run(chunk, 0);
            }
            return;
        }
        this.job = job;
        this.numChunks = numChunks;
        nextChunk = 0;
        gate = 0;
        EPOCH.getAndAddRelease(this, 1);
        VarHandle.fullFence(); // either we see a worker's parked flag, or it sees the new epoch
        for (Worker worker : workers) {
            if (worker.parked) {
                LockSupport.unpark(worker.thread);
            }
        }
        takeChunks(job, numChunks, 0);
        GATE.getAndBitwiseOr(this, CLOSED);
        for (int spins = 0; gate != CLOSED; spins++) {
            pause(spins);
        }
        this.job = null;
        rethrowFailure();
    }

    private void takeChunks(Job job, int numChunks, int worker) {
        try {
            int chunk;
            while ((chunk = (int) NEXT_CHUNK.getAndAdd(this, 1)) < numChunks) {
                job.run(chunk, worker);
            }
        } catch (Throwable t) {
            failure = t;
            nextChunk = numChunks;
        }
    }

    private void rethrowFailure() {
        Throwable thrown = failure;
        if (thrown != null) {
            failure = null;
            switch (thrown) {
                case RuntimeException e -> throw e;
                case Error e -> throw e;
                default -> throw new IllegalStateException(thrown);
            }
        }
    }

    private static void pause(int spins) {
        if (spins % SPINS_BEFORE_YIELDING == SPINS_BEFORE_YIELDING - 1) {
            Thread.yield();
        } else {
            Thread.onSpinWait();
        }
    }

    /** Ends the worker threads. No job may be running. */
    @Override
    public void close() {
        closed = true;
        EPOCH.getAndAddRelease(this, 1);
        for (Worker worker : workers) {
            LockSupport.unpark(worker.thread);
        }
        for (Worker worker : workers) {
            try {
                worker.thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private final class Worker implements Runnable {
        final int number;
        final Thread thread;
        volatile boolean parked;

        Worker(int number) {
            this.number = number;
            this.thread = Thread.ofPlatform()
                    .name("tokamak-worker-" + number)
                    .daemon(true)
                    .unstarted(this);
        }

        @Override
        public void run() {
            int seen = 0;
            while (true) {
                seen = awaitEpochAfter(seen);
                if (closed) {
                    return;
                }
                if (enter()) {
                    // Read after entering: a worker that slept through a whole job may have entered the next one.
                    takeChunks(Objects.requireNonNull(job), numChunks, number);
                    GATE.getAndAdd(WorkerTeam.this, -1);
                }
            }
        }

        private boolean enter() {
            int seen = gate;
            while ((seen & CLOSED) == 0) {
                int witness = (int) GATE.compareAndExchange(WorkerTeam.this, seen, seen + 1);
                if (witness == seen) {
                    return true;
                }
                seen = witness;
            }
            return false;
        }

        private int awaitEpochAfter(int seen) {
            int spins = 0;
            int now;
            while ((now = (int) EPOCH.getAcquire(WorkerTeam.this)) == seen) {
                if (spins < SPINS_BEFORE_PARKING) {
                    pause(spins++);
                } else {
                    parked = true;
                    VarHandle.fullFence(); // see run()
                    if ((int) EPOCH.getAcquire(WorkerTeam.this) == seen) {
                        LockSupport.park(WorkerTeam.this);
                    }
                    parked = false;
                }
            }
            return now;
        }
    }
}
