package tokamak.file;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JsonOutputTest {
    private static Map<String, Object> object(Object value) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("first", Arrays.asList(1, 2.5, true, null));
        object.put("second", Map.of("inner", value));
        object.put("none", List.of());
        return object;
    }

    @Test
    void membersHaveLinesOfTheirOwn() {
        assertThat(JsonOutput.indented(object("text"))).isEqualTo("""
                        {
                          "first": [
                            1,
                            2.5,
                            true,
                            null
                          ],
                          "second": {
                            "inner": "text"
                          },
                          "none": [ ]
                        }
                        """);
    }

    @Test
    void textsWithQuotesAndColonsStayAsTheyAre() {
        String text = "the key \"a\" : its value";
        assertThat(JsonOutput.indented(object(text))).contains("\"inner\": \"the key \\\"a\\\" : its value\"");
        assertThat(JsonOutput.compact(object(text))).contains("\"inner\":\"the key \\\"a\\\" : its value\"");
    }
}
