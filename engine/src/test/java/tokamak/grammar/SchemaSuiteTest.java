package tokamak.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tokamak.TestData;
import tools.jackson.databind.JsonNode;

/** The public JSON-Schema-Test-Suite: what compiles accepts every valid instance's text and rejects every invalid one's. */
class SchemaSuiteTest {
    @ParameterizedTest
    @CsvSource({"draft2020-12, 342", "draft7, 237"})
    void followsTheSuite(String draft, int leastSupported) throws IOException {
        Tally tally = new Tally();
        try (Stream<Path> files = Files.list(TestData.folder("json-schema-test-suite/" + draft))) {
            for (Path file : files.sorted().toList()) {
                JsonNode groups = JsonValues.parse(Files.readString(file));
                for (JsonNode group : groups) {
                    tally.add(file.getFileName().toString(), group);
                }
            }
        }
        System.out.println(tally.table(draft));
        assertThat(tally.wrong).isEmpty();
        assertThat(tally.supported).isGreaterThanOrEqualTo(leastSupported);
    }

    private static final class Tally {
        private int supported;
        private int numTexts;
        private final Map<String, List<String>> unsupported = new TreeMap<>();
        private final List<String> wrong = new ArrayList<>();

        void add(String file, JsonNode group) {
            String name = file + ": " + group.get("description").stringValue();
            SchemaTexts texts;
            try {
                texts = SchemaTexts.of(group.get("schema"));
            } catch (GrammarException e) {
                boolean allInvalid = group.get("tests")
                        .valueStream()
                        .noneMatch(test -> test.get("valid").booleanValue());
                if (e.getMessage().contains("contradicts itself") && allInvalid) {
                    supported++; // nothing is valid, which is said instead of compiling it
                    return;
                }
                unsupported
                        .computeIfAbsent(reason(e.getMessage()), key -> new ArrayList<>())
                        .add(name + " -- " + e.getMessage());
                return;
            }
            supported++;
            for (JsonNode test : group.get("tests")) {
                check(name, texts, test);
            }
        }

        private void check(String name, SchemaTexts texts, JsonNode test) {
            boolean isValid = test.get("valid").booleanValue();
            if (test.get("description").stringValue().endsWith("is only an annotation by default")) {
                isValid = false; // formats are assertions here
            }
            for (String text : JsonSpellings.of(test.get("data"))) {
                numTexts++;
                boolean accepted;
                try {
                    accepted = texts.accepts(text);
                } catch (RuntimeException e) {
                    wrong.add(name + " | " + test.get("description") + " | " + e);
                    return;
                }
                if (accepted != isValid) {
                    wrong.add(name + " | " + test.get("description").stringValue() + " | " + text + " should be "
                            + isValid);
                }
            }
        }

        private static String reason(String message) {
            return message.replaceAll(" at #[^ ]*", "").replaceAll("\"[^\"]*\" is (outside|nowhere)", "... is $1");
        }

        String table(String draft) {
            StringBuilder out = new StringBuilder(draft + ": supported " + supported + ", texts " + numTexts + "\n");
            unsupported.forEach((reason, names) -> out.append("  %4d  %s%n".formatted(names.size(), reason)));
            return out.toString();
        }
    }
}
