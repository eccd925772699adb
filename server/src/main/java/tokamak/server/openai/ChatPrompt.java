package tokamak.server.openai;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tokamak.Engine;
import tokamak.RenderedChat;
import tokamak.api.InvalidRequestException;
import tokamak.api.Message;
import tokamak.api.Prompt;
import tools.jackson.databind.JsonNode;

/** The fields of a request that say what a chat's prompt is: those of chats and of vLLM's {@code /tokenize}. */
final class ChatPrompt {
    private static final int MAX_DOCUMENTS = 1024;

    private final Fields request;
    private final Engine engine;
    private final ToolFields tools;

    private ChatPrompt(Fields request, Engine engine, ToolFields tools) {
        this.request = request;
        this.engine = engine;
        this.tools = tools;
    }

    /** The chat as the model sees it. */
    static RenderedChat render(Fields request, Engine engine, ToolFields tools) {
        if (request.has("chat_template")) {
            throw ApiException.unsupported(
                    "chat_template", "requests can't bring a chat_template; it is chosen when the server starts");
        }
        return new ChatPrompt(request, engine, tools).render();
    }

    private RenderedChat render() {
        boolean continues = request.flag("continue_final_message", false);
        boolean opens = request.flag("add_generation_prompt", !continues);
        if (continues && opens) {
            throw ApiException.invalid(
                    "continue_final_message",
                    "continue_final_message and add_generation_prompt exclude each other; set one of them to false");
        }
        MessageReader reader = new MessageReader(engine.chatFormat().wantsNoContentWithCalls());
        List<Message> messages = reader.read(request, MessageReader.Arguments.OBJECTS);
        RenderedChat rendered;
        try {
            rendered = render(messages, opens);
        } catch (InvalidRequestException objects) {
            // Some templates put the arguments into the text as they are.
            if (messages.stream().noneMatch(message -> message.fields().containsKey("tool_calls"))) {
                throw objects;
            }
            try {
                rendered = render(reader.read(request, MessageReader.Arguments.TEXTS), opens);
            } catch (InvalidRequestException texts) {
                throw objects;
            }
        }
        return continues ? upToFinalContent(rendered, messages.getLast()) : rendered;
    }

    private RenderedChat render(List<Message> messages, boolean opens) {
        Optional<String> instructions = tools.declared().isEmpty()
                ? Optional.empty()
                : engine.chatFormat().instructions(tools.declared());
        if (instructions.isEmpty()) {
            return render(messages, tools.declared(), opens);
        }
        try {
            return render(withSystem(messages, instructions.get()), List.of(), opens);
        } catch (InvalidRequestException noSystem) {
            return render(withUser(messages, instructions.get()), List.of(), opens);
        }
    }

    private RenderedChat render(List<Message> messages, List<Map<String, ?>> declared, boolean opens) {
        return engine.renderChat(new Prompt.Chat(messages, declared, documents(), opens, templateVariables()));
    }

    private static List<Message> withSystem(List<Message> messages, String instructions) {
        List<Message> more = new ArrayList<>(messages);
        Message first = messages.getFirst();
        if (first.role().equals("system")) {
            more.set(0, first.with("content", first.text() + "\n\n" + instructions));
        } else {
            more.addFirst(Message.system(instructions));
        }
        return more;
    }

    private static List<Message> withUser(List<Message> messages, String instructions) {
        List<Message> more = new ArrayList<>(messages);
        for (int i = 0; i < more.size(); i++) {
            if (more.get(i).role().equals("user")) {
                more.set(
                        i,
                        more.get(i)
                                .with(
                                        "content",
                                        instructions + "\n\n" + more.get(i).text()));
                break;
            }
        }
        return more;
    }

    private Map<String, @Nullable Object> templateVariables() {
        Map<String, @Nullable Object> variables = new HashMap<>();
        request.string("reasoning_effort").ifPresent(effort -> {
            variables.put("reasoning_effort", effort);
            // Most templates know a switch only.
            if (effort.equals("none")) {
                variables.put("enable_thinking", false);
            }
        });
        request.get("enable_thinking").ifPresent(value -> variables.put("enable_thinking", Fields.plain(value)));
        request.fields("chat_template_kwargs")
                .ifPresent(kwargs -> kwargs.object()
                        .properties()
                        .forEach(entry -> variables.put(entry.getKey(), Fields.plain(entry.getValue()))));
        return variables;
    }

    @SuppressWarnings("unchecked")
    private List<Map<String, ?>> documents() {
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
    private static RenderedChat upToFinalContent(RenderedChat rendered, Message last) {
        String content = last.text().strip();
        if (content.isEmpty() || !rendered.text().contains(content)) {
            throw ApiException.invalid(
                    "continue_final_message",
                    "the final message can't be continued: the chat template does not show its content as it is");
        }
        return rendered.upTo(content);
    }
}
