package tokamak.server.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Makes room for something that is to be written. */
final class TargetPath {
    private TargetPath() {}

    /**
     * Deletes a file, or a model folder: one with a {@code config.json} and no folders in it.
     *
     * @throws CliFailure if it is another kind of folder
     */
    static void delete(Path target) throws IOException {
        if (!Files.isDirectory(target)) {
            Files.deleteIfExists(target);
            return;
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
        for (Path file : files) {
            Files.delete(file);
        }
        Files.delete(target);
    }
}
