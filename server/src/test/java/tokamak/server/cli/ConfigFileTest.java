package tokamak.server.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigFileTest {
    @TempDir
    private Path folder;

    private String[] expand(String yaml, String... more) throws IOException {
        Path file = Files.writeString(folder.resolve("serve.yaml"), yaml);
        String[] args = new String[more.length + 3];
        args[0] = "serve";
        args[1] = "--config";
        args[2] = file.toString();
        System.arraycopy(more, 0, args, 3, more.length);
        return ConfigFile.expand(args);
    }

    @Test
    void keysBecomeFlagsAndTheCommandLineWins() throws IOException {
        String yaml = """
            # a comment
            model: "my model.gguf"   # with quotes
            port: 9000
            max_model_len: 32k
            enable-prefix-caching: false
            access-log: true
            enforce-eager: false
            served-model-name: [one, "two"]
            allowed-origins:
              - https://a.example
              - 'https://b.example'
            """;
        assertThat(expand(yaml, "--port=8001"))
                .containsExactly(
                        "serve",
                        "--port=8001",
                        "--model",
                        "my model.gguf",
                        "--max-model-len",
                        "32k",
                        "--no-enable-prefix-caching",
                        "--access-log",
                        "--served-model-name",
                        "one",
                        "two",
                        "--allowed-origins",
                        "https://a.example",
                        "https://b.example");
        assertThat(ConfigFile.expand("serve", "m.gguf")).containsExactly("serve", "m.gguf");
    }

    @Test
    void whatIsNotUnderstoodIsNamedWithItsLine() {
        assertThatThrownBy(() -> expand("port: 1\n\nnested {x}\n"))
                .isInstanceOf(CliFailure.class)
                .hasMessageContaining("line 3");
        assertThatThrownBy(() -> ConfigFile.expand("serve", "--config", "no/such.yaml"))
                .isInstanceOf(CliFailure.class)
                .hasMessageContaining("no/such.yaml");
    }
}
