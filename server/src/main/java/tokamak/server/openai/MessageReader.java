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

    /** How templates want the arguments of calls, which are texts of JSON in the API. */
    enum Arguments {
        OBJECTS,
        TEXTS
    }

    private final boolean noContentWithCalls;

    /** @param noContentWithCalls whether a message with calls and without content must not have an empty one */
    MessageReader(boolean noContentWithCalls) {
        this.noContentWithCalls = noContentWithCalls;
    }

    /** @throws ApiException that names the message and the field that is wrong */
    List<Message> read(Fields request, Arguments arguments) {
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
            messages.add(message(new Fields(object, request.name("messages[" + i + "].")), arguments));
        }
        return messages;
    }

    private Message message(Fields message, Arguments arguments) {
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
        // Clients give back what they got, an explicit null included; templates ask whether the field is there.
        fields.remove("tool_calls");
        List<Object> calls = toolCalls(message, arguments);
        if (!calls.isEmpty()) {
            fields.put("tool_calls", calls);
            if (noContentWithCalls && !message.has("content")) {
                fields.put("content", null);
            }
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

    private static List<Object> toolCalls(Fields message, Arguments arguments) {
        List<Object> calls = new ArrayList<>();
        List<JsonNode> nodes = message.array("tool_calls").orElse(List.of());
        for (int i = 0; i < nodes.size(); i++) {
            Fields call = message.nested("tool_calls[" + i + "]", nodes.get(i).deepCopy());
            call.fields("function")
                    .ifPresent(function -> function.object().set("arguments", arguments(function, arguments)));
            calls.add(Fields.plain(call.object()));
        }
        return calls;
    }

    private static JsonNode arguments(Fields function, Arguments form) {
        JsonNode given = function.get("arguments").orElse(Json.object());
        if (given.isObject()) {
            return form == Arguments.OBJECTS ? given : Json.string(given.toString());
        }
        if (!given.isString()) {
            throw function.wrong("arguments", "a string of JSON", given);
        }
        String text = given.stringValue();
        JsonNode value = text.isBlank() ? Json.object() : Json.value(function.name("arguments"), text);
        if (!value.isObject()) {
            throw function.wrong("arguments", "a string that holds a JSON object", value);
        }
        return form == Arguments.OBJECTS ? value : given;
    }
}
