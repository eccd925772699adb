package tokamak.server.openai;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tokamak.api.Message;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Messages of OpenAI's API as chat templates want them. */
final class MessageReader {
    static final int MAX_MESSAGES = 4096;
    private static final Set<String> ROLES = Set.of("system", "developer", "user", "assistant", "tool", "function");

    private MessageReader() {}

    static List<Message> read(Fields request) {
        List<JsonNode> nodes = request.requiredArray("messages");
        if (nodes.isEmpty() || nodes.size() > MAX_MESSAGES) {
            throw ApiException.invalid(
                    "messages", "messages must hold 1 to " + MAX_MESSAGES + " messages, found " + nodes.size());
        }
        List<Message> messages = new ArrayList<>();
        for (int i = 0; i < nodes.size(); i++) {
            if (!(nodes.get(i) instanceof ObjectNode object)) {
                throw request.wrong("messages[" + i + "]", "an object", nodes.get(i));
            }
            messages.add(message(new Fields(object, request.name("messages[" + i + "]."))));
        }
        return messages;
    }

    private static Message message(Fields message) {
        String role = message.required("role", "a string").isString()
                ? message.string("role").orElseThrow()
                : "";
        if (!ROLES.contains(role)) {
            throw ApiException.invalid(
                    message.name("role"),
                    message.name("role") + " must be system, developer, user, assistant or tool, found "
                            + Fields.kind(message.required("role", "a string"))
                            + (role.isEmpty() ? "" : " '" + role + "'"));
        }
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        message.object().properties().forEach(entry -> fields.put(entry.getKey(), Fields.plain(entry.getValue())));
        // What newer models call developer is the system role of the others.
        fields.put("role", role.equals("developer") ? "system" : role);
        fields.put("content", content(message, role));
        if (message.has("tool_calls")) {
            fields.put("tool_calls", toolCalls(message));
        }
        message.string("reasoning").ifPresent(reasoning -> fields.putIfAbsent("reasoning_content", reasoning));
        return new Message(fields);
    }

    private static String content(Fields message, String role) {
        if (!message.has("content")) {
            if (role.equals("assistant")) {
                return "";
            }
            throw ApiException.invalid(
                    message.name("content"), message.name("content") + " is required for the role " + role);
        }
        JsonNode content = message.required("content", "a string or an array of parts");
        if (content.isString()) {
            return content.stringValue();
        }
        if (!content.isArray()) {
            throw message.wrong("content", "a string or an array of parts", content);
        }
        List<String> texts = new ArrayList<>();
        for (JsonNode node : content.values()) {
            if (!(node instanceof ObjectNode object)) {
                throw message.wrong("content", "an array of objects", node);
            }
            texts.add(part(new Fields(object, message.name("content") + ".")));
        }
        return String.join("\n", texts);
    }

    private static String part(Fields part) {
        String type = part.string("type").orElse("text");
        return switch (type) {
            case "text", "input_text", "output_text" ->
                part.string("text")
                        .orElseThrow(() -> ApiException.invalid(
                                part.name("text"), part.name("text") + " is required in a part of type " + type));
            case "refusal" -> part.string("refusal").orElse("");
            default ->
                throw ApiException.unsupported(
                        part.name("type"), "parts of type '" + type + "' are not supported; this model reads text");
        };
    }

    /** Arguments are a string of JSON in the API; templates want the object. */
    private static List<Object> toolCalls(Fields message) {
        List<Object> calls = new ArrayList<>();
        for (JsonNode node : message.requiredArray("tool_calls")) {
            if (!(node instanceof ObjectNode object)) {
                throw message.wrong("tool_calls", "an array of objects", node);
            }
            ObjectNode copy = object.deepCopy();
            Fields call = new Fields(copy, message.name("tool_calls") + ".");
            call.fields("function").ifPresent(function -> {
                JsonNode arguments = function.object().get("arguments");
                if (arguments != null && arguments.isString()) {
                    function.object().set("arguments", Json.objectOrText(arguments.stringValue()));
                }
            });
            calls.add(Fields.plain(copy));
        }
        return calls;
    }
}
