package tokamak.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** The server as a process: only there can signals be tried. */
class ServeProcessTest {
    @Test
    void theFirstSigtermDrainsAndTheSecondStopsAtOnce() throws Exception {
        Path checkout = CliRun.checkout();
        Assumptions.assumeTrue(Files.isRegularFile(checkout.resolve(RunTarget.DEMO_MODEL)), "no demo model");
        Process server = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "--enable-native-access=ALL-UNNAMED",
                        "-Dtokamak.home=" + checkout,
                        "-cp",
                        System.getProperty("java.class.path"),
                        "tokamak.server.Main",
                        "serve",
                        "--port",
                        "0"))
                .redirectErrorStream(true)
                .start();
        try (BufferedReader out = server.inputReader(StandardCharsets.UTF_8);
                Socket client = new Socket("127.0.0.1", port(out))) {
            String body =
                    "{\"prompt\": \"a\", \"n\": 64, \"max_tokens\": 1000, \"stream\": true, \"ignore_eos\": true}";
            client.getOutputStream()
                    .write(("POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: " + body.length() + "\r\n\r\n"
                                    + body)
                            .getBytes(StandardCharsets.US_ASCII));
            assertThat(client.getInputStream().readNBytes(200))
                    .as("the answer has begun")
                    .hasSize(200);
            // Unlike the process's own, the handle's leaves the output open.
            server.toHandle().destroy();
            assertThat(lineWith(out, "stopping")).contains("waiting up to 30 s for 1 request");
            assertThat(server.isAlive()).isTrue();
            server.toHandle().destroy();
            assertThat(server.waitFor(20, TimeUnit.SECONDS))
                    .as("it stops before the 30 s are over")
                    .isTrue();
            assertThat(server.exitValue()).isEqualTo(143);
        } finally {
            server.destroyForcibly();
        }
    }

    private static int port(BufferedReader out) throws Exception {
        Matcher matcher = Pattern.compile("at http://127.0.0.1:(\\d+)").matcher(lineWith(out, "at http://"));
        assertThat(matcher.find()).isTrue();
        return Integer.parseInt(matcher.group(1));
    }

    private static String lineWith(BufferedReader out, String text) throws Exception {
        for (String line = out.readLine(); line != null; line = out.readLine()) {
            if (line.contains(text)) {
                return line;
            }
        }
        throw new AssertionError("the server ended without saying '" + text + "'");
    }
}
