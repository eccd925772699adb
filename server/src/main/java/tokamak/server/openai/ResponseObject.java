package tokamak.server.openai;

import java.util.List;
import tokamak.api.Usage;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes the response object: what was asked for, and what came of it so far.
 *
 * @param created seconds since 1970
 */
record ResponseObject(String id, long created, ResponseRequest request) {
    /** A response that is being made. @param status "queued" or "in_progress" */
    ObjectNode open(String status, List<ObjectNode> items) {
        ObjectNode response = head(status);
        items.forEach(response.withArray("output")::add);
        return response.putNull("usage");
    }

    /** A response that is as complete as it will be. */
    ObjectNode ended(Ending ending, List<ObjectNode> items, Usage usage, int numReasoningTokens) {
        ObjectNode response = head(ending.status());
        items.forEach(response.withArray("output")::add);
        switch (ending) {
            case Ending.Completed _ -> response.put("completed_at", System.currentTimeMillis() / 1000);
            case Ending.Incomplete incomplete ->
                response.putObject("incomplete_details").put("reason", incomplete.reason());
            case Ending.Cancelled _ -> {}
            case Ending.Failed failed ->
                response.putObject("error")
                        .put("code", "server_error")
                        .put("message", Json.clean(String.valueOf(failed.error().getMessage())));
        }
        putUsage(response, usage, numReasoningTokens);
        return response;
    }

    /** How a response ends. */
    sealed interface Ending {
        record Completed() implements Ending {}

        record Incomplete(String reason) implements Ending {}

        record Cancelled() implements Ending {}

        record Failed(ApiException error) implements Ending {}

        default String status() {
            return switch (this) {
                case Completed _ -> "completed";
                case Incomplete _ -> "incomplete";
                case Cancelled _ -> "cancelled";
                case Failed _ -> "failed";
            };
        }
    }

    private ObjectNode head(String status) {
        Fields fields = request.fields();
        ObjectNode response = Json.object()
                .put("id", id)
                .put("object", "response")
                .put("created_at", created)
                .put("status", status)
                .put("background", request.background())
                .putNull("error")
                .putNull("incomplete_details");
        echo(response, "instructions");
        echo(response, "max_output_tokens");
        response.put("model", Json.clean(request.chat().choice().name()));
        response.putArray("output");
        response.put("parallel_tool_calls", fields.flag("parallel_tool_calls", true));
        echo(response, "previous_response_id");
        ObjectNode reasoning = response.putObject("reasoning");
        reasoning.put(
                "effort",
                fields.fields("reasoning")
                        .flatMap(given -> given.string("effort"))
                        .orElse(null));
        reasoning.putNull("summary");
        response.put("store", request.store())
                .put("temperature", request.chat().params().temperature())
                .put("top_p", request.chat().params().topP())
                .put("truncation", "disabled");
        ObjectNode format = Json.object().put("type", "text");
        response.putObject("text")
                .set(
                        "format",
                        fields.fields("text")
                                .flatMap(text -> text.get("format"))
                                .orElse(format));
        response.set("tool_choice", fields.get("tool_choice").orElse(JsonNodeFactory.instance.stringNode("auto")));
        response.set("tools", tools(fields));
        echo(response, "user");
        response.set("metadata", fields.get("metadata").orElse(Json.object()));
        return response;
    }

    private void echo(ObjectNode response, String name) {
        response.set(name, request.fields().get(name).orElse(null));
    }

    /** Clients insist on fields that they need not send. */
    private static ArrayNode tools(Fields fields) {
        ArrayNode tools = Json.object().putArray("tools");
        for (JsonNode tool : fields.array("tools").orElse(List.of())) {
            ObjectNode copy = ((ObjectNode) tool).deepCopy();
            if (!copy.has("strict")) {
                copy.put("strict", false);
            }
            if (!copy.has("parameters")) {
                copy.putNull("parameters");
            }
            tools.add(copy);
        }
        return tools;
    }

    private static void putUsage(ObjectNode response, Usage usage, int numReasoningTokens) {
        ObjectNode target = response.putObject("usage")
                .put("input_tokens", usage.promptTokens())
                .put("output_tokens", usage.completionTokens())
                .put("total_tokens", usage.totalTokens());
        target.putObject("input_tokens_details")
                .put("cached_tokens", usage.cachedTokens())
                .put("cache_write_tokens", 0);
        target.putObject("output_tokens_details").put("reasoning_tokens", numReasoningTokens);
    }
}
