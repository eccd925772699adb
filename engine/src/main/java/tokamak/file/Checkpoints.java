package tokamak.file;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;

/** Decides by what is there, not by its name, which kind of checkpoint a path holds. */
final class Checkpoints {
    private Checkpoints() {}

    static Checkpoint open(Path path) throws IOException {
        if (Files.isDirectory(path)) {
            return HfCheckpoint.open(path);
        }
        if (!Files.exists(path)) {
            throw new NoSuchFileException(
                    path.toString(),
                    null,
                    "no such file or folder; expected a GGUF file or a Hugging Face model folder");
        }
        String name = String.valueOf(path.getFileName()).toLowerCase(Locale.ROOT);
        if (name.endsWith(".safetensors") || name.endsWith(".json")) {
            throw new ModelFormatException(path + ": expected a GGUF file or a folder, found one file of a Hugging Face"
                    + " model; give the folder it lies in");
        }
        return GgufCheckpoint.open(path);
    }
}
