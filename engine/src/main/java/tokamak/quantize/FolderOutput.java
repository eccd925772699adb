package tokamak.quantize;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import tokamak.file.SafetensorsOutput;

/**
 * A folder that is there when all of it is. Until then its name ends in {@code .part}, and a file in it says what it is to
 * become: the same work goes on with such a folder, other work begins it anew.
 */
final class FolderOutput {
    private static final String NOTE = "unfinished.txt";

    /** Settings of the method that the source was quantised by: not true of the copy. */
    private static final Set<String> NOT_COPIED =
            Set.of("hf_quant_config.json", "quantize_config.json", "quant_config.json");

    interface Work {
        void run(Path folder) throws IOException;
    }

    private FolderOutput() {}

    /** @param identity of the work, in words */
    static void write(Path target, String identity, Work work) throws IOException {
        Path part = target.resolveSibling(target.getFileName() + ".part");
        Path note = part.resolve(NOTE);
        if (!Files.exists(part)) {
            Files.createDirectory(part);
        } else if (!Files.isRegularFile(note) && !isEmpty(part)) {
            throw new FileAlreadyExistsException(part.toString(), null, "is there and was not begun by this command");
        } else if (Files.isRegularFile(note) && !Files.readString(note).equals(identity)) {
            clear(part);
        }
        SafetensorsOutput.writeText(note, identity);
        work.run(part);
        Files.delete(note);
        Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
    }

    private static boolean isEmpty(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.findAny().isEmpty();
        }
    }

    private static void clear(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.deleteIfExists(file);
            }
        }
    }

    static void copy(List<Path> files, Path folder) throws IOException {
        for (Path file : files) {
            if (!NOT_COPIED.contains(file.getFileName().toString())) {
                Files.copy(file, folder.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }
}
