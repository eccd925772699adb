package tokamak.server.cli;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tokamak.Calibration;
import tokamak.Quantization;

@Command(
        name = "quantize",
        header = "Write a model in a smaller number format.",
        description = {
            "A GGUF format makes one GGUF file. awq, w4a16, w8a8, fp8 and fp8-channel make a Hugging Face "
                    + "folder from another one, as vLLM and other programs read it. Interrupted, the same command "
                    + "goes on where it stopped.",
            "",
            "With a calibration text the model is run over it first, and what its layers get to see there "
                    + "decides how weights are rounded: text like what the model is for, some ten thousand words of "
                    + "it, is best. 'tokamak perplexity --reference' tells what the smaller format costs."
        },
        sortOptions = false)
final class QuantizeCommand implements Callable<Integer> {
    private final CliContext context;

    @Parameters(index = "0", paramLabel = "SOURCE", description = "GGUF file or Hugging Face folder.")
    private String source = "";

    @Parameters(index = "1", paramLabel = "TARGET", description = "The file, or folder, to write.")
    private Path target = Path.of("");

    @Option(
            names = "--format",
            paramLabel = "FMT",
            required = true,
            description = {
                "GGUF: Q8_0, Q6_K, Q5_K_M, Q4_K_M, Q5_0, Q4_0, MXFP4, F16, BF16, F32 ...",
                "Hugging Face: awq, w4a16 (4 bits), w8a8, fp8 (blocks), fp8-channel (8 bits)."
            })
    private String format = "";

    @Option(
            names = "--calibration",
            paramLabel = "FILE",
            description = "Text to calibrate with, in UTF-8; - is standard input.")
    private @Nullable String calibration;

    @Option(
            names = "--calibration-tokens",
            paramLabel = "N",
            description = "How much of it to read. Default: ${DEFAULT-VALUE}.",
            defaultValue = "32768")
    private int calibrationTokens;

    @Option(names = "--force", description = "Replace TARGET if it is there.")
    private boolean force;

    @Mixin
    private HelpOption help = new HelpOption();

    QuantizeCommand(CliContext context) {
        this.context = context;
    }

    @Override
    public Integer call() {
        Path from = ModelPath.of(source);
        Path folder = target.toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            throw new CliFailure(target + ": there is no folder " + folder + " to write it to");
        }
        if (Files.exists(target) && !force) {
            throw alreadyThere();
        }
        requireApart(from);
        Calibration calibrated = calibrate(from);
        try (ProgressBar bar = new ProgressBar(context, "writing " + target.getFileName())) {
            TargetPath.Writing<Quantization.Report> writing =
                    () -> Quantization.run(from, target, format, calibrated, bar::show);
            Quantization.Report report = force ? TargetPath.replace(target, writing) : writing.write();
            bar.close();
            context.out()
                    .printf(
                            Locale.ROOT,
                            "%s: %s, %.1f MB of weights instead of %.1f MB%n",
                            target,
                            format,
                            report.after() * 1e-6,
                            report.before() * 1e-6);
        } catch (FileAlreadyExistsException e) {
            throw e.getReason() == null ? alreadyThere() : new CliFailure(e.getFile() + " " + e.getReason());
        } catch (IOException e) {
            throw new CliFailure(target + " could not be written: " + e.getMessage()
                    + "; when that is mended, the same command goes on where it stopped");
        }
        return 0;
    }

    /** Replacing the target must not take the source away before it is read. */
    private void requireApart(Path from) {
        if (!Files.exists(target)) {
            return;
        }
        try {
            Path old = target.toRealPath();
            Path read = from.toRealPath();
            if (read.startsWith(old) || old.startsWith(read)) {
                throw new CliFailure(target + " is the model that is read, or a part of it; give another name");
            }
        } catch (IOException e) {
            throw new CliFailure(target + ": cannot be looked at: " + e.getMessage());
        }
    }

    private CliFailure alreadyThere() {
        return new CliFailure(target + " is already there; give another name, or --force to replace it");
    }

    private @Nullable Calibration calibrate(Path model) {
        if (calibration == null) {
            return null;
        }
        String text = TextInput.of(context, calibration);
        try (ProgressBar bar = new ProgressBar(context, "calibrating")) {
            return Calibration.of(model, text, calibrationTokens, bar::show);
        }
    }
}
