package tokamak.keep;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The folder of kept blocks: {@code folder/<identity>/<hash>.kv}, shared by models and processes. A file's date says when it
 * was last of use, made older by its place in the chain, so that a chain loses its tail first. Only one thread of a process
 * changes it; others may ask {@link #holds}.
 */
final class KeepFolder {
    static final String SUFFIX = ".kv";
    static final String UNFINISHED = ".tmp";

    private static final Duration AGE_PER_BLOCK = Duration.ofSeconds(4);
    private static final Duration ABANDONED = Duration.ofHours(1);
    private static final Duration TOUCH_AGAIN = Duration.ofMinutes(5);
    /** A file takes at least this of a disk. */
    private static final long LEAST_BYTES = 4096;

    private final Path folder;
    private final Path mine;
    private final long maxBytes;
    /** When a block of this model was last said to be of use, in ms of the epoch. */
    private final Map<BlockHash, Long> usedMillis = new ConcurrentHashMap<>();

    private long totalBytes;

    /**
     * @param folder for all models
     * @param identity name of the model's folder in it
     */
    KeepFolder(Path folder, String identity, long maxBytes) {
        this.folder = folder;
        this.mine = folder.resolve(identity);
        this.maxBytes = maxBytes;
    }

    Path folder() {
        return folder;
    }

    boolean holds(BlockHash hash) {
        return usedMillis.containsKey(hash);
    }

    /** Whether it has been so long since the block was said to be of use that it should be said again. */
    boolean isStale(BlockHash hash, long nowMillis) {
        Long used = usedMillis.get(hash);
        return used == null || nowMillis - used > TOUCH_AGAIN.toMillis();
    }

    Path file(BlockHash hash) {
        return mine.resolve(hash.hex() + SUFFIX);
    }

    /** Nobody but the owner may read what others asked the model. */
    void create() throws IOException {
        if (Files.isDirectory(mine)) {
            return;
        }
        if (folder.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            Files.createDirectories(
                    mine, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        } else {
            Files.createDirectories(mine);
        }
    }

    /** A block is there and was of use just now. */
    void used(BlockHash hash, int depth, long nowMillis) {
        usedMillis.put(hash, nowMillis);
        try {
            Files.setLastModifiedTime(file(hash), FileTime.fromMillis(nowMillis - depth * AGE_PER_BLOCK.toMillis()));
        } catch (IOException gone) {
            // Another process may have deleted it, or the folder may be read-only: then its date stays.
        }
    }

    void added(BlockHash hash, int depth, long bytes, long nowMillis) {
        totalBytes += onDisk(bytes);
        used(hash, depth, nowMillis);
    }

    void forget(BlockHash hash) {
        usedMillis.remove(hash);
    }

    /** A damaged file is of no use to anybody. */
    void delete(BlockHash hash) {
        forget(hash);
        try {
            Files.deleteIfExists(file(hash));
        } catch (IOException readOnly) {
            // It stays and is not asked for again.
        }
    }

    private static long onDisk(long bytes) {
        return Math.max(LEAST_BYTES, bytes);
    }

    /** A file of any model. */
    private record Found(Path path, long bytes, FileTime used) {}

    /** Whether a file of so many bytes fits; makes room by deleting what was not of use for longest. */
    boolean makeRoom(long bytes) throws IOException {
        if (totalBytes + onDisk(bytes) > maxBytes) {
            List<Found> found = scan();
            found.sort(Comparator.comparing(Found::used));
            // A little more than needed, or every block would look through the folder again.
            long wanted = maxBytes - Math.max(onDisk(bytes), maxBytes / 16);
            for (Found oldest : found) {
                if (totalBytes <= wanted) {
                    break;
                }
                Files.deleteIfExists(oldest.path());
                totalBytes -= onDisk(oldest.bytes());
                BlockHash hash = hashOf(oldest.path());
                if (hash != null && oldest.path().startsWith(mine)) {
                    forget(hash);
                }
            }
        }
        return totalBytes + onDisk(bytes) <= maxBytes;
    }

    private static @Nullable BlockHash hashOf(Path path) {
        String name = String.valueOf(path.getFileName());
        return BlockHash.parse(name.substring(0, Math.max(0, name.length() - SUFFIX.length())));
    }

    /** Looks what is there: others may have added and deleted files. */
    List<Found> scan() throws IOException {
        List<Found> found = new ArrayList<>();
        if (!Files.isDirectory(folder)) {
            usedMillis.clear();
            totalBytes = 0;
            return found;
        }
        Instant abandoned = Instant.now().minus(ABANDONED);
        Files.walkFileTree(folder, Set.of(), 2, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path path, BasicFileAttributes attributes) throws IOException {
                String name = String.valueOf(path.getFileName());
                if (name.endsWith(SUFFIX) && attributes.isRegularFile()) {
                    found.add(new Found(path, attributes.size(), attributes.lastModifiedTime()));
                } else if (name.endsWith(UNFINISHED)
                        && attributes.lastModifiedTime().toInstant().isBefore(abandoned)) {
                    deleteQuietly(path);
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path path, IOException gone) throws IOException {
                if (gone instanceof NoSuchFileException) {
                    return FileVisitResult.CONTINUE;
                }
                throw gone;
            }
        });
        takeOver(found);
        return found;
    }

    private void takeOver(List<Found> found) {
        Map<BlockHash, Long> there = new HashMap<>();
        totalBytes = 0;
        for (Found each : found) {
            totalBytes += onDisk(each.bytes());
            BlockHash hash = each.path().startsWith(mine) ? hashOf(each.path()) : null;
            if (hash != null) {
                there.put(hash, each.used().toMillis());
            }
        }
        usedMillis.keySet().retainAll(there.keySet());
        there.forEach(usedMillis::putIfAbsent);
    }

    private static void deleteQuietly(Path path) {
        try {
            Files.deleteIfExists(path);
        } catch (IOException | UncheckedIOException readOnly) {
            // Somebody else's, or nobody may delete here.
        }
    }
}
