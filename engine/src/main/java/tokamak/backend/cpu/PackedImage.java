package tokamak.backend.cpu;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tokamak.backend.cpu.x64.Kernels;
import tokamak.backend.cpu.x64.LargeMemory;
import tokamak.backend.cpu.x64.PackedMatrix;
import tokamak.tensor.Matrix;

/**
 * One model's packed weights on disk. The file is mapped and a matrix's checksums are compared before it is used. What is
 * not in the file, or damaged, is packed from the model; the file is then written anew by a thread of its own while the model
 * is already in use. Files are only ever replaced as a whole, so that a mapped one stays as it was checked. Nothing that
 * happens to a file is an error.
 *
 * <p>Used by the loading thread; closed by the backend, after which no matrix is read any more.
 */
public final class PackedImage implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(PackedImage.class.getName());

    private final PackCache cache;
    private final Path file;
    private final List<ImageIndex.Matrix> loaded = new ArrayList<>();
    private final AtomicBoolean stopped = new AtomicBoolean();
    private final Arena arena = Arena.ofShared();
    private MemorySegment mapped = MemorySegment.NULL;
    private ImageIndex index = ImageIndex.EMPTY;
    private int numPacked;
    private @Nullable Thread writer;

    private PackedImage(PackCache cache, Path file) {
        this.cache = cache;
        this.file = file;
    }

    /**
     * The image of a model for an instruction set, which may not be there yet.
     *
     * @param identity of the model: another one whenever its weights are others
     * @return empty for plain Java, which packs nothing
     */
    public static Optional<PackedImage> open(PackCache cache, String identity, CpuArithmetic arithmetic) {
        Kernels kernels = arithmetic.kernels();
        if (kernels == null) {
            return Optional.empty();
        }
        Path file = cache.folder().resolve(Fingerprint.ofImage(identity, kernels) + ImageStore.SUFFIX);
        PackedImage image = new PackedImage(cache, file);
        image.openFile();
        return Optional.of(image);
    }

    private void openFile() {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            index = ImageIndex.read(channel);
            mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
        } catch (FileSystemException e) {
            LOG.log(System.Logger.Level.DEBUG, "no packed weights in {0}: {1}", file, e.toString());
        } catch (IOException e) {
            forget(String.valueOf(e.getMessage()));
        }
    }

    private void forget(String reason) {
        LOG.log(System.Logger.Level.INFO, "packed weights {0} are not used and made anew: {1}", file, reason);
        index = ImageIndex.EMPTY;
    }

    /** @param ahead matrices that are going to be read before this one */
    boolean holds(Matrix tensor, int ahead) {
        return index.find(Fingerprint.of(tensor, loaded.size() + ahead)) != null;
    }

    /** The tensor's matrix from the file, or what {@code pack} gives. */
    PackedMatrix load(Kernels kernels, Matrix tensor, WorkerTeam team, Supplier<PackedMatrix> pack) {
        Fingerprint fingerprint = Fingerprint.of(tensor, loaded.size());
        tensor.unload(); // a glance at numbers brings in their neighbours
        PackedMatrix matrix = find(kernels, tensor, index.find(fingerprint), team);
        if (matrix == null) {
            matrix = pack.get();
            numPacked++;
        }
        loaded.add(new ImageIndex.Matrix(fingerprint, matrix));
        return matrix;
    }

    private @Nullable PackedMatrix find(
            Kernels kernels, Matrix tensor, ImageIndex.@Nullable Entry entry, WorkerTeam team) {
        if (entry == null) {
            return null;
        }
        MemorySegment data = mapped.asSlice(entry.offset(), entry.bytes());
        AtomicBoolean damaged = new AtomicBoolean();
        team.run(
                (chunk, worker) -> {
                    MemorySegment bytes = ImageIndex.chunk(data, chunk);
                    LargeMemory.populate(bytes);
                    if (ImageIndex.sum(bytes.asByteBuffer()) != entry.checksums()[chunk]) {
                        damaged.set(true);
                    }
                },
                entry.numChunks());
        if (damaged.get()) {
            forget("a checksum of " + tensor + " does not fit");
            return null;
        }
        try {
            return PackedMatrix.of(kernels, tensor, data);
        } catch (IllegalArgumentException e) {
            forget(String.valueOf(e.getMessage()));
            return null;
        }
    }

    /** Matrices that had to be packed from the model so far. */
    int numPacked() {
        return numPacked;
    }

    /** All weights are there. */
    void finish() {
        if (numPacked == 0) {
            markUsed();
            return;
        }
        writer = Thread.ofPlatform()
                .name("tokamak-pack-cache")
                .daemon(true)
                .start(() -> new ImageStore(cache).save(file, loaded, stopped));
    }

    private void markUsed() {
        try {
            Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "{0} keeps its old date: {1}", file, e.getMessage());
        }
    }

    /** Waits until the file is written, as the matrices are gone afterwards; an interrupted caller waits for no more than it must. */
    @Override
    public void close() {
        Thread running = writer;
        boolean interrupted = false;
        while (running != null && running.isAlive()) {
            try {
                running.join();
            } catch (InterruptedException e) {
                interrupted = true;
                stopped.set(true);
            }
        }
        arena.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
