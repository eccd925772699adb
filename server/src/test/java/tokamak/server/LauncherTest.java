package tokamak.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The launcher finds a JDK and builds what is missing. JDKs and Maven are small scripts here, folders have spaces. */
@DisabledOnOs(OS.WINDOWS)
class LauncherTest {
    private static final List<String> WELL_KNOWN = List.of("/usr/lib/jvm/", "/usr/lib64/jvm/", "/usr/java/", "/opt/");

    private record Outcome(int code, String out, String err) {}

    @TempDir
    private Path temp;

    private Path checkout;
    private Path tools;

    @BeforeEach
    void copyTheLauncher() throws IOException {
        checkout = Files.createDirectories(temp.resolve("my checkout"));
        tools = Files.createDirectories(temp.resolve("tools"));
        String script =
                Files.readString(Path.of("").toAbsolutePath().getParent().resolve("tokamak"), StandardCharsets.UTF_8);
        for (String folder : WELL_KNOWN) {
            script = script.replace(" " + folder, " \"" + temp + "\"" + folder);
        }
        executable(checkout.resolve("tokamak"), script.replace("/usr/local/", temp + "/usr/local/"));
        for (String tool : List.of("cat", "find", "head", "ln", "mkdir", "mv", "readlink", "rm", "sleep", "touch")) {
            for (String bin : List.of("/bin", "/usr/bin")) {
                Path original = Path.of(bin, tool);
                if (Files.exists(original) && !Files.exists(tools.resolve(tool))) {
                    Files.createSymbolicLink(tools.resolve(tool), original);
                }
            }
        }
    }

