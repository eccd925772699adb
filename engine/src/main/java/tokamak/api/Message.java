package tokamak.api;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One message of a chat, as JSON-like fields in their order: what a chat template sees. Besides {@code role} and
 * {@code content} (a string, or a list of parts such as {@code {"type": "text", "text": ...}}) the usual ones are
 * {@code reasoning_content}, {@code name}, {@code tool_calls} and {@code tool_call_id}; a template may know more.
 *
 * @param fields {@code role} is required and a string; values are null, Boolean, numbers, String, Map and List
 */
public record Message(Map<String, ? extends @Nullable Object> fields) {
    public Message {
        fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
        Check.that("role", fields.get("role") instanceof String, "expected a string, found " + fields.get("role"));
    }

    public static Message of(String role, String content) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("role", role);
        fields.put("content", content);
        return new Message(fields);
    }

    public static Message system(String content) {
        return of("system", content);
    }

    public static Message user(String content) {
        return of("user", content);
    }

    public static Message assistant(String content) {
        return of("assistant", content);
    }

    /** The result of a tool call. */
    public static Message tool(String toolCallId, String content) {
        return of("tool", content).with("tool_call_id", toolCallId);
    }

    /** This message with one more field, or another value for it. */
    public Message with(String field, @Nullable Object value) {
        Map<String, @Nullable Object> more = new LinkedHashMap<>(fields);
        more.put(field, value);
        return new Message(more);
    }

    public String role() {
        return String.valueOf(fields.get("role"));
    }

    /** The plain text of the content: the text parts one after another, "" where there is none. */
    public String text() {
        Object content = fields.get("content");
        if (content instanceof String text) {
            return text;
        }
        StringBuilder text = new StringBuilder();
        for (Object part : content instanceof List<?> parts ? parts : List.of()) {
            if (part instanceof Map<?, ?> map && map.get("text") instanceof String piece) {
                text.append(piece);
            }
        }
        return text.toString();
    }
}
