package tokamak.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Programs for Node that use the server as other people's clients do. */
public final class NodeClients {
    private static final int MAX_SECONDS = 180;

    private NodeClients() {}

    /** Surefire runs in the module's folder, other runners in the project's. */
    private static Path folder() {
        Path inModule = Path.of("src/test/clients");
        return (Files.isDirectory(inModule) ? inModule : Path.of("server").resolve(inModule)).toAbsolutePath();
    }

    /** Skips the test where Node or the package is missing. */
    public static void require(String npmPackage) {
        assumeTrue(onPath("node").isPresent(), "skipped: there is no node");
        assumeTrue(
                Files.isDirectory(folder().resolve("node_modules").resolve(npmPackage)),
                "skipped: " + npmPackage + " is missing; npm install --prefix server/src/test/clients brings it");
    }

    /** The first of these programs that is on the path. */
    public static Optional<Path> onPath(String... names) {
        return Stream.of(names)
                .flatMap(name -> Stream.of(
                                System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                        .map(folder -> Path.of(folder, name)))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /** Runs a script to its end, which must be a good one, and returns what it wrote. */
    public static String run(String script, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("node", script));
        command.addAll(List.of(arguments));
        Path output = Files.createTempFile("tokamak-node", ".out");
        try {
            Process node = new ProcessBuilder(command)
                    .directory(folder().toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            boolean ended = node.waitFor(MAX_SECONDS, TimeUnit.SECONDS);
            if (!ended) {
                node.descendants().forEach(ProcessHandle::destroyForcibly);
                node.destroyForcibly().waitFor();
            }
            String text = Files.readString(output, StandardCharsets.UTF_8);
            assertThat(ended).as("%s has not ended:%n%s", script, text).isTrue();
            assertThat(node.exitValue()).as(text).isZero();
            return text;
        } finally {
            Files.delete(output);
        }
    }
}
