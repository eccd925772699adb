package tokamak.keep;

import java.io.IOException;
import java.lang.invoke.VarHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import tokamak.backend.BlockMemory;
import tokamak.schedule.BlockGenerations;
import tokamak.schedule.BlockLoad;
import tokamak.schedule.BlockStore;
import tokamak.schedule.Command;

/**
 * Keeps blocks in a folder that outlives the process. One thread of its own reads and writes: what is to be read comes first,
 * and what is to be written waits in a short queue, or is not kept if that is full. A disk that can't be written costs one
 * warning.
 *
 * <p>Whoever is killed leaves at most an unfinished file under a name that nobody reads; whoever reads compares a checksum and
 * the block's hash before anything reaches the model.
 */
public final class DiskBlockStore implements BlockStore, AutoCloseable {
    private static final System.Logger LOG = System.getLogger("tokamak.engine");
    /** Blocks in memory that wait to be written: they take no memory of their own. */
    private static final int MAX_OFFERS = 1024;

    private static final long SPARE_DISK_BYTES = 256L << 20;
    private static final int ASK_DISK_EVERY = 16;
    private static final Duration LOOK_AGAIN = Duration.ofMinutes(1);
    private static final Duration WRITE_AGAIN = Duration.ofMinutes(1);
    private static final Duration LAST_WRITES = Duration.ofSeconds(5);

    private record Offer(int block, BlockGenerations generations, int generation, BlockHash hash, int depth) {}

    private final KeepFolder folder;
    private final BlockMemory memory;
    private final BlockFile file;
    private final Consumer<Command> engine;
    private final Queue<BlockLoad> loads = new ConcurrentLinkedQueue<>();
    private final Queue<Offer> offers = new ArrayBlockingQueue<>(MAX_OFFERS);
    private final Set<BlockHash> offered = ConcurrentHashMap.newKeySet();
    private final AtomicLong numWritten = new AtomicLong();
    private final Thread thread;
    private volatile long lastWriteNanos;
    private volatile boolean closing;

    // The thread's own.
    private long lookedNanos = System.nanoTime();
    private boolean warned;
    private long writeAgainNanos = System.nanoTime();

    private DiskBlockStore(KeepFolder folder, BlockMemory memory, BlockFile file, Consumer<Command> engine) {
        this.folder = folder;
        this.memory = memory;
        this.file = file;
        this.engine = engine;
        this.thread = Thread.ofPlatform().daemon().name("tokamak-prefix-cache").unstarted(this::run);
    }

    /**
     * @param path folder for all models, made if it is not there
     * @param maxBytes of all files in it
     * @param identity all that the bytes of a block depend on besides its tokens
     * @param engine takes {@link Command.BlocksLoaded} from any thread
     */
    public static DiskBlockStore open(
            Path path, long maxBytes, String identity, BlockMemory memory, Consumer<Command> engine) {
        byte[] digest = sha256(identity);
        KeepFolder folder = new KeepFolder(path, HexFormat.of().formatHex(digest, 0, 16), maxBytes);
        DiskBlockStore store =
                new DiskBlockStore(folder, memory, new BlockFile(digest, Math.toIntExact(memory.blockBytes())), engine);
        store.look();
        store.thread.start();
        return store;
    }

    private static byte[] sha256(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }

    /** Blocks written since it was opened. */
    public long numWritten() {
        return numWritten.get();
    }

    // ---- on the engine thread

    @Override
    public boolean holds(long[] hashes, int index) {
        return folder.holds(BlockHash.at(hashes, index));
    }

    @Override
    public void load(BlockLoad load) {
        loads.add(load);
        LockSupport.unpark(thread);
    }

    @Override
    public void offer(int block, BlockGenerations generations, long[] hashes, int index, int depth) {
        BlockHash hash = BlockHash.at(hashes, index);
        if (!folder.isStale(hash, System.currentTimeMillis()) || !offered.add(hash)) {
            return;
        }
        if (!offers.offer(new Offer(block, generations, generations.of(block), hash, depth))) {
            offered.remove(hash);
        }
        LockSupport.unpark(thread);
    }

