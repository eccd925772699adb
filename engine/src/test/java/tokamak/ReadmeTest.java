package tokamak;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the README shows compiles. */
class ReadmeTest {
    private static final Pattern JAVA = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

    @Test
    void theExamplesCompile(@TempDir Path temp) throws IOException {
        String readme = Files.readString(projectRoot().resolve("README.md"));
        List<String> examples =
                JAVA.matcher(readme).results().map(r -> r.group(1)).toList();
        assertThat(examples).isNotEmpty();
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        for (String example : examples) {
            DiagnosticCollector<JavaFileObject> problems = new DiagnosticCollector<>();
            boolean compiles = compiler.getTask(
                            null,
                            null,
                            problems,
                            List.of("-d", temp.toString(), "-proc:none", "-cp", System.getProperty("java.class.path")),
                            null,
                            List.of(new Source(example)))
                    .call();
            assertThat(compiles).as(problems.getDiagnostics().toString()).isTrue();
        }
    }

    private static Path projectRoot() {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.exists(folder.resolve("HOUSE.md"))) {
            folder = folder.getParent();
        }
        return folder;
    }

    /** An example with the imports that any editor would add. */
    private static final class Source extends SimpleJavaFileObject {
        private final String text;

        Source(String example) {
            super(URI.create("string:///Example.java"), Kind.SOURCE);
            text = "import java.nio.file.Path; import tokamak.*; import tokamak.api.*;"
                    + " class Example { void run() throws Exception {\n" + example + "}}";
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return text;
        }
    }
}
