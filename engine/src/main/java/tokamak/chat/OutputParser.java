package tokamak.chat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads one answer as it comes and tells reasoning, content and tool calls apart. Text is held back only while it may turn
 * out to be part of a marker; what is not understood is content. The events of all pushes and the finish, put together, do
 * not depend on how the text was cut. One thread uses it.
 */
public final class OutputParser {
    private final OutputReader reader;
    private final List<OutputEvent> events;

    private OutputParser(OutputReader reader, List<OutputEvent> events) {
        this.reader = reader;
        this.events = events;
    }

    /**
     * @param start what the answer begins with, see {@link ChatFormat#start}
     * @param tools the declared functions; empty: calls are not looked for
     */
    static OutputParser of(
            @Nullable ReasoningFormat reasoning, ToolFormat toolFormat, ChatFormat.Start start, List<Tool> tools) {
        List<OutputEvent> events = new ArrayList<>();
        EventJoiner joiner = new EventJoiner(events);
        Map<String, Tool> byName = new HashMap<>();
        tools.forEach(tool -> byName.put(tool.name(), tool));
        CallSink sink = new CallSink(byName, toolFormat.ids(), toolFormat.knownNamesOnly(), joiner);
        boolean isHarmony = reasoning == Formats.HARMONY_CHANNELS || toolFormat == Formats.HARMONY && !tools.isEmpty();
        OutputReader reader = isHarmony
                ? new HarmonyReader(sink, joiner)
                : new MarkedReader(reasoning, tools.isEmpty() ? null : toolFormat, start, sink, joiner);
        return new OutputParser(reader, events);
    }

    /** What this text adds to the message. */
    public List<OutputEvent> push(String text) {
        if (!text.isEmpty()) {
            reader.push(text);
        }
        return take();
    }

    /** The answer is complete: what was held back. */
    public List<OutputEvent> finish() {
        reader.finish();
        return take();
    }

    private List<OutputEvent> take() {
        List<OutputEvent> taken = List.copyOf(events);
        events.clear();
        return taken;
    }

    /** Whether what comes next belongs to the reasoning, as far as is known. */
    public boolean isReasoning() {
        return reader.isReasoning();
    }

    /** Calls that have begun. */
    public int numToolCalls() {
        return reader.numToolCalls();
    }
}
