package tokamak.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Touches KV blocks before their first use. The system zeroes memory when it is first written, 2 MiB at a time where pages
 * are large, and a new block lies in another page for the keys and for the values of every layer: without this, every few
 * blocks a step would wait for a hundred megabytes of zeros. A thread of its own stays some way ahead of the blocks in use.
 */
final class FirstTouch implements AutoCloseable {
    private static final long MOST_BYTES_AHEAD = 256L << 20;
    /** Of a large cache that may never be filled, only a share is taken ahead. */
    private static final int LEAST_SHARE = 16;

    private static final int PAGE = 4096;
    private static final VarHandle NUMBER = JAVA_INT.varHandle();

    private final List<MemorySegment> memory;
    private final int numBlocks;
    private final int blocksAhead;
    private final @Nullable Thread thread;
    private volatile int highest = -1;
    private volatile boolean closed;
    private int touched; // blocks below this were touched; the thread's own

    /** @param memory segments of {@code numBlocks} blocks each, from the first block to the last */
    FirstTouch(List<MemorySegment> memory, int numBlocks) {
        this.memory = memory;
        this.numBlocks = numBlocks;
        long total = memory.stream().mapToLong(MemorySegment::byteSize).sum();
        long ahead = Math.min(MOST_BYTES_AHEAD, total / LEAST_SHARE);
        this.blocksAhead = (int) (ahead / Math.max(1, total / Math.max(1, numBlocks)));
        this.thread = blocksAhead < 2
                ? null
                : Thread.ofPlatform().daemon().name("tokamak-first-touch").unstarted(this::run);
        if (thread != null) {
            thread.start();
        }
    }

    /** A block is in use; by one thread. */
    void used(int block) {
        if (block > highest) {
            highest = block;
            LockSupport.unpark(thread);
        }
    }

    private void run() {
        while (!closed) {
            int seen = highest;
            int end = Math.min(numBlocks, seen + 1 + blocksAhead);
            // Nothing before the first use, so that a model that is only opened costs nothing; then in runs, not one by
            // one.
            boolean due = seen >= 0 && (end - touched >= blocksAhead / 2 || end == numBlocks) && touched < end;
            if (!due) {
                LockSupport.park(this);
                continue;
            }
            touched = Math.max(touched, seen + 1);
            while (touched < end && !closed) {
                touch(touched++);
            }
        }
    }

    private void touch(int block) {
        for (MemorySegment segment : memory) {
            long bytes = segment.byteSize() / numBlocks;
            long from = block * bytes & -PAGE;
            for (long at = from; at < (block + 1) * bytes; at += PAGE) {
                touch(segment, at);
            }
        }
    }

    /** Writes what is there; atomically, because the block's owner may be writing too. */
    static void touch(MemorySegment segment, long at) {
        int _ = (int) NUMBER.getAndAdd(segment, at, 0);
    }

    /** Returns when no memory is touched any more. */
    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(thread);
        boolean interrupted = false;
        while (thread != null && thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
