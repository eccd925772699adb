package tokamak.backend.cpu;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

/** Writes files of packed weights into a cache and keeps it within its bound. */
final class ImageStore {
    static final String SUFFIX = ".pack";
    private static final System.Logger LOG = System.getLogger(ImageStore.class.getName());
    private static final String UNFINISHED = ".tmp";

    /** Whoever writes for longer without a byte reaching the disk is gone. */
    private static final Duration ABANDONED = Duration.ofHours(1);

    /** What a disk keeps for others. */
    private static final long SPARE_BYTES = 512L << 20;

    private final PackCache cache;

    ImageStore(PackCache cache) {
        this.cache = cache;
    }

    /** A file that was there. */
    private record Found(Path path, long bytes, FileTime used) {}

    /**
     * Writes under a name that nobody else uses and renames, so that others see a whole file or none. Where that can't be
     * done, a line in the log says why and nothing is left behind.
     *
     * @param stopped ends the writing early
     */
    void save(Path file, List<ImageIndex.Matrix> matrices, AtomicBoolean stopped) {
        long bytes = ImageIndex.fileBytes(matrices);
        Path unfinished = cache.folder().resolve(file.getFileName() + "." + UUID.randomUUID() + UNFINISHED);
        try {
            Files.createDirectories(cache.folder());
            if (!makeRoom(bytes, file)) {
                return;
            }
            try {
                write(unfinished, matrices, stopped);
                if (!stopped.get()) {
                    Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
                    LOG.log(System.Logger.Level.DEBUG, "packed weights kept in {0}, {1} bytes", file, bytes);
                }
            } finally {
                Files.deleteIfExists(unfinished);
            }
        } catch (IOException | UncheckedIOException e) {
            LOG.log(System.Logger.Level.DEBUG, "packed weights are not kept in {0}: {1}", cache.folder(), e.toString());
        }
    }

    private static void write(Path path, List<ImageIndex.Matrix> matrices, AtomicBoolean stopped) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            List<ImageIndex.Entry> entries = new ArrayList<>();
            long offset = ImageIndex.ALIGNMENT;
            for (ImageIndex.Matrix each : matrices) {
                MemorySegment data = each.matrix().memory();
                int[] checksums = new int[ImageIndex.numChunks(data.byteSize())];
                for (int chunk = 0; chunk < checksums.length && !stopped.get(); chunk++) {
                    ByteBuffer bytes = ImageIndex.chunk(data, chunk).asByteBuffer();
                    checksums[chunk] = ImageIndex.sum(bytes.duplicate());
                    ImageIndex.writeFully(channel, bytes, offset + (long) chunk * ImageIndex.CHUNK);
                }
                entries.add(new ImageIndex.Entry(offset, data.byteSize(), checksums));
                offset = ImageIndex.align(offset + data.byteSize());
            }
            ImageIndex.write(channel, offset, matrices, entries);
        }
    }

    /** Deletes what was not used for longest until the new file fits beside the rest. */
    private boolean makeRoom(long bytes, Path replaced) throws IOException {
        List<Found> images = new ArrayList<>();
        try (Stream<Path> paths = Files.list(cache.folder())) {
            for (Path path : (Iterable<Path>) paths::iterator) {
                look(path, replaced, images);
            }
        }
        if (bytes > cache.maxBytes()) {
            LOG.log(
                    System.Logger.Level.DEBUG,
                    "packed weights are not kept: {0} bytes are more than the cache''s {1}",
                    bytes,
                    cache.maxBytes());
            return false;
        }
        images.sort(Comparator.comparing(Found::used));
        long total = bytes + images.stream().mapToLong(Found::bytes).sum();
        for (Found oldest : images) {
            if (total <= cache.maxBytes()) {
                break;
            }
            Files.deleteIfExists(oldest.path());
            total -= oldest.bytes();
        }
        long free = Files.getFileStore(cache.folder()).getUsableSpace();
        if (free < bytes + SPARE_BYTES) {
            LOG.log(
                    System.Logger.Level.DEBUG,
                    "packed weights are not kept: {0} bytes, of which the disk has {1} free",
                    bytes,
                    free);
            return false;
        }
        return true;
    }

    private static void look(Path path, Path replaced, List<Found> images) {
        String name = path.getFileName().toString();
        try {
            FileTime used = Files.getLastModifiedTime(path);
            if (name.endsWith(UNFINISHED)
                    && used.toInstant().isBefore(Instant.now().minus(ABANDONED))) {
                Files.deleteIfExists(path);
            } else if (name.endsWith(SUFFIX) && !path.equals(replaced)) {
                images.add(new Found(path, Files.size(path), used));
            }
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "{0} has just gone: {1}", path, e.getMessage());
        }
    }
}
