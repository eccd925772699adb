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
            --prefix-cache-size 5G,         --prefix-cache-size needs --prefix-cache-dir
            --block-size 32,                --block-size 32 is not supported
            --ssl-certfile x.pem,           --ssl-certfile and --ssl-keyfile belong together
            --ssl-cert-reqs 2,              --ssl-cert-reqs needs them
            --root-path llm,                --root-path must begin with a slash
            --max-body-bytes 5,             --max-body-bytes must be 1024 to
            --admin-port 70000,             --admin-port must be 0 to 65535
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
        String[] flags = "serve --dtype bfloat16 --enforce-eager -tp 1 --no-enable-log-requests --api-server-count 4"
                .concat(" --enable-request-id-headers --ssl-ca-certs x.pem --model " + model)
                .split(" ");
        CliRun outcome = CliRun.of(flags);
        assertThat(outcome.err())
                .contains("--dtype has no effect", "--enforce-eager has no effect")
                .contains("--enable-log-requests has no effect", "--api-server-count has no effect")
                .contains("--enable-request-id-headers has no effect: x-request-id is always sent")
                .contains("--ssl-ca-certs has no effect")
                .doesNotContain("-tp");
        assertThat(outcome.code()).as("the file is no model").isEqualTo(1);
    }

    @Test
    void whatCanNotBeOfferedIsSaid(@TempDir Path folder) throws Exception {
        assertThat(CliRun.of("serve").err()).contains("no model is given, and there is no demo model", "serve MODEL");
        Path a = Files.writeString(Files.createDirectory(folder.resolve("a")).resolve("m.gguf"), "x");
        Path b = Files.writeString(Files.createDirectory(folder.resolve("b")).resolve("m.gguf"), "x");
        assertThat(CliRun.of("serve", a.toString(), b.toString()).err())
                .contains("two models would be called 'm'", "NAME=PATH");
        assertThat(CliRun.of("serve", "x=" + a, "--model", "y=" + b, "--served-model-name", "z")
                        .err())
                .contains("--served-model-name names one model, but there are 2");
        assertThat(CliRun.of(
                                "serve",
                                "--models-dir",
                                folder.resolve("a").resolve("m.gguf").toString())
                        .err())
                .contains("cannot read the folder of models");
        assertThat(CliRun.of("serve", a.toString(), "--keep-alive", "soon").err())
                .contains("--keep-alive must be a time such as 90s");
        assertThat(CliRun.of("serve", a.toString(), "--generation-config", "nowhere")
                        .err())
                .contains("--generation-config must be auto, vllm or a folder");
        assertThat(CliRun.of("serve", a.toString(), "--override-generation-config", "{\"tmp\": 1}")
                        .err())
                .contains("no field 'tmp'", "temperature");
        assertThat(CliRun.of("serve", a.toString(), "--override-generation-config", "{\"top_p\": 7}")
                        .err())
                .contains("top_p");
    }

    @Test
    void aFolderOffersItsModelsByName(@TempDir Path folder) throws Exception {
        Files.writeString(folder.resolve("b.gguf"), "");
        Files.writeString(folder.resolve("big-00001-of-00002.gguf"), "");
        Files.writeString(folder.resolve("big-00002-of-00002.gguf"), "");
        Files.writeString(folder.resolve("notes.txt"), "");
        Files.writeString(Files.createDirectory(folder.resolve("hf")).resolve("config.json"), "{}");
        Path owner = Files.createDirectory(folder.resolve("owner"));
        Files.writeString(Files.createDirectory(owner.resolve("model")).resolve("config.json"), "{}");
        assertThat(ModelFolder.of(folder).keySet()).containsExactly("b", "big", "hf", "owner/model");
    }
}
