package tokamak.server.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Makes room for something that is to be written. */
final class TargetPath {
    /** Writes the target. */
    interface Writing<T> {
        T write() throws IOException;
    }

    private TargetPath() {}

    /**
     * Replaces what is at the target, if anything is: it stays beside it under a name that ends in {@code .replaced} until
     * what was to be written is whole, and comes back if that fails.
     *
     * @throws CliFailure if it is a folder that is no model's
     */
    static <T> T replace(Path target, Writing<T> writing) throws IOException {
        Path old = target.resolveSibling(target.getFileName() + ".replaced");
        if (Files.exists(target)) {
            filesOf(target);
            delete(old);
            Files.move(target, old);
        }
        boolean written = false;
        try {
            T result = writing.write();
            written = true;
            return result;
        } finally {
            if (written) {
                delete(old);
            } else if (Files.exists(old)) {
                Files.move(old, target);
            }
        }
    }

    /**
     * Deletes a file, or a model folder: one with a {@code config.json} and no folders in it.
     *
     * @throws CliFailure if it is another kind of folder
     */
    private static void delete(Path target) throws IOException {
        for (Path file : filesOf(target)) {
            Files.delete(file);
        }
        Files.deleteIfExists(target);
    }

    private static List<Path> filesOf(Path target) throws IOException {
        if (!Files.isDirectory(target)) {
            return List.of();
        }
        List<Path> files;
        try (Stream<Path> found = Files.list(target)) {
            files = found.toList();
        }
        boolean isModel = files.isEmpty()
                || Files.isRegularFile(target.resolve("config.json"))
                        && files.stream().allMatch(Files::isRegularFile);
        if (!isModel) {
            throw new CliFailure(target + " is a folder with other things than a model in it: remove it by hand");
        }
        return files;
    }
}
