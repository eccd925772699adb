package tokamak;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import tokamak.file.Checkpoint;
import tokamak.file.ModelFormatException;

/**
 * What tells a model's weights from others without reading them: the table of its tensors, and size and date of its files.
 * Where the files lie does not count.
 */
final class ModelIdentity {
    private static final int NUM_SAMPLES = 8;
    private static final long SAMPLE_BYTES = 256;

    private ModelIdentity() {}

    static String of(Checkpoint checkpoint) throws IOException {
        MessageDigest digest = sha256();
        for (String name : checkpoint.tensorNames()) {
            update(digest, tensor(checkpoint, name));
        }
        for (Path file : files(checkpoint.path())) {
            update(
                    digest,
                    Files.size(file) + " " + Files.getLastModifiedTime(file).toMillis());
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /** As {@link #of}, and numbers from all over every tensor. */
    static String withSamples(Checkpoint checkpoint) throws IOException {
        MessageDigest digest = sha256();
        update(digest, of(checkpoint));
        for (String name : checkpoint.tensorNames()) {
            MemorySegment data = checkpoint.tensor(name).data();
            long sample = Math.min(SAMPLE_BYTES, data.byteSize());
            for (long i = 0; i < NUM_SAMPLES; i++) {
                long at = (data.byteSize() - sample) / (NUM_SAMPLES - 1) * i;
                digest.update(data.asSlice(at, sample).toArray(ValueLayout.JAVA_BYTE));
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static String tensor(Checkpoint checkpoint, String name) throws ModelFormatException {
        return checkpoint.tensor(name).toString();
    }

    private static List<Path> files(Path path) throws IOException {
        if (!Files.isDirectory(path)) {
            // A model of random weights is nowhere on disk.
            return Files.exists(path) ? List.of(path) : List.of();
        }
        try (Stream<Path> files = Files.list(path)) {
            return files.filter(Files::isRegularFile).sorted().toList();
        }
    }

    private static void update(MessageDigest digest, String text) {
        digest.update((text + '\n').getBytes(StandardCharsets.UTF_8));
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java has SHA-256", e);
        }
    }
}
