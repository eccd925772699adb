package tokamak;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import tokamak.api.ModelLoadException;
import tokamak.file.Checkpoint;
import tokamak.file.ModelFormatException;

/** Opens models on disk for the lobby; whatever is wrong with them comes as one sentence. */
final class ModelFiles {
    private ModelFiles() {}

    /** @throws ModelLoadException if there is no model at the path, or a damaged one */
    static Checkpoint open(Path path) {
        try {
            return Checkpoint.open(path);
        } catch (IOException e) {
            throw failure(path, e);
        }
    }

    static ModelLoadException failure(Path path, IOException e) {
        String message = switch (e) {
            case ModelFormatException format -> String.valueOf(format.getMessage());
            case NoSuchFileException missing -> {
                String reason = missing.getReason();
                yield missing.getFile() + ": " + (reason == null ? "no such file or folder" : reason);
            }
            case AccessDeniedException denied -> denied.getFile() + ": permission denied";
            case FileSystemException other -> other.getFile() + ": " + other.getReason();
            default -> path + ": could not be read: " + e.getMessage();
        };
        return new ModelLoadException(message, e);
    }
}
