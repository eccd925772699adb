package tokamak.schedule;

import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import tokamak.grammar.Matcher;

/**
 * Works out which tokens guides allow while the engine thread computes the forward pass. Begun with the first guide. Only the
 * engine thread calls the methods; between {@link #begin} and {@link #join} the matchers belong to this one.
 */
final class MaskThread implements Runnable, AutoCloseable {
    private static final int SPINS = 1_000;

    private final @Nullable Matcher[] matchers;
    private int size;
    private @Nullable Thread thread;
    private @Nullable Thread owner;

    /** Counts up with every begin; what is done follows. The matchers are handed over by these two. */
    private volatile long begun;

    private volatile long done;
    private volatile boolean closed;

    MaskThread(int maxNumSeqs) {
        this.matchers = new @Nullable Matcher[maxNumSeqs];
    }

    /** Adds a matcher to the next {@link #begin}. */
    void add(Matcher matcher) {
        matchers[size++] = matcher;
    }

    /** Sets the thread to work on what was added, if anything was. */
    void begin() {
        if (size == 0) {
            return;
        }
        if (thread == null) {
            owner = Thread.currentThread();
            thread = Thread.ofPlatform().daemon().name("tokamak-guide").start(this);
        }
        begun = begun + 1;
        LockSupport.unpark(thread);
    }

    /** Waits until all is worked out. */
    void join() {
        if (size == 0) {
            return;
        }
        for (int spins = 0; done != begun; spins++) {
            if (spins < SPINS) {
                Thread.onSpinWait();
            } else {
                LockSupport.park(this);
            }
        }
        for (int i = 0; i < size; i++) {
            matchers[i] = null;
        }
        size = 0;
    }

    @Override
    public void run() {
        while (!closed) {
            if (done == begun) {
                LockSupport.park(this);
                continue;
            }
            for (int i = 0; i < size; i++) {
                Matcher matcher = matchers[i];
                if (matcher != null) {
                    matcher.prepare();
                }
            }
            done = begun;
            LockSupport.unpark(owner);
        }
    }

    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(thread);
    }
}
