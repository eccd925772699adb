package tokamak.chat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Turns what readers find of calls into events. */
final class CallSink {
    private final Map<String, Tool> tools;
    private final ToolFormat.Ids ids;
    private final boolean knownOnly;
    private final Consumer<OutputEvent> events;
    private int numCalls;
    private boolean open;
    private @Nullable Tool tool;

    /** @param knownOnly whether a name that no tool has means that this is no call */
    CallSink(Map<String, Tool> tools, ToolFormat.Ids ids, boolean knownOnly, Consumer<OutputEvent> events) {
        this.tools = tools;
        this.ids = ids;
        this.knownOnly = knownOnly;
        this.events = events;
    }

    int numCalls() {
        return numCalls;
    }

    /** Whether the call at hand has its name. */
    boolean isOpen() {
        return open;
    }

    /** @return false if this is no call */
    boolean begin(String name, Optional<String> id) {
        if (knownOnly && !tools.containsKey(name)) {
            return false;
        }
        open = true;
        tool = tools.get(name);
        int ordinal = numCalls++;
        events.accept(new OutputEvent.CallBegin(ordinal, id.orElseGet(() -> ids.next(name, ordinal)), name));
        return true;
    }

    void arguments(String json) {
        if (!json.isEmpty()) {
            events.accept(new OutputEvent.Arguments(numCalls - 1, json));
        }
    }

    void end() {
        open = false;
        tool = null;
    }

    /** The kinds of values an argument of the call at hand may have; what is not declared is a string. */
    Set<String> kinds(String argument) {
        return tool == null ? Set.of("string") : tool.kinds(argument);
    }

    /** The declared arguments of the call at hand, in their order. */
    List<String> argumentNames() {
        return tool == null ? List.of() : List.copyOf(tool.properties().keySet());
    }
}
