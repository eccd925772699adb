package tokamak.server.openai;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tokamak.chat.OutputEvent;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Puts the output items of one response together, and tells every step as the event that clients know it by: an item is
 * added, its part grows, part and item are done. One thread uses it.
 */
final class ResponseOutput {
    static final String COMPLETED = "completed";

    /** Where events go. */
    @FunctionalInterface
    interface Events {
        /** @param event without its type and number */
        void send(String type, ObjectNode event);
    }

    /** How the kinds of items differ while they grow. */
    private enum Kind {
        REASONING("rs_", "reasoning_text", "response.reasoning_text"),
        MESSAGE("msg_", "output_text", "response.output_text"),
        CALL("fc_", "", "response.function_call_arguments");

        final String idPrefix;
        final String partType;
        final String events;

        Kind(String idPrefix, String partType, String events) {
            this.idPrefix = idPrefix;
            this.partType = partType;
            this.events = events;
        }
    }

    private final String id;
    private final Events events;
    private final List<ObjectNode> items = new ArrayList<>();
    private final StringBuilder text = new StringBuilder();
    /** The kind of the last item while it grows. */
    private @Nullable Kind open;

    /** @param id of the response; its items are named after it */
    ResponseOutput(String id, Events events) {
        this.id = id;
        this.events = events;
    }

    void accept(OutputEvent event) {
        switch (event) {
            case OutputEvent.Reasoning reasoning -> grow(Kind.REASONING, reasoning.text());
            case OutputEvent.Content content -> grow(Kind.MESSAGE, content.text());
            case OutputEvent.CallBegin begin -> {
                close(COMPLETED);
                ObjectNode item = start(Kind.CALL, "function_call");
                item.put("call_id", begin.id()).put("name", begin.name()).put("arguments", "");
                sendAdded(item);
            }
            case OutputEvent.Arguments arguments -> grow(Kind.CALL, arguments.json());
        }
    }

    private void grow(Kind kind, String more) {
        if (more.isEmpty()) {
            return;
        }
        if (open != kind) {
            close(COMPLETED);
            open(kind);
        }
        text.append(more);
        events.send(kind.events + ".delta", place(kind).put("delta", Json.clean(more)));
    }

    private void open(Kind kind) {
        ObjectNode item = start(kind, kind == Kind.REASONING ? "reasoning" : "message");
        if (kind == Kind.REASONING) {
            item.putArray("summary");
        } else {
            item.put("role", "assistant");
        }
        item.putArray("content");
        sendAdded(item);
        events.send("response.content_part.added", place(kind).set("part", part(kind, "")));
    }

    private ObjectNode start(Kind kind, String type) {
        open = kind;
        text.setLength(0);
        ObjectNode item = Json.object()
                .put("type", type)
                .put("id", kind.idPrefix + id + "_" + items.size())
                .put("status", "in_progress");
        items.add(item);
        return item;
    }

    private void sendAdded(ObjectNode item) {
        ObjectNode event = Json.object().put("output_index", items.size() - 1);
        events.send("response.output_item.added", event.set("item", item.deepCopy()));
    }

    /** Ends the item that grows, if there is one. @param status "completed" or "incomplete" */
    void close(String status) {
        Kind kind = open;
        if (kind == null) {
            return;
        }
        open = null;
        ObjectNode item = items.getLast();
        String whole = Json.clean(text.toString());
        item.put("status", status);
        switch (kind) {
            case CALL -> {
                item.put("arguments", whole);
                events.send(
                        kind.events + ".done",
                        Json.object()
                                .put("item_id", item.get("id").stringValue())
                                .put("output_index", items.size() - 1)
                                .put("name", item.get("name").stringValue())
                                .put("arguments", whole));
            }
            case REASONING, MESSAGE -> {
                ((ArrayNode) item.get("content")).add(part(kind, whole));
                events.send(kind.events + ".done", place(kind).put("text", whole));
                events.send("response.content_part.done", place(kind).set("part", part(kind, whole)));
            }
        }
        ObjectNode event = Json.object().put("output_index", items.size() - 1);
        events.send("response.output_item.done", event.set("item", item.deepCopy()));
    }

    /** What all events about a growing item begin with. */
    private ObjectNode place(Kind kind) {
        ObjectNode event = Json.object()
                .put("item_id", items.getLast().get("id").stringValue())
                .put("output_index", items.size() - 1);
        if (kind != Kind.CALL) {
            event.put("content_index", 0);
        }
        if (kind == Kind.MESSAGE) {
            event.putArray("logprobs");
        }
        return event;
    }

    private static ObjectNode part(Kind kind, String whole) {
        ObjectNode part = Json.object().put("type", kind.partType).put("text", whole);
        if (kind == Kind.MESSAGE) {
            part.putArray("annotations");
            part.putArray("logprobs");
        }
        return part;
    }

    /** What there is so far. */
    List<ObjectNode> items() {
        return items;
    }
}
