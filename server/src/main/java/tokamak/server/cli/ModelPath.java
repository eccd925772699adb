package tokamak.server.cli;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** What the user calls a model, as a path. */
final class ModelPath {
    private ModelPath() {}

    static boolean exists(String model) {
        try {
            return Files.exists(Path.of(model));
        } catch (InvalidPathException e) {
            return false;
        }
    }

    /** @throws CliFailure if there is nothing of that name */
    static Path of(String model) {
        if (model.isBlank()) {
            throw new CliFailure("the name of the model is empty; give a GGUF file or a Hugging Face folder");
        }
        try {
            Path path = Path.of(model);
            if (Files.exists(path)) {
                return path;
            }
            throw new CliFailure("there is no model '" + model + "': looked for the GGUF file or Hugging Face folder "
                    + path.toAbsolutePath().normalize());
        } catch (InvalidPathException e) {
            throw new CliFailure("'" + model + "' cannot be the name of a file or folder: " + e.getReason());
        }
    }
}
