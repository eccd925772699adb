package tokamak.file;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import tokamak.tensor.Tensor;

/**
 * A model on disk: metadata and named tensors, memory-mapped. Closing it unmaps every tensor it gave out.
 *
 * <p>A file or folder that holds only a tokenizer opens too; it has no tensors.
 */
public sealed interface Checkpoint extends AutoCloseable permits GgufCheckpoint, HfCheckpoint {
    /**
     * Opens a GGUF file (for a split model: any of its parts) or a Hugging Face directory.
     *
     * @throws java.nio.file.NoSuchFileException if nothing is there
     * @throws ModelFormatException if what is there cannot be a model, or is damaged
     */
    static Checkpoint open(Path path) throws IOException {
        return Checkpoints.open(path);
    }

    /** The file or directory that was opened. */
    Path path();

    /** GGUF: its key-value pairs. Hugging Face: {@code config.json}, or no pairs in a folder without one. */
    Metadata metadata();

    /** Names as the file spells them, in file order. */
    Set<String> tensorNames();

    Optional<Tensor> find(String name);

    /** The tensor, or an error that names the file and the most similar name that is there. */
    Tensor tensor(String name) throws ModelFormatException;

    /** Bytes on disk of all tensors. */
    long tensorBytes();

    /**
     * A companion file such as {@code tokenizer.json}, {@code generation_config.json} or {@code chat_template.jinja}, if
     * it is there. Always empty for GGUF, which keeps such things in its metadata.
     *
     * @param name relative to the folder, with {@code /} between names; never leaves the folder
     */
    Optional<Path> file(String name);

    /**
     * The content of a companion file that holds one JSON object, if it is there.
     *
     * @throws ModelFormatException if the file is not one JSON object of sensible size and depth
     */
    Optional<Metadata> json(String name) throws IOException;

    /** Unmaps everything; a second call does nothing. */
    @Override
    void close();
}
