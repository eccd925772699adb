package tokamak.server.openai;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;
import tokamak.api.TokamakException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A request of the Responses API. It says in other words what a request for a chat says, and becomes one.
 *
 * @param fields as they were sent
 * @param input the items of this request alone
 * @param conversation the items before, and these
 * @param store whether the answer is kept
 * @param background whether the answer is made while nobody waits for it
 * @param stream as events
 */
record ResponseRequest(
        Fields fields,
        ChatRequest chat,
        List<ObjectNode> input,
        List<ObjectNode> conversation,
        boolean store,
        boolean background,
        boolean stream) {
    /** Fields that are said in other words in the chat API, or that have no meaning there. */
    private static final List<String> OWN_FIELDS = List.of(
            "input",
            "instructions",
            "text",
            "tools",
            "tool_choice",
            "reasoning",
            "max_output_tokens",
            "store",
            "previous_response_id",
            "include",
            "background",
            "stream",
            "stream_options",
            "truncation",
            "messages",
            "response_format",
            "max_tokens",
            "max_completion_tokens",
            "logprobs",
            "top_logprobs");

    private static final Map<String, String> NAMES = Map.of(
            "max_completion_tokens", "max_output_tokens",
            "max_tokens", "max_output_tokens",
            "messages", "input",
            "prompt", "input",
            "response_format", "text.format",
            "reasoning_effort", "reasoning.effort");

    /** Where {@link #putFormat} puts what stands beside a format's type. */
    private static final String CHAT_SCHEMA = "response_format.json_schema.";

    static ResponseRequest read(Fields request, ServedModels models, ResponseStore store, String owner, String id) {
        refuseUnsupported(request);
        List<ObjectNode> input = ResponseItems.read(request);
        List<ObjectNode> conversation = new ArrayList<>();
        Optional<String> previous = request.string("previous_response_id");
        previous.ifPresent(name -> conversation.addAll(store.conversation(name, owner)));
        int numBefore = conversation.size();
        conversation.addAll(input);
        ObjectNode chat = chat(request);
        ArrayNode messages = chat.putArray("messages");
        request.string("instructions")
                .ifPresent(text -> messages.addObject().put("role", "system").put("content", text));
        ResponseItems.addMessages(conversation.subList(0, numBefore), "previous_response_id", messages);
        ResponseItems.addMessages(input, "input", messages);
        boolean background = request.flag("background", false);
        boolean stream = request.flag("stream", false);
        boolean stored = request.flag("store", true);
        if (background && (stream || !stored)) {
            throw ApiException.unsupported(
                    "background",
                    "background needs store to be true and stream to be false; ask for the response by its id");
        }
        return new ResponseRequest(
                request,
                inOwnWords(() -> ChatRequest.read(new Fields(chat, ""), models, id)),
                input,
                conversation,
                stored,
                background,
                stream);
    }

    private static void refuseUnsupported(Fields request) {
        if (request.int32("n").orElse(1) != 1) {
            throw ApiException.unsupported("n", "a response has one answer; leave n out");
        }
        if (request.string("truncation").orElse("disabled").equals("auto")) {
            throw ApiException.unsupported("truncation", "truncation 'auto' is not supported; shorten the input");
        }
        if (request.int32("top_logprobs").orElse(0) != 0) {
            throw ApiException.unsupported(
                    "top_logprobs", "log-probabilities are not shown here; use chat completions");
        }
        for (String name : List.of("conversation", "prompt")) {
            if (request.has(name)) {
                throw ApiException.unsupported(name, name + " is not supported; give the items as input");
            }
        }
    }

    /** The request as one for a chat, but for its messages. Fields that vLLM adds to both are passed on. */
    private static ObjectNode chat(Fields request) {
        ObjectNode chat = request.object().deepCopy();
        chat.remove(OWN_FIELDS);
        OptionalInt maxTokens = request.int32("max_output_tokens");
        if (maxTokens.isPresent()) {
            chat.put("max_completion_tokens", maxTokens.getAsInt());
        }
        request.fields("reasoning")
                .flatMap(reasoning -> reasoning.string("effort"))
                .ifPresent(effort -> {
                    chat.put("reasoning_effort", effort);
                    if (effort.equals("none")) {
                        chat.put("enable_thinking", false);
                    }
                });
        request.fields("text").flatMap(text -> text.fields("format")).ifPresent(format -> putFormat(chat, format));
        putTools(chat, request);
        request.get("tool_choice").ifPresent(choice -> chat.set("tool_choice", choice));
        return chat;
    }

    /** Schemas stand beside their type here, and in an object of their own in chats. */
    private static void putFormat(ObjectNode chat, Fields format) {
        ObjectNode target = chat.putObject("response_format");
        String type = format.string("type").orElse("text");
        target.put("type", type);
        if (type.equals("json_schema")) {
            ObjectNode schema = format.object().deepCopy();
            schema.remove("type");
            target.set("json_schema", schema);
        }
    }

    /** The same with functions. */
    private static void putTools(ObjectNode chat, Fields request) {
        List<JsonNode> nodes = request.array("tools").orElse(List.of());
        ArrayNode tools = chat.putArray("tools");
        for (JsonNode node : nodes) {
            String where = "tools[" + tools.size() + "]";
            if (!(node instanceof ObjectNode object)) {
                throw request.wrong(where, "an object", node);
            }
            String type = new Fields(object, where + ".").string("type").orElse("function");
            if (!type.equals("function")) {
                throw ApiException.unsupported(
                        where + ".type", "tools of type '" + type + "' are not supported; only 'function' is");
            }
            ObjectNode function = object.deepCopy();
            function.remove("type");
            tools.addObject().put("type", "function").set("function", function);
        }
        if (tools.isEmpty()) {
            chat.remove("tools");
        }
    }

    /** Errors name the fields that were sent, not those they have become. */
    static <T> T inOwnWords(Supplier<T> work) {
        try {
            return work.get();
        } catch (ApiException e) {
            throw inOwnWords(e);
        } catch (TokamakException e) {
            throw inOwnWords(OpenAiErrors.of(e));
        }
    }

    private static ApiException inOwnWords(ApiException error) {
        String param = error.param();
        if (param == null) {
            return error;
        }
        return error.named(
                param.startsWith(CHAT_SCHEMA)
                        ? "text.format." + param.substring(CHAT_SCHEMA.length())
                        : NAMES.getOrDefault(param, param));
    }
}
