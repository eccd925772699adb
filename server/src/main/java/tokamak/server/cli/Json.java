package tokamak.server.cli;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** Answers for programs: records as JSON with snake_case names, and lists of texts read from it. */
final class Json {
    private static final JsonMapper COMPACT = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .build();
    private static final JsonMapper INDENTED =
            COMPACT.rebuild().enable(SerializationFeature.INDENT_OUTPUT).build();

    private Json() {}

    /** On one line. */
    static String compact(Object value) {
        return COMPACT.writeValueAsString(value);
    }

    static String indented(Object value) {
        return INDENTED.writeValueAsString(value);
    }

    /** @throws CliFailure if the text is not a JSON array of strings */
    static List<String> strings(String source, String json) {
        try {
            @Nullable String[] strings = COMPACT.readValue(json, String[].class);
            if (strings != null && Stream.of(strings).allMatch(Objects::nonNull)) {
                return List.of(strings);
            }
        } catch (JacksonException e) {
            throw new CliFailure(
                    source + ": expected a JSON array of strings, found something else: " + e.getOriginalMessage());
        }
        throw new CliFailure(source + ": expected a JSON array of strings, found null");
    }

    /**
     * The numbers among an object's fields; others are left out.
     *
     * @throws CliFailure if the text is not a JSON object
     */
    static Map<String, Number> numbers(String source, String json) {
        try {
            JsonNode node = COMPACT.readTree(json);
            if (node.isObject()) {
                Map<String, Number> numbers = new TreeMap<>();
                node.properties().stream()
                        .filter(entry -> entry.getValue().isNumber())
                        .forEach(entry ->
                                numbers.put(entry.getKey(), entry.getValue().numberValue()));
                return numbers;
            }
        } catch (JacksonException e) {
            throw new CliFailure(source + ": expected a JSON object, found something else: " + e.getOriginalMessage());
        }
        throw new CliFailure(source + ": expected a JSON object, found something else");
    }
}
