package tokamak.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Command lines that can't be served are refused before a model is loaded. */
class ServeCommandTest {
    private record Outcome(int code, String err) {}

    private static Outcome run(String... args) {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        PrintStream errStream = new PrintStream(err, true, StandardCharsets.UTF_8);
        PrintStream out = new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8);
        CliContext context = new CliContext(
                InputStream.nullInputStream(), out, errStream, false, false, false, Optional.empty(), false);
        int code = Cli.run(context, args);
        return new Outcome(code, err.toString(StandardCharsets.UTF_8));
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
            --tensor-parallel-size 2,       --tensor-parallel-size 2 can't be served
            --port 70000,                   --port must be 0 to 65535
            --max-model-len 12q,            --max-model-len must be a number such as 32768
            --kv-cache-dtype fp3,           --kv-cache-dtype must be auto
            --block-size 32,                --block-size 32 is not supported
            --ssl-certfile x.pem,           --ssl-certfile and --ssl-keyfile belong together
            --api-key-file no/such/file,    cannot read the key file no/such/file
            --max-num-seqs 0,               maxNumSeqs must be in
            --config no/such/file,          cannot read the configuration file no/such/file
            """)
    void wrongValuesAreOneSentence(String flags, String message, @TempDir Path folder) throws Exception {
        String[] flag = flags.split(" ");
        Path model = Files.writeString(folder.resolve("m.gguf"), "not a model");
        Outcome outcome = run("serve", model.toString(), flag[0], flag[1]);
        assertThat(outcome.code()).isEqualTo(1);
        assertThat(outcome.err()).startsWith("tokamak: ").contains(message).hasLineCount(1);
    }

    @Test
    void anUnknownFlagNamesTheNearest() {
        Outcome outcome = run("serve", "m.gguf", "--max-modl-len", "5");
        assertThat(outcome.code()).isEqualTo(2);
        assertThat(outcome.err()).contains("--max-modl-len", "Did you mean --max-model-len");
    }

    @Test
    void flagsOfVllmThatMeanNothingHereAreNamed(@TempDir Path folder) throws Exception {
        Path model = Files.writeString(folder.resolve("m.gguf"), "not a model");
        Outcome outcome =
                run("serve", "--model", model.toString(), "--dtype", "bfloat16", "--enforce-eager", "-tp", "1");
        assertThat(outcome.err())
                .contains("--dtype has no effect", "--enforce-eager has no effect")
                .doesNotContain("-tp");
        assertThat(outcome.code()).as("the file is no model").isEqualTo(1);
    }

    @Test
    void aModelMustBeGivenOnce() {
        assertThat(run("serve").err()).contains("no model is given");
        assertThat(run("serve", "a.gguf", "--model", "b.gguf").err()).contains("two models are given");
    }
}
