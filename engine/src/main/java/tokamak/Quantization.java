package tokamak;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.DoubleConsumer;
import tokamak.api.InvalidRequestException;
import tokamak.api.ModelLoadException;
import tokamak.file.Checkpoint;
import tokamak.file.ModelFormatException;
import tokamak.model.FormatMix;
import tokamak.model.arch.Families;
import tokamak.quantize.GgufQuantizer;

/** Makes a GGUF file in another number format of a model. */
public final class Quantization {
    /**
     * Bytes of the tensors.
     *
     * @param before in the source
     * @param after in the file that was written
     */
    public record Report(long before, long after) {}

    private Quantization() {}

    /**
     * Writes {@code target}. While it is written its name ends in {@code .part}; the same call goes on with such a file
     * after an interruption. At any time a few megabytes of the model are in memory.
     *
     * @param format a number format such as {@code Q8_0}, or a mix such as {@code Q4_K_M}
     * @param progress told the share that is done, 0 to 1
     * @throws InvalidRequestException if there is no such format
     * @throws ModelLoadException if the source can't be read
     * @throws FileAlreadyExistsException if something is at {@code target}
     * @throws IOException if the target can't be written
     */
    public static Report run(Path source, Path target, String format, DoubleConsumer progress) throws IOException {
        FormatMix mix;
        try {
            mix = FormatMix.named(format);
        } catch (IllegalArgumentException e) {
            throw new InvalidRequestException("format", String.valueOf(e.getMessage()));
        }
        if (Files.exists(target)) {
            throw new FileAlreadyExistsException(target.toString());
        }
        try (Checkpoint checkpoint = ModelFiles.open(source)) {
            long after = GgufQuantizer.quantize(checkpoint, Families.of(checkpoint), mix, target, progress);
            return new Report(checkpoint.tensorBytes(), after);
        } catch (ModelFormatException e) {
            throw ModelFiles.failure(source, e);
        } catch (IllegalArgumentException e) {
            throw new InvalidRequestException("format", String.valueOf(e.getMessage()));
        }
    }
}
