package tokamak.server.openai;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tokamak.Engine;
import tokamak.api.Message;
import tokamak.api.Prompt;
import tools.jackson.databind.JsonNode;

/** The fields of a request that say what a chat's prompt is: those of chats and of vLLM's {@code /tokenize}. */
final class ChatPrompt {
    private static final int MAX_DOCUMENTS = 1024;

    private ChatPrompt() {}

    /** The token ids of the chat. */
    static int[] ids(Fields request, Engine engine) {
        if (request.has("chat_template")) {
            throw ApiException.unsupported(
                    "chat_template", "requests can't bring a chat_template; it is chosen when the server starts");
        }
        List<Message> messages = MessageReader.read(request);
        boolean continues = request.flag("continue_final_message", false);
        boolean opens = request.flag("add_generation_prompt", !continues);
        if (continues && opens) {
            throw ApiException.invalid(
                    "continue_final_message",
                    "continue_final_message and add_generation_prompt exclude each other; set one of them to false");
        }
        Prompt.Chat chat = new Prompt.Chat(messages, List.of(), documents(request), opens, templateVariables(request));
        return continues
                ? engine.codec().encode(upToFinalContent(engine.render(chat), messages.getLast()))
                : engine.tokenize(chat);
    }

    private static Map<String, @Nullable Object> templateVariables(Fields request) {
        Map<String, @Nullable Object> variables = new HashMap<>();
        request.string("reasoning_effort").ifPresent(effort -> variables.put("reasoning_effort", effort));
        request.fields("chat_template_kwargs")
                .ifPresent(kwargs -> kwargs.object()
                        .properties()
                        .forEach(entry -> variables.put(entry.getKey(), Fields.plain(entry.getValue()))));
        return variables;
    }

    @SuppressWarnings("unchecked")
    private static List<Map<String, ?>> documents(Fields request) {
        List<JsonNode> nodes = request.array("documents").orElse(List.of());
        if (nodes.size() > MAX_DOCUMENTS) {
            throw ApiException.invalid("documents", "documents must hold at most " + MAX_DOCUMENTS);
        }
        return nodes.stream()
                .<Map<String, ?>>map(node -> {
                    if (Fields.plain(node) instanceof Map<?, ?> map) {
                        return (Map<String, ?>) map;
                    }
                    throw request.wrong("documents", "an array of objects", node);
                })
                .toList();
    }

    /** The template closes every message; what is to be continued must stay open. */
    private static String upToFinalContent(String rendered, Message last) {
        String content = last.text().strip();
        int at = rendered.lastIndexOf(content);
        if (content.isEmpty() || at < 0) {
            throw ApiException.invalid(
                    "continue_final_message",
                    "the final message can't be continued: the chat template does not show its content as it is");
        }
        return rendered.substring(0, at + content.length());
    }
}
