package tokamak.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QuantizeCommandTest {
    private static final String DEMO =
            Path.of("../models/tokamak-demo.gguf").toAbsolutePath().normalize().toString();

    @TempDir
    private Path folder;

    @Test
    void theSmallerModelRunsAndItsCostIsTold() throws Exception {
        Path target = folder.resolve("small.gguf");
        CliRun run = CliRun.of("quantize", DEMO, target.toString(), "--format", "Q4_0");
        assertThat(run.out()).contains("Q4_0", "2.0 MB of weights instead of 3.3 MB");
        assertThat(run.code()).isZero();
        Path text = Files.writeString(folder.resolve("text.txt"), "Tokamak is an inference engine. It runs models.");
        CliRun measured = CliRun.of(
                "perplexity", target.toString(), "--file", text.toString(), "--reference", DEMO, "--ctx-size", "64");
        assertThat(measured.out()).contains("perplexity", "same most likely token");
        assertThat(CliRun.of("quantize", DEMO, target.toString(), "--format", "Q4_0")
                        .err())
                .contains("already there", "--force");
        assertThat(CliRun.of("quantize", DEMO, target.toString(), "--format", "Q8_0", "--force")
                        .code())
                .isZero();
    }

    @Test
    void whatShorterKeysAndValuesCostIsTold() throws Exception {
        Path text = Files.writeString(folder.resolve("text.txt"), "Tokamak is an inference engine. It runs models.");
        CliRun run = CliRun.of(
                "perplexity", DEMO, "--file", text.toString(), "--ctx-size", "64", "--kv-cache-dtype", "int4");
        assertThat(run.out()).contains("with keys and values in f32: perplexity", "divergence from it");
        assertThat(CliRun.of("perplexity", DEMO, "--file", text.toString(), "--ctx-size", "64")
                        .out())
                .doesNotContain("divergence");
    }

    @Test
    void theModelThatIsReadIsNeverReplaced() throws Exception {
        Path model = Files.copy(Path.of(DEMO), folder.resolve("model.gguf"));
        Path link = Files.createSymbolicLink(folder.resolve("link.gguf"), model);
        for (Path target : new Path[] {model, link, folder}) {
            CliRun run = CliRun.of("quantize", model.toString(), target.toString(), "--format", "Q4_0", "--force");
            assertThat(run.err()).contains("is the model that is read, or a part of it");
            assertThat(Files.size(model)).isEqualTo(Files.size(Path.of(DEMO)));
        }
    }

    @Test
    void whatIsReplacedIsThereUntilTheNewIsWhole() throws Exception {
        Path target = Files.writeString(folder.resolve("old.gguf"), "old");
        assertThat(CliRun.of("quantize", DEMO, target.toString(), "--format", "Q4_9", "--force")
                        .err())
                .contains("no format is called 'Q4_9'");
        assertThat(target).hasContent("old");
        Path broken = Files.writeString(folder.resolve("broken.gguf"), "GGUF");
        CliRun.of("quantize", broken.toString(), target.toString(), "--format", "Q4_0", "--force");
        assertThat(target).hasContent("old");
        CliRun.of("quantize", DEMO, target.toString(), "--format", "Q4_0", "--force");
        assertThat(Files.size(target)).isGreaterThan(1_000_000);
        assertThat(folder).isDirectoryNotContaining(file -> file.toString().endsWith(".replaced"));
    }

    @Test
    void whatCannotBeWrittenIsSaid() {
        Path target = folder.resolve("none").resolve("small.gguf");
        assertThat(CliRun.of("quantize", DEMO, target.toString(), "--format", "Q4_0")
                        .err())
                .contains("there is no folder");
        Path there = folder.resolve("small.gguf");
        assertThat(CliRun.of("quantize", DEMO, there.toString(), "--format", "Q5_X")
                        .err())
                .contains("Q5_X", "Q4_K_M");
        assertThat(CliRun.of("quantize", DEMO, there.toString(), "--format", "IQ2_XS")
                        .err())
                .contains("can be read, not written");
    }

    @Test
    void aGgufFileIsNotWrittenAsAFolderAndTheNearestNameIsOffered() {
        Path there = folder.resolve("small");
        assertThat(CliRun.of("quantize", DEMO, there.toString(), "--format", "awq")
                        .err())
                .contains("GGUF file cannot be written as awq");
        assertThat(CliRun.of("quantize", DEMO, there.toString(), "--format", "fp8_chanel")
                        .err())
                .contains("did you mean fp8-channel?");
        assertThat(there).doesNotExist();
    }

    @Test
    void calibrationMakesAnotherFile() throws Exception {
        Path text = Files.writeString(
                folder.resolve("text.txt"), "Tokamak is an inference engine. It runs models. ".repeat(40));
        Path plain = folder.resolve("plain.gguf");
        Path calibrated = folder.resolve("calibrated.gguf");
        assertThat(CliRun.of("quantize", DEMO, plain.toString(), "--format", "Q4_0")
                        .code())
                .isZero();
        CliRun run = CliRun.of(
                "quantize", DEMO, calibrated.toString(), "--format", "Q4_0", "--calibration", text.toString());
        assertThat(run.err()).doesNotContain("rror");
        assertThat(Files.mismatch(plain, calibrated)).isNotEqualTo(-1);
        CliRun tooShort = CliRun.of(
                "quantize",
                DEMO,
                folder.resolve("other.gguf").toString(),
                "--format",
                "Q4_0",
                "--calibration",
                Files.writeString(folder.resolve("word.txt"), "word").toString());
        assertThat(tooShort.err()).contains("at least 64");
    }
}
