package tokamak.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** What a person or a script gets from the program, run on the model that ships with the project. */
class CliTest {
    private static final String DEMO =
            CliRun.checkout().resolve(RunTarget.DEMO_MODEL).toString();
    private static final String ESCAPE = "\u001b";

    @Test
    void helpListsEveryCommandByPurpose() {
        CliRun help = CliRun.of("--help");
        assertThat(help.code()).isZero();
        assertThat(help.err()).isEmpty();
        assertThat(help.out())
                .contains("Use a model", "Look into a model")
                .contains("\n  run ", "\n  generate ", "\n  score ", "\n  inspect ", "\n  tokenize ")
                .doesNotContain(ESCAPE);
        assertThat(CliRun.of().out()).isEqualTo(help.out());
    }

    /** What picocli can't format it shows as it is, and complains on the process's own standard error. */
    @ParameterizedTest
    @ValueSource(
            strings = {"run", "serve", "generate", "score", "inspect", "tokenize", "quantize", "bench", "selftest"})
    void helpTextsAreWellFormed(String command) {
        PrintStream before = System.err;
        ByteArrayOutputStream complaints = new ByteArrayOutputStream();
        System.setErr(new PrintStream(complaints, true, StandardCharsets.UTF_8));
        try {
            assertThat(CliRun.of(command, "--help").code()).isZero();
        } finally {
            System.setErr(before);
        }
        assertThat(complaints.toString(StandardCharsets.UTF_8)).doesNotContain("picocli");
    }

    @ParameterizedTest
    @ValueSource(strings = {"run", "generate", "score", "inspect", "tokenize"})
    void everyCommandExplainsItself(String command) {
        CliRun help = CliRun.of(command, "--help");
        assertThat(help.code()).isZero();
        assertThat(help.out()).contains("Usage: tokamak " + command, "MODEL", "--help");
    }

    /** A percent sign that is not doubled makes picocli complain on standard error, and lines cut by hand are cut twice. */
    @Test
    void helpPagesAreWhole() {
        PrintStream before = System.err;
        ByteArrayOutputStream complaints = new ByteArrayOutputStream();
        System.setErr(new PrintStream(complaints, true, StandardCharsets.UTF_8));
        try {
            for (String command : CommandGroups.names()) {
                CliRun help = CliRun.of("help", command);
                assertThat(help.code()).isZero();
                assertThat(help.err()).isEmpty();
                assertThat(help.out()).contains("Usage: tokamak " + command).doesNotContain("%%", "%n");
                String[] lines = help.out().split("\n");
                for (int i = 1; i + 1 < lines.length; i++) {
                    boolean isText = Character.isLetter(lines[i].isEmpty() ? ' ' : lines[i].charAt(0));
                    boolean isCutTwice = isText && lines[i].length() < 20 && !lines[i].matches(".*[.:;]");
                    assertThat(isCutTwice).as("%s: %s", command, lines[i]).isFalse();
                }
            }
        } finally {
            System.setErr(before);
        }
        assertThat(complaints.toString(StandardCharsets.UTF_8)).isEmpty();
    }

