package tokamak;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.DoubleConsumer;
import org.jspecify.annotations.Nullable;
import tokamak.api.InvalidRequestException;
import tokamak.api.ModelLoadException;
import tokamak.file.Checkpoint;
import tokamak.file.GgufCheckpoint;
import tokamak.file.HfCheckpoint;
import tokamak.file.ModelFormatException;
import tokamak.file.Similar;
import tokamak.model.FormatMix;
import tokamak.model.arch.Families;
import tokamak.quantize.GgufQuantizer;
import tokamak.quantize.HfFormat;
import tokamak.quantize.HfQuantizer;
import tokamak.quantize.Importance;

/** Writes a model in another number format: as a GGUF file or as a Hugging Face folder. */
public final class Quantization {
    /**
     * Bytes of the tensors.
     *
     * @param before in the source
     * @param after in what was written
     */
    public record Report(long before, long after) {}

    private Quantization() {}

    /** Whether a format is written as a folder rather than a file. */
    public static boolean isFolder(String format) {
        return HfFormat.named(format).isPresent();
    }

    /** The same without calibration. */
    public static Report run(Path source, Path target, String format, DoubleConsumer progress) throws IOException {
        return run(source, target, format, null, progress);
    }

    /**
     * Writes {@code target}. While it is written its name ends in {@code .part}; the same call goes on with such a file or
     * folder after an interruption. At any time a few tensors of the model are in memory.
     *
     * @param format a number format of GGUF files such as {@code Q8_0}, a mix such as {@code Q4_K_M}, or one of Hugging Face
     *     folders: awq, w4a16, w8a8, fp8, fp8-channel
     * @param calibration of the same source; null: every weight counts alike
     * @param progress told the share that is done, 0 to 1
     * @throws InvalidRequestException if there is no such format, or the source cannot be written in it
     * @throws ModelLoadException if the source can't be read
     * @throws FileAlreadyExistsException if something is at {@code target}
     * @throws IOException if the target can't be written
     */
    public static Report run(
            Path source, Path target, String format, @Nullable Calibration calibration, DoubleConsumer progress)
            throws IOException {
        Optional<HfFormat> folder = HfFormat.named(format);
        FormatMix mix = folder.isPresent() ? null : mix(format);
        if (Files.exists(target)) {
            throw new FileAlreadyExistsException(target.toString());
        }
        Importance importance = calibration == null ? new Importance() : calibration.importance();
        try (Checkpoint checkpoint = ModelFiles.open(source)) {
            long after;
            if (mix == null) {
                String settings = "format " + format + "\ncalibration "
                        + (calibration == null ? "none" : calibration.identity()) + "\nbytes "
                        + checkpoint.tensorBytes() + "\n";
                after = HfQuantizer.quantize(
                        folderOf(checkpoint, format),
                        Families.of(checkpoint),
                        folder.orElseThrow(),
                        importance,
                        target,
                        settings,
                        progress);
            } else {
                after = GgufQuantizer.quantize(checkpoint, Families.of(checkpoint), mix, importance, target, progress);
            }
            return new Report(checkpoint.tensorBytes(), after);
        } catch (ModelFormatException e) {
            throw ModelFiles.failure(source, e);
        } catch (IllegalArgumentException e) {
            throw new InvalidRequestException("format", String.valueOf(e.getMessage()));
        }
    }

    private static HfCheckpoint folderOf(Checkpoint checkpoint, String format) {
        return switch (checkpoint) {
            case HfCheckpoint hf -> hf;
            case GgufCheckpoint gguf ->
                throw new InvalidRequestException(
                        "format",
                        "a GGUF file cannot be written as " + format + ", a format of Hugging Face folders: its"
                                + " tokenizer and configuration have no way back; give the folder it was made from, or"
                                + " a GGUF format such as Q4_K_M");
        };
    }

    private static FormatMix mix(String format) {
        try {
            return FormatMix.named(format);
        } catch (IllegalArgumentException e) {
            Set<String> names = new TreeSet<>(GgufQuantizer.formats());
            Arrays.stream(HfFormat.values()).map(HfFormat::label).forEach(names::add);
            String nearest = Similar.nearest(format.toUpperCase(java.util.Locale.ROOT), names)
                    .or(() -> Similar.nearest(format.toLowerCase(java.util.Locale.ROOT), names))
                    .map(name -> "; did you mean " + name + "?")
                    .orElse("");
            throw new InvalidRequestException(
                    "format",
                    "no format is called '" + format + "'" + nearest + " Formats to write: "
                            + String.join(", ", names));
        }
    }
}
