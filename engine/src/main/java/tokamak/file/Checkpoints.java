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
        if (isTensorRtEngine(name)) {
            throw new ModelFormatException(path + tensorRtEngine());
        }
        return GgufCheckpoint.open(path);
    }

    /** Whether a file is a model compiled for one kind of graphics processor. */
    static boolean isTensorRtEngine(String name) {
        return name.endsWith(".engine") || name.endsWith(".plan");
    }

    /** What to say about one, after its name. */
    static String tensorRtEngine() {
        return ": a TensorRT engine is machine code for one kind of graphics processor, from which weights can't be read"
                + " back; give the Hugging Face folder or the TensorRT-LLM checkpoint (config.json and"
                + " rank0.safetensors) that it was built from, or a GGUF file";
    }
}