    @Test
    void anUnknownCommandIsAnsweredWithThoseThereAre() {
        CliRun run = CliRun.of("talk", "model.gguf");
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err())
                .startsWith("tokamak: there is no command 'talk'; there are run, serve")
                .hasLineCount(1);
        assertThat(CliRun.of("help").out()).isEqualTo(CliRun.of("--help").out());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            inspect no/such/model                  | there is no model 'no/such/model': looked for
            generate no/such.gguf --prompt x       | there is no model 'no/such.gguf': looked for
            generate DEMO --ids 1,99999999         | there is no token 99999999
            generate DEMO --prompt x --ids 1       | give either --prompt or --ids, not both
            generate DEMO --prompt x -n -1         | max_tokens must be in
            generate DEMO --prompt x --top-p 3     | top_p must be in
            generate DEMO --prompt x --threads 0   | --threads must be at least 1
            generate DEMO --prompt x -n 999999     | the context holds
            inspect DEMO --context 0               | --context must be at least 1
            run DEMO                               | the prompt is empty
            tokenize DEMO --batch no.json          | no.json: no such file
            """)
    void whatCannotBeDoneIsOneSentence(String line, String message) {
        CliRun run = CliRun.of(Arrays.stream(line.split(" "))
                .map(word -> word.equals("DEMO") ? DEMO : word)
                .toArray(String[]::new));
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).startsWith("tokamak: ").contains(message).hasLineCount(1);
    }

    @Test
    void wrongUsageSaysWhereHelpIs() {
        CliRun run = CliRun.of("generate", "--promt", "x");
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).contains("--promt", "Did you mean --prompt", "'tokamak generate --help'");
    }

    @Test
    void damagedModelsAreRefusedWithAReason(@TempDir Path temp) throws IOException {
        byte[] whole = Files.readAllBytes(Path.of(DEMO));
        Path cut = Files.write(temp.resolve("cut.gguf"), Arrays.copyOf(whole, whole.length / 2));
        Path folder = Files.createDirectory(temp.resolve("empty"));
        for (String command : new String[] {"inspect", "generate", "score"}) {
            CliRun run = CliRun.of(command, cut.toString());
            assertThat(run.code()).isEqualTo(1);
            assertThat(run.err()).startsWith("tokamak: " + cut).hasLineCount(1);
        }
        assertThat(CliRun.of("run", folder.toString(), "hi").err())
                .contains("expected a model folder")
                .hasLineCount(1);
    }

    @Test
    void oneAnswerWithoutNamingAModelComesFromTheDemoModel() {
        CliRun run =
                CliRun.in(Optional.of(CliRun.checkout()), "", "run", "What is it?", "--temperature", "0", "-n", "8");
        assertThat(run.code()).isZero();
        assertThat(run.out()).isNotBlank();
        assertThat(run.err()).startsWith("using the demo model").hasLineCount(1);
        assertThat(CliRun.of("run", "What is it?").err()).contains("there is no demo model");
    }

    @Test
    void aPromptMayComeThroughAPipe() {
        CliRun piped = CliRun.withInput("What is it?\n", "run", DEMO, "--temperature", "0", "-n", "8");
        CliRun given = CliRun.of("run", DEMO, "What", "is", "it?", "--temperature", "0", "-n", "8");
        assertThat(piped.out()).isNotBlank().isEqualTo(given.out()).doesNotContain(ESCAPE);
    }

    @Test
    void streamedAndCollectedTextsAreTheSame() {
        String[] json = {"generate", DEMO, "--prompt", "Once", "-n", "12", "--seed", "7", "--json"};
        String text = CliRun.of(json).json().get("text").asString();
        CliRun streamed = CliRun.of(Arrays.copyOf(json, json.length - 1));
        assertThat(streamed.out()).isEqualTo(text + System.lineSeparator());
        assertThat(CliRun.of(json).json().get("text").asString()).isEqualTo(text);
    }

    @Test
    void aReaderThatLeavesEndsTheProgramWithoutAWord() {
        PrintStream closed = new PrintStream(new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("Broken pipe");
            }
        });
        CliRun.Captured err = new CliRun.Captured();
        int code = Cli.run(CliRun.context("", closed, err.stream()), "generate", DEMO, "--prompt", "Once", "-n", "500");
        assertThat(code).isEqualTo(1);
        assertThat(err.text()).isEmpty();
    }

    @Test
    void inspectSaysWhatIsInAModel() {
        JsonNode info = CliRun.of("inspect", DEMO, "--json", "--tensors", "--context", "100")
                .json();
        assertThat(info.get("supported").asBoolean()).isTrue();
        assertThat(info.get("chat_template").asBoolean()).isTrue();
        assertThat(info.get("tensors")).hasSize(info.get("num_tensors").asInt());
        long bytes = info.get("formats")
                .valueStream()
                .mapToLong(format -> format.get("num_bytes").asLong())
                .sum();
        assertThat(bytes).isEqualTo(info.get("weight_bytes").asLong());
        JsonNode memory = info.get("memory");
        assertThat(memory.get("context_length").asInt()).isEqualTo(100);
        assertThat(memory.get("kv_cache_f32").asLong())
                .isEqualTo(2 * memory.get("kv_cache_f16").asLong())
                .isEqualTo(400 * info.get("shape").get("kv_numbers_per_token").asLong());

        CliRun page = CliRun.of("inspect", DEMO);
        assertThat(page.out()).contains("architecture", "parameters", "chat template", "Estimated memory");
    }

    @Test
    void tokensOfATextDecodeToIt() {
        JsonNode tokens = CliRun.of("tokenize", DEMO, "Größe 😀", "--json").json();
        assertThat(tokens.get("decoded").asString()).isEqualTo("Größe 😀");
        assertThat(CliRun.withInput("Größe 😀", "tokenize", DEMO, "--json").json())
                .isEqualTo(tokens);
    }

    @Test
    void progressNeverLeavesItsBar() {
        assertThat(ProgressBar.line("x", 0, Duration.ZERO)).isEqualTo("x [" + "-".repeat(30) + "] 0 %");
        assertThat(ProgressBar.line("x", 0.5, Duration.ofSeconds(4)))
                .isEqualTo("x [" + "#".repeat(15) + "-".repeat(15) + "] 50 %, 4 s left");
        assertThat(ProgressBar.line("x", 7, Duration.ofSeconds(4))).isEqualTo("x [" + "#".repeat(30) + "] 100 %");
    }

    @Test
    void amountsAreReadable() {
        assertThat(Amounts.bytes(0)).isEqualTo("0 B");
        assertThat(Amounts.bytes(1536)).isEqualTo("1.50 KiB");
        assertThat(Amounts.count(596_049_920)).isEqualTo("596 M");
        assertThat(Amounts.count(7_240_000_000L)).isEqualTo("7.24 B");
    }
}
