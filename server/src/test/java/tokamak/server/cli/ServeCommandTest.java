package tokamak.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Command lines that can't be served are refused before a model is loaded. */
class ServeCommandTest {
    @ParameterizedTest
    @CsvSource(textBlock = """
            --tensor-parallel-size 2,       --tensor-parallel-size 2 can't be served
            --port 70000,                   --port must be 0 to 65535
            --max-model-len 12q,            --max-model-len must be a number such as 32768
            --kv-cache-dtype fp3,           kv-cache-dtype must be auto
            --kv-cache-dtype fp8,           int8 takes as much memory
            --block-size 32,                --block-size 32 is not supported
            --ssl-certfile x.pem,           --ssl-certfile and --ssl-keyfile belong together
            --api-key-file no/such/file,    cannot read the key file no/such/file
            --max-num-seqs 0,               maxNumSeqs must be in
            --config no/such/file,          cannot read the configuration file no/such/file
            """)
    void wrongValuesAreOneSentence(String flags, String message, @TempDir Path folder) throws Exception {
        String[] flag = flags.split(" ");
        Path model = Files.writeString(folder.resolve("m.gguf"), "not a model");
        CliRun outcome = CliRun.of("serve", model.toString(), flag[0], flag[1]);
        assertThat(outcome.code()).isEqualTo(1);
        assertThat(outcome.err()).startsWith("tokamak: ").contains(message).hasLineCount(1);
    }

    @Test
    void anUnknownFlagNamesTheNearest() {
        CliRun outcome = CliRun.of("serve", "m.gguf", "--max-modl-len", "5");
        assertThat(outcome.code()).isEqualTo(2);
        assertThat(outcome.err()).contains("--max-modl-len", "Did you mean --max-model-len");
    }

    @Test
    void flagsOfVllmThatMeanNothingHereAreNamed(@TempDir Path folder) throws Exception {
        Path model = Files.writeString(folder.resolve("m.gguf"), "not a model");
        CliRun outcome =
                CliRun.of("serve", "--model", model.toString(), "--dtype", "bfloat16", "--enforce-eager", "-tp", "1");
        assertThat(outcome.err())
                .contains("--dtype has no effect", "--enforce-eager has no effect")
                .doesNotContain("-tp");
        assertThat(outcome.code()).as("the file is no model").isEqualTo(1);
    }

    @Test
    void aModelMustBeGivenOnce() {
        assertThat(CliRun.of("serve").err()).contains("no model is given");
        assertThat(CliRun.of("serve", "a.gguf", "--model", "b.gguf").err()).contains("two models are given");
    }
}
