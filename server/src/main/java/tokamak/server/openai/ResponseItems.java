package tokamak.server.openai;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Items of the Responses API, which are what a conversation consists of, as messages of the chat API: calls of functions and
 * the reasoning before them become parts of an assistant's message.
 */
final class ResponseItems {
    private static final Set<String> ROLES = Set.of("user", "assistant", "system", "developer");
    private static final Set<String> TEXTS =
            Set.of("input_text", "output_text", "text", "reasoning_text", "summary_text");

    private final ArrayNode messages;
    /** The assistant's message that further items of the same turn belong to. */
    private @Nullable ObjectNode open;

    private ResponseItems(ArrayNode messages) {
        this.messages = messages;
    }

    /** The items of a request's input, checked as far as their shape goes. */
    static List<ObjectNode> read(Fields request) {
        JsonNode input = request.required("input", "a string or an array of items");
        if (input.isString()) {
            return List.of(Json.object()
                    .put("type", "message")
                    .put("role", "user")
                    .put("content", Json.clean(input.stringValue())));
        }
        if (!input.isArray()) {
            throw request.wrong("input", "a string or an array of items", input);
        }
        if (input.isEmpty() || input.size() > MessageReader.MAX_MESSAGES) {
            throw ApiException.invalid(
                    "input", "input must hold 1 to " + MessageReader.MAX_MESSAGES + " items, found " + input.size());
        }
        List<ObjectNode> items = new ArrayList<>();
        for (JsonNode node : input.values()) {
            if (!(node instanceof ObjectNode object)) {
                throw request.wrong("input[" + items.size() + "]", "an object", node);
            }
            items.add(object);
        }
        return items;
    }

    /** Adds the messages that items stand for. @param path where the items come from, for errors */
    static void addMessages(List<ObjectNode> items, String path, ArrayNode messages) {
        ResponseItems reader = new ResponseItems(messages);
        for (int i = 0; i < items.size(); i++) {
            reader.add(new Fields(items.get(i), path + "[" + i + "]."));
        }
    }

    private void add(Fields item) {
        String type = item.string("type").orElse("message");
        switch (type) {
            case "message" -> addMessage(item);
            case "reasoning" -> addReasoning(item);
            case "function_call" -> addCall(item);
            case "function_call_output" -> addResult(item);
            default ->
                throw ApiException.unsupported(
                        item.name("type"),
                        item.name("type")
                                + " must be message, reasoning, function_call or function_call_output, found '" + type
                                + "'");
        }
    }

    private void addMessage(Fields item) {
        String role = required(item, "role");
        if (!ROLES.contains(role)) {
            throw ApiException.invalid(
                    item.name("role"),
                    item.name("role") + " must be user, assistant, system or developer, found '" + role + "'");
        }
        String content = text(item, "content");
        if (!role.equals("assistant")) {
            open = null;
            messages.addObject().put("role", role).put("content", content);
            return;
        }
        ObjectNode message = turn();
        if (message.has("content") || message.has("tool_calls")) {
            open = null;
            message = turn();
        }
        message.put("content", content);
    }

    private void addReasoning(Fields item) {
        // What was thought stands in its content, or at least in a summary of it.
        String reasoning = item.has("content") ? text(item, "content") : "";
        if (reasoning.isEmpty() && item.has("summary")) {
            reasoning = text(item, "summary");
        }
        open = null;
        turn().put("reasoning_content", reasoning);
    }

    private void addCall(Fields item) {
        ObjectNode call = turn().withArray("tool_calls").addObject();
        call.put("id", required(item, "call_id")).put("type", "function");
        call.putObject("function").put("name", required(item, "name")).put("arguments", required(item, "arguments"));
    }

    private void addResult(Fields item) {
        open = null;
        messages.addObject()
                .put("role", "tool")
                .put("tool_call_id", required(item, "call_id"))
                .put("content", text(item, "output"));
    }

    /** The assistant's message that is being put together, or a fresh one. */
    private ObjectNode turn() {
        ObjectNode message = open;
        if (message == null) {
            message = messages.addObject().put("role", "assistant");
            open = message;
        }
        return message;
    }

    private static String required(Fields item, String name) {
        return item.string(name)
                .orElseThrow(() ->
                        ApiException.invalid(item.name(name), item.name(name) + " is required: expected a string"));
    }

    /** A string, or the texts of an array of parts, one after another. */
    private static String text(Fields item, String name) {
        JsonNode value = item.required(name, "a string or an array of parts");
        if (value.isString()) {
            return value.stringValue();
        }
        StringBuilder text = new StringBuilder();
        int index = 0;
        for (JsonNode node : item.requiredArray(name)) {
            String where = name + "[" + index++ + "]";
            if (!(node instanceof ObjectNode object)) {
                throw item.wrong(where, "an object", node);
            }
            Fields part = new Fields(object, item.name(where) + ".");
            String type = required(part, "type");
            if (type.equals("refusal")) {
                text.append(required(part, "refusal"));
            } else if (TEXTS.contains(type)) {
                text.append(required(part, "text"));
            } else {
                throw ApiException.unsupported(
                        part.name("type"), "parts of type '" + type + "' are not supported; only texts are");
            }
        }
        return text.toString();
    }
}
