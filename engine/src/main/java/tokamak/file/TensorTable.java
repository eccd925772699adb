package tokamak.file;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tokamak.tensor.Tensor;

/** The named tensors of one checkpoint and the arena that keeps their files mapped. */
final class TensorTable {
    private static final String LFS_POINTER = "version https://git-lfs";

    private final Path path;
    // Shared, because worker threads read the weights; closed once, by the checkpoint's owner.
    private final Arena arena = Arena.ofShared();
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();
    private long bytes;

    TensorTable(Path path) {
        this.path = path;
    }

    /** Maps a whole file; nothing is read until somebody touches it. */
    MemorySegment map(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            MemorySegment mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            if (isLfsPointer(mapped)) {
                throw new ModelFormatException(file + ": expected the tensors, found a Git LFS pointer to them;"
                        + " fetch the file itself, for example with 'git lfs pull'");
            }
            return mapped;
        }
    }

    /** Memory that lives as long as the table, for tensors that come from no file. */
    MemorySegment allocate(long bytes) {
        return arena.allocate(bytes, 64);
    }

    private static boolean isLfsPointer(MemorySegment mapped) {
        byte[] start = LFS_POINTER.getBytes(StandardCharsets.US_ASCII);
        return mapped.byteSize() >= start.length
                && mapped.asSlice(0, start.length).mismatch(MemorySegment.ofArray(start)) < 0;
    }

    /** The tensors of one file, checked against its size and each other. */
    List<Tensor> checked(Path file, MemorySegment mapped, List<TensorEntry> entries) throws ModelFormatException {
        for (TensorEntry entry : entries) {
            if (entry.begin() < 0 || entry.begin() > entry.end() || entry.end() > mapped.byteSize()) {
                throw new ModelFormatException(entry.describe(file) + ": expected its bytes inside the file of "
                        + mapped.byteSize() + " bytes, found offsets " + entry.begin() + " to " + entry.end()
                        + (entry.end() > mapped.byteSize() ? "; the file may be cut short" : ""));
            }
        }
        checkDisjoint(file, entries);
        return entries.stream()
                .map(entry -> new Tensor(
                        entry.name(),
                        entry.dtype(),
                        entry.shape(),
                        mapped.asSlice(entry.begin(), entry.end() - entry.begin())))
                .toList();
    }

    /** Adds tensors of one file whose bytes this table maps or holds. */
    void add(Path file, List<Tensor> added) throws ModelFormatException {
        for (Tensor tensor : added) {
            if (tensors.putIfAbsent(tensor.name(), tensor) != null) {
                throw new ModelFormatException(file + ": tensor '" + tensor.name()
                        + "': expected every name once, found the name a second time");
            }
            bytes += tensor.data().byteSize();
        }
    }

    private static void checkDisjoint(Path file, List<TensorEntry> entries) throws ModelFormatException {
        List<TensorEntry> sorted = new ArrayList<>(entries);
        sorted.removeIf(entry -> entry.begin() == entry.end());
        sorted.sort(Comparator.comparingLong(TensorEntry::begin));
        for (int i = 1; i < sorted.size(); i++) {
            TensorEntry before = sorted.get(i - 1);
            TensorEntry after = sorted.get(i);
            if (after.begin() < before.end()) {
                throw new ModelFormatException(after.describe(file) + ": expected it to begin at offset " + before.end()
                        + " or later, where tensor '" + before.name() + "' ends, found " + after.begin());
            }
        }
    }

    Set<String> names() {
        return Collections.unmodifiableSet(tensors.keySet());
    }

    Optional<Tensor> find(String name) {
        return Optional.ofNullable(tensors.get(name));
    }

    Tensor tensor(String name) throws ModelFormatException {
        Tensor tensor = tensors.get(name);
        if (tensor != null) {
            return tensor;
        }
        String there = tensors.isEmpty()
                ? "no tensors at all"
                : tensors.size() + " others"
                        + Similar.nearest(name, tensors.keySet())
                                .map(similar -> ", the most similar is '" + similar + "'")
                                .orElse("");
        throw new ModelFormatException(path + ": expected a tensor '" + name + "', found " + there);
    }

    long bytes() {
        return bytes;
    }

    void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
