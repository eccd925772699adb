package tokamak.server.openai;

import java.util.ArrayList;
import java.util.List;
import tokamak.chat.OutputEvent;
import tools.jackson.databind.node.ObjectNode;

/** One answer put together: the message of an assistant. */
final class ChatMessage {
    /** A call of a function. */
    static final class Call {
        final String id;
        final String name;
        private final StringBuilder arguments = new StringBuilder();

        Call(String id, String name) {
            this.id = id;
            this.name = name;
        }

        String arguments() {
            return arguments.toString();
        }
    }

    private final StringBuilder reasoning = new StringBuilder();
    private final StringBuilder content = new StringBuilder();
    private final List<Call> calls = new ArrayList<>();

    void add(OutputEvent event) {
        switch (event) {
            case OutputEvent.Reasoning text -> reasoning.append(text.text());
            case OutputEvent.Content text -> content.append(text.text());
            case OutputEvent.CallBegin begin -> calls.add(new Call(begin.id(), begin.name()));
            case OutputEvent.Arguments piece ->
                calls.get(piece.ordinal()).arguments.append(piece.json());
        }
    }

    String reasoning() {
        return reasoning.toString();
    }

    String content() {
        return content.toString();
    }

    List<Call> calls() {
        return calls;
    }

    void write(ObjectNode message, CallStyle style) {
        message.put("role", "assistant");
        if (content.isEmpty() && (!calls.isEmpty() || !reasoning.isEmpty())) {
            message.putNull("content");
        } else {
            message.put("content", Json.clean(content()));
        }
        message.putNull("refusal");
        if (!reasoning.isEmpty()) {
            putReasoning(message, reasoning());
        }
        if (!calls.isEmpty()) {
            style.putWhole(message, calls);
        }
    }

    /** Under the newer and the older name: clients look for one of them. */
    static void putReasoning(ObjectNode target, String text) {
        String clean = Json.clean(text);
        target.put("reasoning", clean).put("reasoning_content", clean);
    }
}