    private static void executable(Path file, String content) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, content);
        assertThat(file.toFile().setExecutable(true)).isTrue();
    }

    /** A JDK whose java says where it is and what it was given. */
    private Path jdk(String name, String version) throws IOException {
        Path home = temp.resolve(name);
        executable(home.resolve("bin/java"), """
                #!/bin/sh
                echo "java of %s"
                for word in "$@"; do echo "<$word>"; done
                exit 7
                """.formatted(name));
        executable(home.resolve("bin/javac"), "#!/bin/sh\n");
        Files.writeString(home.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + version + "\"\n");
        return home;
    }

    private void built() throws IOException {
        Path target = Files.createDirectories(checkout.resolve("server/target/lib"));
        Files.writeString(target.resolve("a.jar"), "");
        Files.writeString(checkout.resolve("server/target/tokamak-server-1.jar"), "");
    }

    private void sources() throws IOException {
        Files.writeString(checkout.resolve("pom.xml"), "");
        Files.createDirectories(checkout.resolve("engine/src/main"));
        Files.createDirectories(checkout.resolve("server/src/main"));
    }

    /** A Maven that counts its calls. */
    private void maven(String... more) throws IOException {
        executable(tools.resolve("mvn"), """
                #!/bin/sh
                echo "$JAVA_HOME" >>calls
                mkdir -p server/target/lib
                : >server/target/tokamak-server-1.jar
                %s
                """.formatted(String.join("\n", more)));
    }

    private Outcome launch(Map<String, String> environment, String... args) throws Exception {
        return launch(checkout.resolve("tokamak"), environment, args);
    }

    private Outcome launch(Path launcher, Map<String, String> environment, String... args) throws Exception {
        List<String> command = new ArrayList<>(List.of("/bin/sh", launcher.toString()));
        command.addAll(List.of(args));
        Path out = Files.createTempFile(temp, "out", "");
        Path err = Files.createTempFile(temp, "err", "");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(temp.toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        builder.environment().clear();
        builder.environment().put("PATH", tools.toString());
        builder.environment().put("HOME", temp.resolve("home").toString());
        builder.environment().put("TOKAMAK_AOT", "off");
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.getOutputStream().close();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return new Outcome(process.exitValue(), Files.readString(out), Files.readString(err));
    }

    @Test
    void withoutAJdkItSaysSoInOneSentence() throws Exception {
        built();
        jdk("usr/lib/jvm/old", "21.0.2");
        Outcome outcome = launch(Map.of());
        assertThat(outcome.code()).isEqualTo(1);
        assertThat(outcome.out()).isEmpty();
        assertThat(outcome.err()).startsWith("tokamak: needs a JDK 25 or newer").hasLineCount(1);
    }

    @Test
    void takesTheFirstThatIsNewEnough() throws Exception {
        built();
        Path old = jdk("old jdk", "17.0.1");
        jdk("usr/lib/jvm/new", "25.0.3");
        assertThat(launch(Map.of("JAVA_HOME", old.toString())).out()).startsWith("java of usr/lib/jvm/new\n");

        Path newer = jdk("new jdk", "26-ea");
        assertThat(launch(Map.of("JAVA_HOME", newer.toString())).out()).startsWith("java of new jdk\n");

        Files.createSymbolicLink(tools.resolve("java"), jdk("path jdk", "25").resolve("bin/java"));
        assertThat(launch(Map.of()).out()).startsWith("java of path jdk\n");

        assertThat(launch(Map.of("TOKAMAK_JAVA_HOME", newer.toString())).out()).startsWith("java of new jdk\n");
        Outcome wrong = launch(Map.of("TOKAMAK_JAVA_HOME", old.toString()));
        assertThat(wrong.code()).isEqualTo(1);
        assertThat(wrong.err()).contains("TOKAMAK_JAVA_HOME=" + old).hasLineCount(1);
    }

    @Test
    void passesArgumentsAndExitCodeThroughLinksAndSpaces() throws Exception {
        built();
        jdk("usr/lib/jvm/new", "25.0.3");
        Path link = Files.createSymbolicLink(temp.resolve("a link"), checkout.resolve("tokamak"));
        Outcome outcome =
                launch(link, Map.of("TOKAMAK_JAVA_OPTS", "-Xmx1g -Dx=y"), "run", "two  spaces", "", "$HOME", "*", "ü");
        assertThat(outcome.code()).isEqualTo(7);
        assertThat(outcome.out())
                .contains("<-Xmx1g>\n<-Dx=y>\n")
                .contains("<tokamak.server.Main>\n<run>\n<two  spaces>\n<>\n<$HOME>\n<*>\n<ü>\n")
                .contains("my checkout/server/target/tokamak-server-1.jar");
    }

    @Test
    void buildsWhatIsMissingOrOld() throws Exception {
        sources();
        Path jdk = jdk("usr/lib/jvm/new", "25.0.3");
        Outcome without = launch(Map.of());
        assertThat(without.code()).isEqualTo(1);
        assertThat(without.err()).contains("Maven").hasLineCount(1);

        maven();
        Outcome first = launch(Map.of());
        assertThat(first.code()).isEqualTo(7);
        assertThat(first.err()).isEqualTo("building Tokamak (first run) ...\n");
        assertThat(launch(Map.of()).err()).isEmpty();
        assertThat(Files.readAllLines(checkout.resolve("calls"))).containsExactly(jdk.toString());

        Path source = Files.writeString(checkout.resolve("engine/src/main/A.java"), "");
        Files.setLastModifiedTime(source, FileTime.from(Instant.now().plusSeconds(60)));
        assertThat(launch(Map.of()).err()).startsWith("building Tokamak (sources have changed)");

        Files.delete(tools.resolve("mvn"));
        Outcome old = launch(Map.of());
        assertThat(old.code()).isEqualTo(7);
        assertThat(old.err()).contains("running the old build").hasLineCount(1);
    }

    @Test
    void showsWhatMavenSaidOnlyIfItFailed() throws Exception {
        sources();
        jdk("usr/lib/jvm/new", "25.0.3");
        maven("echo 'A.java:1: error'", "exit 1");
        Outcome failed = launch(Map.of());
        assertThat(failed.code()).isEqualTo(1);
        assertThat(failed.out()).isEmpty();
        assertThat(failed.err()).contains("A.java:1: error\n", "tokamak: the build failed");
        assertThat(checkout.resolve("target/launcher.lock")).doesNotExist();
    }

    @Test
    void twoAtOnceBuildOnce() throws Exception {
        sources();
        jdk("usr/lib/jvm/new", "25.0.3");
        maven("sleep 1");
        List<Outcome> outcomes = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            threads.add(Thread.startVirtualThread(() -> {
                try {
                    Outcome outcome = launch(Map.of());
                    synchronized (outcomes) {
                        outcomes.add(outcome);
                    }
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(outcomes).hasSize(3).allMatch(outcome -> outcome.code() == 7);
        assertThat(Files.readAllLines(checkout.resolve("calls"))).hasSize(1);
    }

    @Test
    void aLockOfAProcessThatIsGoneHoldsNobody() throws Exception {
        sources();
        jdk("usr/lib/jvm/new", "25.0.3");
        maven();
        Files.createDirectories(checkout.resolve("target"));
        Process gone = new ProcessBuilder("/bin/sh", "-c", "exit 0").start();
        gone.waitFor();
        Files.createSymbolicLink(checkout.resolve("target/launcher.lock"), Path.of("pid-" + gone.pid()));
        assertThat(launch(Map.of()).code()).isEqualTo(7);
    }
}
