package tokamak.file;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import tokamak.tensor.Tensor;

/** A model on disk: metadata and named tensors, memory-mapped. Closing it unmaps every tensor it gave out. */
public sealed interface Checkpoint extends AutoCloseable permits GgufCheckpoint, HfCheckpoint {
    /**
     * Opens a GGUF file (for a split model: any of its parts) or a Hugging Face directory.
     *
     * @throws ModelFormatException if what is there cannot be a model, or is damaged
     */
    static Checkpoint open(Path path) throws IOException {
        return Checkpoints.open(path);
    }

    /** The file or directory that was opened. */
    Path path();

    /** GGUF: its key-value pairs. Hugging Face: {@code config.json}. */
    Metadata metadata();

    /** Names as the file spells them, in file order. */
    Set<String> tensorNames();

    Optional<Tensor> find(String name);

    /** The tensor, or an error that names the file and the most similar name that is there. */
    Tensor tensor(String name) throws ModelFormatException;

    /** Bytes on disk of all tensors. */
    long tensorBytes();

    @Override
    void close();
}
