package tokamak.server.openai;

import java.nio.charset.StandardCharsets;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** JSON in and out, within limits. */
final class Json {
    private static final int MAX_DEPTH = 64;
    private static final int MAX_NUMBER_CHARS = 100;
    private static final int MAX_NAME_CHARS = 4096;
    private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(MAX_DEPTH)
                            .maxNumberLength(MAX_NUMBER_CHARS)
                            .maxNameLength(MAX_NAME_CHARS)
                            .maxStringLength(Integer.MAX_VALUE)
                            .build())
                    .build())
            .build();

    private Json() {}

    /** @throws ApiException if this is not a JSON object */
    static Fields object(byte[] body) {
        if (body.length == 0) {
            throw ApiException.invalid(null, "the body is empty; expected a JSON object");
        }
        try {
            JsonNode node = MAPPER.readTree(body);
            if (node instanceof ObjectNode object) {
                return new Fields(object, "");
            }
            throw ApiException.invalid(null, "expected the body to be a JSON object, found " + Fields.kind(node));
        } catch (StreamConstraintsException e) {
            throw ApiException.invalid(
                    null,
                    "the JSON is nested deeper than " + MAX_DEPTH + " levels, has a number of more than "
                            + MAX_NUMBER_CHARS + " characters or a name of more than " + MAX_NAME_CHARS);
        } catch (JacksonException e) {
            var location = e.getLocation();
            throw ApiException.invalid(
                    null,
                    "the body is not valid JSON"
                            + (location == null
                                    ? ""
                                    : " (line " + location.getLineNr() + ", column " + location.getColumnNr() + ")"));
        }
    }

    /** The value of a text that must be JSON. @param field where it stands */
    static JsonNode value(String field, String text) {
        try {
            return MAPPER.readTree(text);
        } catch (JacksonException e) {
            throw ApiException.invalid(field, field + " must be JSON, found a text that is not");
        }
    }

    static JsonNode string(String text) {
        return JsonNodeFactory.instance.stringNode(text);
    }

    static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    static byte[] bytes(JsonNode node) {
        return MAPPER.writeValueAsBytes(node);
    }

    /** What strangers sent may hold half surrogate pairs, which can't be written as UTF-8. */
    static String clean(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
    }
}