    // ---- on the store's thread

    private void run() {
        while (true) {
            BlockLoad load = loads.poll();
            Offer offer = load == null ? offers.poll() : null;
            if (load != null) {
                fill(load);
            } else if (offer != null && !isPastClosing()) {
                keep(offer);
                offered.remove(offer.hash());
            } else if (closing) {
                return;
            } else {
                LockSupport.park(this);
                continue;
            }
            if (System.nanoTime() - lookedNanos > LOOK_AGAIN.toNanos()) {
                look();
            }
        }
    }

    private boolean isPastClosing() {
        return closing && System.nanoTime() - lastWriteNanos > 0;
    }

    private void look() {
        lookedNanos = System.nanoTime();
        try {
            folder.scan();
        } catch (IOException | RuntimeException e) {
            warn("read", e);
        }
    }

    private void fill(BlockLoad load) {
        int count = 0;
        try {
            while (count < load.numBlocks() && !load.isAbandoned() && fill(load, count)) {
                count++;
            }
        } catch (RuntimeException | Error e) {
            warn("read", e);
        } finally {
            load.loaded(count);
            engine.accept(new Command.BlocksLoaded(load));
        }
    }

    private boolean fill(BlockLoad load, int i) {
        BlockHash hash = BlockHash.at(load.hashes(), load.hashIndex(i));
        try {
            if (!file.read(folder.file(hash), hash)) {
                LOG.log(System.Logger.Level.DEBUG, "{0} is damaged", folder.file(hash));
                folder.delete(hash);
                return false;
            }
        } catch (NoSuchFileException gone) {
            folder.forget(hash);
            return false;
        } catch (IOException e) {
            folder.forget(hash);
            warn("read", e);
            return false;
        }
        memory.copyIn(load.block(i), file.block());
        folder.used(hash, load.depth(i), System.currentTimeMillis());
        return true;
    }

    private void keep(Offer offer) {
        long now = System.currentTimeMillis();
        try {
            if (Files.exists(folder.file(offer.hash()))) {
                folder.used(offer.hash(), offer.depth(), now);
                return;
            }
            if (System.nanoTime() - writeAgainNanos < 0 || !copyOut(offer)) {
                return;
            }
            folder.create();
            if (!folder.makeRoom(file.bytes())) {
                return;
            }
            requireDisk();
            file.write(folder.file(offer.hash()), offer.hash());
            folder.added(offer.hash(), offer.depth(), file.bytes(), now);
            numWritten.incrementAndGet();
        } catch (IOException | RuntimeException e) {
            writeAgainNanos = System.nanoTime() + WRITE_AGAIN.toNanos();
            warn("written", e);
        }
    }

    private void requireDisk() throws IOException {
        if (numWritten.get() % ASK_DISK_EVERY != 0) {
            return;
        }
        long free = Files.getFileStore(folder.folder()).getUsableSpace();
        if (free < file.bytes() + SPARE_DISK_BYTES) {
            throw new IOException("the disk is full: " + (free >> 20) + " MiB are free");
        }
    }

    /** False if the block was given out for something else before it was copied whole. */
    private boolean copyOut(Offer offer) {
        if (offer.generations().of(offer.block()) != offer.generation()) {
            return false;
        }
        memory.copyOut(offer.block(), file.block());
        VarHandle.fullFence(); // all of the copy was read before the generation is read again
        return offer.generations().of(offer.block()) == offer.generation();
    }

    private void warn(String what, Throwable why) {
        LOG.log(
                warned ? System.Logger.Level.DEBUG : System.Logger.Level.WARNING,
                "the prefix cache in {0} can not be {1}: {2}; going on without",
                folder.folder(),
                what,
                why.toString());
        warned = true;
    }

    /** Writes what waits, for a few seconds at most. The engine thread must have ended; memory must still be there. */
    @Override
    public void close() {
        lastWriteNanos = System.nanoTime() + LAST_WRITES.toNanos();
        closing = true;
        LockSupport.unpark(thread);
        boolean interrupted = false;
        while (thread.isAlive()) {
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
