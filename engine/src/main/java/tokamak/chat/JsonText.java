package tokamak.chat;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.io.JsonStringEncoder;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Small pieces of JSON. */
final class JsonText {
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private JsonText() {}

    /** What stands between the quotation marks of a JSON string. */
    static String escaped(CharSequence text) {
        StringBuilder out = new StringBuilder(text.length() + 16);
        JsonStringEncoder.getInstance().quoteAsString(text, out);
        return out.toString();
    }

    static String quoted(CharSequence text) {
        return '"' + escaped(text) + '"';
    }

    static String write(@Nullable Object value) {
        return MAPPER.writeValueAsString(value);
    }

    /** The string that a JSON string stands for, or "" for another value. */
    static String string(String json) {
        JsonNode node = MAPPER.readTree(json);
        return node.isString() ? node.stringValue() : "";
    }

    /** The value of a text that is JSON. */
    static Optional<JsonNode> parse(String text) {
        try {
            JsonNode node = MAPPER.readTree(text);
            return node.isMissingNode() ? Optional.empty() : Optional.of(node);
        } catch (JacksonException e) {
            return Optional.empty();
        }
    }
}
