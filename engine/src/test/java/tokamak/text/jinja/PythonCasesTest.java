package tokamak.text.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.InputStream;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.json.JsonMapper;

/**
 * Small templates, a feature or two each, with what Jinja2 3.1.6 makes of them in Hugging Face's set-up (its immutable
 * sandbox under Python 3.11): the text, or the name of the error.
 */
class PythonCasesTest {
    private static final Clock CLOCK = Clock.fixed(Instant.parse("2026-01-15T12:34:56Z"), ZoneOffset.UTC);

    @TestFactory
    @SuppressWarnings("unchecked")
    Stream<DynamicTest> rendersWhatPythonRendersAndRefusesWhatPythonRefuses() throws Exception {
        Map<String, Object> file;
        try (InputStream in = getClass().getResourceAsStream("python-cases.json")) {
            file = new JsonMapper().readValue(in, Map.class);
        }
        Map<String, Object> context = (Map<String, Object>) file.get("context");
        List<Map<String, String>> cases = (List<Map<String, String>>) file.get("cases");
        assertThat(cases).hasSizeGreaterThan(250);
        return cases.stream()
                .map(one -> DynamicTest.dynamicTest("case: " + one.get("template"), () -> check(one, context)));
    }

    private static void check(Map<String, String> one, Map<String, Object> context) {
        if (one.containsKey("result")) {
            assertThat(Template.parse(one.get("template"), Limits.DEFAULT).render(context, CLOCK))
                    .isEqualTo(one.get("result"));
        } else {
            JinjaException error = catchThrowableOfType(
                    JinjaException.class,
                    () -> Template.parse(one.get("template"), Limits.DEFAULT).render(context, CLOCK));
            assertThat(error).isNotNull();
            assertThat(error.kind()).isNotEqualTo(JinjaException.Kind.LIMIT);
        }
    }
}
