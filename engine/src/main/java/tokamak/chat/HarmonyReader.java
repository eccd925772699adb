package tokamak.chat;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Harmony: an answer is several messages, each with a header that names its channel and, for calls, its recipient. The
 * prompt ends with the opening of the first header.
 */
final class HarmonyReader implements OutputReader {
    private enum Mode {
        HEADER,
        REASONING,
        CONTENT,
        CALL,
        /** Between messages. */
        NOTHING
    }

    private static final Pattern RECIPIENT = Pattern.compile("to=(?:functions\\.)?([a-zA-Z0-9_.-]+)");
    private static final Pattern CHANNEL = Pattern.compile("<\\|channel\\|>\\s*([a-z]+)");
    private static final String START = "<|start|>";
    private static final String MESSAGE = "<|message|>";
    private static final List<String> ENDS = List.of("<|end|>", "<|return|>", "<|call|>", START);
    static final List<String> MARKERS =
            List.of(START, MESSAGE, "<|end|>", "<|return|>", "<|call|>", "<|channel|>", "<|constrain|>");

    private final CallSink sink;
    private final Consumer<OutputEvent> events;
    private final Input in = new Input();
    private Mode mode = Mode.HEADER;

    HarmonyReader(CallSink sink, Consumer<OutputEvent> events) {
        this.sink = sink;
        this.events = events;
    }

    @Override
    public void push(String text) {
        in.add(text);
        read();
    }

    @Override
    public void finish() {
        in.end();
        read();
        if (mode == Mode.HEADER && !in.isEmpty() && in.indexOf("<|") < 0) {
            // No header has come: a model that does not keep to the format.
            events.accept(new OutputEvent.Content(in.take(in.length())));
        }
    }

    private void read() {
        while (step()) {}
    }

    private boolean step() {
        return switch (mode) {
            case HEADER -> header();
            case NOTHING -> between();
            case REASONING, CONTENT, CALL -> body();
        };
    }

    private boolean header() {
        int end = in.indexOf(MESSAGE);
        if (end < 0) {
            return false;
        }
        String header = in.take(end);
        in.skip(MESSAGE.length());
        Matcher recipient = RECIPIENT.matcher(header);
        Matcher channel = CHANNEL.matcher(header);
        String name = channel.find() ? channel.group(1) : "final";
        if (recipient.find()) {
            sink.begin(recipient.group(1), Optional.empty());
            mode = Mode.CALL;
        } else {
            mode = name.equals("analysis") ? Mode.REASONING : Mode.CONTENT;
        }
        return true;
    }

    private boolean between() {
        int start = in.indexOf(START);
        if (start < 0) {
            in.skip(in.length() - in.pendingPrefix(START));
            return false;
        }
        in.skip(start + START.length());
        mode = Mode.HEADER;
        return true;
    }

    private boolean body() {
        Input.Stretch stretch = in.takeTo(ENDS);
        tell(stretch.text());
        String end = stretch.marker();
        if (end == null) {
            return false;
        }
        in.skip(end.length());
        if (mode == Mode.CALL) {
            sink.end();
        }
        mode = end.equals(START) ? Mode.HEADER : Mode.NOTHING;
        return true;
    }

    private void tell(String text) {
        if (text.isEmpty()) {
            return;
        }
        switch (mode) {
            case REASONING -> events.accept(new OutputEvent.Reasoning(text));
            case CONTENT -> events.accept(new OutputEvent.Content(text));
            case CALL -> sink.arguments(text);
            case HEADER, NOTHING -> throw new AssertionError(mode);
        }
    }

    @Override
    public boolean isReasoning() {
        return mode == Mode.REASONING;
    }

    @Override
    public int numToolCalls() {
        return sink.numCalls();
    }
}
