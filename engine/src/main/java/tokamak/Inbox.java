package tokamak;

import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import tokamak.api.EngineClosedException;
import tokamak.schedule.Command;
import tokamak.schedule.CommandSource;

/** Commands from any thread to the engine thread. How many sequences may wait is {@link QueueLimits}' business. */
final class Inbox implements CommandSource {
    private final ReentrantLock lock = new ReentrantLock();
    private final ArrayDeque<Command> commands = new ArrayDeque<>();
    private @Nullable EngineClosedException closedBecause;

    /** Commands in the queue: read without the lock, so that a step with none costs next to nothing. */
    private volatile int size;

    /** The engine thread while it waits or is about to. */
    private volatile @Nullable Thread sleeper;

    /**
     * @param whenTaken runs before the engine thread can see the first of them
     * @throws EngineClosedException if no more sequences are taken
     */
    void submit(List<? extends Command> submissions, Runnable whenTaken) {
        lock.lock();
        try {
            if (closedBecause != null) {
                throw new EngineClosedException(String.valueOf(closedBecause.getMessage()));
            }
            whenTaken.run();
            commands.addAll(submissions);
            size = commands.size();
        } finally {
            lock.unlock();
        }
        wake();
    }

    /** Never refused: taking work away is always possible. */
    void send(Command command) {
        lock.lock();
        try {
            commands.add(command);
            size = commands.size();
        } finally {
            lock.unlock();
        }
        wake();
    }

    /** From now on submissions are refused with this. */
    void close(EngineClosedException why) {
        lock.lock();
        try {
            if (closedBecause == null) {
                closedBecause = why;
            }
        } finally {
            lock.unlock();
        }
    }

    private void wake() {
        Thread thread = sleeper;
        if (thread != null) {
            LockSupport.unpark(thread);
        }
    }

    @Override
    public @Nullable Command poll() {
        if (size == 0) {
            return null;
        }
        lock.lock();
        try {
            Command command = commands.poll();
            size = commands.size();
            return command;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void await(long maxNanos) {
        sleeper = Thread.currentThread();
        // Whoever adds after this line sees the sleeper; whoever added before is seen by it.
        if (size == 0) {
            LockSupport.parkNanos(this, maxNanos);
        }
        sleeper = null;
    }
}
