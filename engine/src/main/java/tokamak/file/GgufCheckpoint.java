package tokamak.file;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tokamak.tensor.Tensor;

/** A GGUF file, or all parts of a split one. */
public final class GgufCheckpoint implements Checkpoint {
    private static final Pattern PART_NAME = Pattern.compile("(.*)-(\\d{5})-of-(\\d{5})\\.gguf", Pattern.DOTALL);

    private final Path path;
    private final Metadata metadata;
    private final Map<String, MemorySegment> rawPairs;
    private final TensorTable tensors;

    GgufCheckpoint(Path path, Metadata metadata, Map<String, MemorySegment> rawPairs, TensorTable tensors) {
        this.path = path;
        this.metadata = metadata;
        this.rawPairs = rawPairs;
        this.tensors = tensors;
    }

    static GgufCheckpoint open(Path path) throws IOException {
        TensorTable tensors = new TensorTable(path);
        try {
            GgufHeader header = load(path, tensors);
            return new GgufCheckpoint(path, header.metadata(), header.rawPairs(), tensors);
        } catch (Throwable failure) {
            tensors.close();
            throw failure;
        }
    }

    private static GgufHeader load(Path path, TensorTable tensors) throws IOException {
        MemorySegment mapped = tensors.map(path);
        GgufHeader header = GgufHeader.read(path, mapped);
        long numParts = header.metadata().integer("split.count", 1);
        if (numParts <= 1) {
            tensors.add(path, tensors.checked(path, mapped, header.tensors()));
            return header;
        }
        return loadParts(path, numParts, tensors);
    }

    /** Metadata comes from the first part; the others hold tensors only. */
    private static GgufHeader loadParts(Path opened, long numParts, TensorTable tensors) throws IOException {
        Path[] parts = partsOf(opened, numParts);
        GgufHeader first = null;
        for (int i = 0; i < parts.length; i++) {
            MemorySegment mapped = tensors.map(parts[i]);
            GgufHeader header = GgufHeader.read(parts[i], mapped);
            long no = header.metadata().integer("split.no");
            long count = header.metadata().integer("split.count");
            if (no != i || count != numParts) {
                throw new ModelFormatException(parts[i] + ": expected split.no " + i + " of split.count " + numParts
                        + ", found " + no + " of " + count);
            }
            tensors.add(parts[i], tensors.checked(parts[i], mapped, header.tensors()));
            first = first == null ? header : first;
        }
        if (first == null) {
            throw new IllegalStateException("a split model has at least one part");
        }
        long expected =
                first.metadata().integer("split.tensors.count", tensors.names().size());
        if (expected != tensors.names().size()) {
            throw new ModelFormatException(parts[0] + ": key 'split.tensors.count' promises " + expected
                    + " tensors in all parts, found " + tensors.names().size());
        }
        return first;
    }

    private static Path[] partsOf(Path opened, long numParts) throws ModelFormatException {
        String name = String.valueOf(opened.getFileName());
        Matcher matcher = PART_NAME.matcher(name);
        if (!matcher.matches() || Long.parseLong(matcher.group(3)) != numParts) {
            throw new ModelFormatException(
                    opened + ": one of " + numParts + " parts of a split model, expected a name like"
                            + String.format(Locale.ROOT, " 'NAME-00001-of-%05d.gguf', found '%s'", numParts, name));
        }
        Path[] parts = new Path[(int) numParts]; // five digits at most, by the pattern
        for (int i = 0; i < parts.length; i++) {
            parts[i] = opened.resolveSibling(
                    String.format(Locale.ROOT, "%s-%05d-of-%05d.gguf", matcher.group(1), i + 1, numParts));
            if (!Files.isRegularFile(parts[i])) {
                throw new ModelFormatException(opened + ": expected all " + numParts
                        + " parts of the split model in one folder, part " + (i + 1) + " is missing: " + parts[i]);
            }
        }
        return parts;
    }

    @Override
    public Path path() {
        return path;
    }

    @Override
    public Metadata metadata() {
        return metadata;
    }

    /** Every key in file order, with its value as the file has it: the type's number and the bytes. */
    public Map<String, MemorySegment> rawPairs() {
        return Collections.unmodifiableMap(rawPairs);
    }

    @Override
    public Set<String> tensorNames() {
        return tensors.names();
    }

    @Override
    public Optional<Tensor> find(String name) {
        return tensors.find(name);
    }

    @Override
    public Tensor tensor(String name) throws ModelFormatException {
        return tensors.tensor(name);
    }

    @Override
    public long tensorBytes() {
        return tensors.bytes();
    }

    @Override
    public Optional<Path> file(String name) {
        return Optional.empty();
    }

    @Override
    public Optional<Metadata> json(String name) {
        return Optional.empty();
    }

    @Override
    public void close() {
        tensors.close();
    }
}
