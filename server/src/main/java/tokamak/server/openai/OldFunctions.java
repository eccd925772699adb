package tokamak.server.openai;

import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The form that OpenAI's API had before tools: {@code functions} and {@code function_call} in a request, {@code function_call}
 * and the role {@code function} in messages. Put into tools, which is all the rest of the server knows.
 */
final class OldFunctions {
    private OldFunctions() {}

    /** How the client expects calls. */
    static CallStyle style(Fields request) {
        return request.array("functions").filter(list -> !list.isEmpty()).isPresent()
                ? CallStyle.FUNCTIONS
                : CallStyle.TOOLS;
    }

    /** The same request with tools; it is left as it is. */
    static Fields modern(Fields request) {
        boolean isOldHistory = request.array("messages").orElse(List.of()).stream()
                .anyMatch(message -> message.hasNonNull("function_call")
                        || message.path("role").asString("").equals("function"));
        if (style(request) == CallStyle.TOOLS && !isOldHistory) {
            return request;
        }
        Fields modern = new Fields(request.object().deepCopy(), request.path());
        if (style(request) == CallStyle.FUNCTIONS) {
            declare(modern);
        }
        if (isOldHistory) {
            rewriteMessages(modern);
        }
        return modern;
    }

    private static void declare(Fields request) {
        for (String name : List.of("tools", "tool_choice")) {
            if (request.has(name)) {
                throw ApiException.invalid(
                        name, name + " can't stand beside functions, which is its old form; leave functions out");
            }
        }
        ArrayNode tools = Json.object().putArray("tools");
        for (JsonNode function : request.requiredArray("functions")) {
            tools.addObject().put("type", "function").set("function", function);
        }
        ObjectNode object = request.object();
        object.set("tools", tools);
        object.put("parallel_tool_calls", false);
        request.get("function_call").ifPresent(choice -> object.set("tool_choice", toolChoice(request, choice)));
    }

    private static JsonNode toolChoice(Fields request, JsonNode choice) {
        if (choice.isString() && List.of("none", "auto").contains(choice.stringValue())) {
            return choice;
        }
        String name = request.fields("function_call")
                .flatMap(fields -> fields.string("name"))
                .orElseThrow(() ->
                        request.wrong("function_call", "none, auto or an object with the name of a function", choice));
        ObjectNode named = Json.object().put("type", "function");
        named.putObject("function").put("name", name);
        return named;
    }

    /** A result belongs to the call before it. */
    private static void rewriteMessages(Fields request) {
        int numCalls = 0;
        for (JsonNode node : request.requiredArray("messages")) {
            if (!(node instanceof ObjectNode message)) {
                continue; // its reader says what is wrong
            }
            Optional<JsonNode> call =
                    Optional.ofNullable(message.remove("function_call")).filter(JsonNode::isObject);
            if (call.isPresent()) {
                message.putArray("tool_calls")
                        .addObject()
                        .put("id", id(++numCalls))
                        .put("type", "function")
                        .set("function", call.get());
            }
            if (message.path("role").asString("").equals("function")) {
                message.put("role", "tool").put("tool_call_id", id(numCalls));
            }
        }
    }

    /** Nine letters and digits, the form that Mistral's templates insist on. */
    private static String id(int number) {
        return "call%05d".formatted(number);
    }
}
