package tokamak.server.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tokamak.api.Guide;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** The formats of structural tags as guides. */
class StructuralTagsTest {
    private static final String WORD = "{\"type\": \"const_string\", \"value\": \"a\"}";

    private static Guide read(String format) {
        ObjectNode tag = (ObjectNode) new JsonMapper().readTree("{\"format\": " + format + "}");
        return StructuralTags.read(new Fields(tag, ""));
    }

    @Test
    void partsMayBeRepeated() {
        Guide word = Guide.literal("a");
        assertThat(read("{\"type\": \"optional\", \"content\": " + WORD + "}")).isEqualTo(Guide.optional(word));
        assertThat(read("{\"type\": \"star\", \"content\": " + WORD + "}"))
                .isEqualTo(new Guide.Repeat(word, 0, Guide.UNBOUNDED));
        assertThat(read("{\"type\": \"plus\", \"content\": " + WORD + "}"))
                .isEqualTo(new Guide.Repeat(word, 1, Guide.UNBOUNDED));
        assertThat(read("{\"type\": \"repeat\", \"min\": 2, \"max\": 3, \"content\": " + WORD + "}"))
                .isEqualTo(new Guide.Repeat(word, 2, 3));
        assertThat(read("{\"type\": \"repeat\", \"min\": 2, \"max\": -1, \"content\": " + WORD + "}"))
                .isEqualTo(new Guide.Repeat(word, 2, Guide.UNBOUNDED));
    }

    @Test
    void aTagMayEndInSeveralWays() {
        List<String> ends = List.of("</x>", "</y>");
        String tag = "{\"type\": \"tag\", \"begin\": \"<x>\", \"end\": [\"</x>\", \"</y>\"], \"content\": ";
        assertThat(read(tag + "{\"type\": \"any_text\"}}"))
                .isEqualTo(Guide.sequence(
                        Guide.literal("<x>"), new Guide.FreeUntil(ends, OptionalInt.empty()), Guide.literal("")));
        assertThat(read(tag + WORD + "}"))
                .isEqualTo(Guide.sequence(
                        Guide.literal("<x>"),
                        Guide.sequence(
                                Guide.literal("a"), Guide.alternatives(Guide.literal("</x>"), Guide.literal("</y>"))),
                        Guide.literal("")));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {"type": "json_schema", "json_schema": true, "style": "qwen_xml"}               | format.style
            {"type": "repeat", "min": 3, "max": 2, "content": {"type": "any_text"}}         | format.max
            {"type": "star"}                                                               | format.content
            {"type": "tag", "begin": "a", "end": [], "content": {"type": "any_text"}}       | format.end
            {"type": "qwen_xml_parameter", "json_schema": {}}                              | format.type
            """)
    void whatIsNotSupportedIsNamed(String format, String param) {
        assertThatThrownBy(() -> read(format))
                .isInstanceOfSatisfying(
                        ApiException.class, error -> assertThat(error.param()).isEqualTo(param));
    }
}
