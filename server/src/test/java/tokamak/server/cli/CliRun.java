package tokamak.server.cli;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** One run of the program in this JVM, with no terminal anywhere, and all that it said. */
record CliRun(int code, String out, String err) {
    private static final JsonMapper JSON = new JsonMapper();

    static CliRun of(String... args) {
        return withInput("", args);
    }

    static CliRun withInput(String input, String... args) {
        return in(Optional.empty(), input, args);
    }

    /** @param home where the program thinks it is installed */
    static CliRun in(Optional<Path> home, String input, String... args) {
        Captured out = new Captured();
        Captured err = new Captured();
        int code = Cli.run(context(home, input, out.stream(), err.stream()), args);
        return new CliRun(code, out.text(), err.text());
    }

    static CliContext context(String input, PrintStream out, PrintStream err) {
        return context(Optional.empty(), input, out, err);
    }

    private static CliContext context(Optional<Path> home, String input, PrintStream out, PrintStream err) {
        return new CliContext(
                new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
                out,
                err,
                false,
                false,
                false,
                home,
                Path.of("target", "tokamak-home"),
                false);
    }

    /** A stream and what was written to it. */
    record Captured(ByteArrayOutputStream bytes, PrintStream stream) {
        Captured() {
            this(new ByteArrayOutputStream());
        }

        private Captured(ByteArrayOutputStream bytes) {
            this(bytes, new PrintStream(bytes, false, StandardCharsets.UTF_8));
        }

        String text() {
            stream.flush();
            return bytes.toString(StandardCharsets.UTF_8);
        }
    }

    JsonNode json() {
        if (code != 0) {
            throw new AssertionError("exit code " + code + ": " + err);
        }
        return JSON.readTree(out);
    }

    static JsonNode read(Path file) {
        return JSON.readTree(file.toFile());
    }

    static String write(Object value) {
        return JSON.writeValueAsString(value);
    }

    static List<Integer> ints(JsonNode list) {
        return list.valueStream().map(JsonNode::asInt).toList();
    }

    /** As {@code --ids} takes them. */
    static String joined(List<Integer> ids) {
        return String.join(",", ids.stream().map(String::valueOf).toList());
    }

    /** The checkout: surefire runs a module's tests in the module's folder. */
    static Path checkout() {
        return Path.of("").toAbsolutePath().getParent();
    }
}
