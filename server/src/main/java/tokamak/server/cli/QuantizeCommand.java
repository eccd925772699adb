package tokamak.server.cli;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tokamak.Quantization;

@Command(
        name = "quantize",
        header = "Write a model in a smaller number format.",
        description = {
            "The result is one GGUF file. Interrupted, the same command goes on where it stopped. 'tokamak perplexity",
            "--reference' tells what the smaller format costs."
        },
        sortOptions = false)
final class QuantizeCommand implements Callable<Integer> {
    private final CliContext context;

    @Parameters(index = "0", paramLabel = "SOURCE", description = "GGUF file or Hugging Face folder.")
    private String source = "";

    @Parameters(index = "1", paramLabel = "TARGET", description = "The file to write.")
    private Path target = Path.of("");

    @Option(
            names = "--format",
            paramLabel = "FMT",
            required = true,
            description = "Q8_0, Q6_K, Q5_K_M, Q4_K_M, Q5_0, Q4_0, MXFP4, F16, BF16, F32 ...")
    private String format = "";

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
        try (ProgressBar bar = new ProgressBar(context, "writing " + target.getFileName())) {
            if (force) {
                Files.deleteIfExists(target);
            }
            Quantization.Report report = Quantization.run(from, target, format, bar::show);
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
            throw new CliFailure(target + " is already there; give another name, or --force to replace it");
        } catch (IOException e) {
            throw new CliFailure(target + " could not be written: " + e.getMessage()
                    + "; when that is mended, the same command goes on where it stopped");
        }
        return 0;
    }
}
