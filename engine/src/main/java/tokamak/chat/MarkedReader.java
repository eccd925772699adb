package tokamak.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Answers in which markers begin and end reasoning and calls. */
final class MarkedReader implements OutputReader {
    private enum Mode {
        /** Nothing has come but whitespace, and reasoning may begin. */
        START,
        REASONING,
        /** Behind reasoning: whitespace and the answer's own marker are left out. */
        BEFORE_CONTENT,
        CONTENT,
        CALLS
    }

    private final @Nullable ReasoningFormat reasoning;
    private final @Nullable ToolFormat tools;
    private final CallSink sink;
    private final Consumer<OutputEvent> events;
    private final Input in = new Input();

    /** Whitespace that is left out if a marker follows. */
    private final StringBuilder space = new StringBuilder();

    private Mode mode;
    private @Nullable SectionReader section;
    private boolean answerIsOpen;
    private boolean hasContent;
    private boolean hasReasoning;
    private boolean callsArePossible = true;

    MarkedReader(
            @Nullable ReasoningFormat reasoning,
            @Nullable ToolFormat tools,
            ChatFormat.Start start,
            CallSink sink,
            Consumer<OutputEvent> events) {
        this.reasoning = reasoning;
        this.tools = tools;
        this.sink = sink;
        this.events = events;
        this.mode = reasoning == null
                ? Mode.CONTENT
                : switch (start) {
                    case REASONING -> Mode.REASONING;
                    case ANSWER -> Mode.BEFORE_CONTENT;
                    case MARKED -> Mode.START;
                };
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
        if (mode == Mode.START || mode == Mode.CONTENT && sink.numCalls() == 0) {
            flushSpace();
        }
    }

    private void read() {
        boolean goesOn = true;
        while (goesOn) {
            goesOn = switch (mode) {
                case START -> start();
                case REASONING -> reason();
                case BEFORE_CONTENT -> beforeContent();
                case CONTENT -> tell();
                case CALLS -> call();
            };
        }
    }

    // ---- each says whether there is more to do

    private boolean start() {
        int length = 0;
        while (length < in.length() && Character.isWhitespace(in.charAt(length))) {
            length++;
        }
        space.append(in.take(length));
        if (in.isEmpty()) {
            return false;
        }
        return switch (in.accept(reasoning().open())) {
            case YES -> {
                space.setLength(0);
                mode = Mode.REASONING;
                yield true;
            }
            case NO -> {
                mode = Mode.CONTENT;
                yield true;
            }
            case UNKNOWN -> false;
        };
    }

    private boolean reason() {
        // A model may repeat the marker that the prompt ends with.
        if (!hasReasoning && !reasoning().open().isEmpty()) {
            switch (in.accept(reasoning().open())) {
                case YES -> {
                    return true;
                }
                case UNKNOWN -> {
                    return false;
                }
                case NO -> {}
            }
        }
        int end = in.indexOf(reasoning().close());
        if (end >= 0) {
            think(in.take(end));
            in.skip(reasoning().close().length());
            space.setLength(0);
            mode = Mode.BEFORE_CONTENT;
            return true;
        }
        think(in.take(in.length() - in.pendingPrefix(reasoning().close())));
        return false;
    }

    private void think(String text) {
        String trimmed = hasReasoning ? text : text.stripLeading();
        if (trimmed.isEmpty()) {
            return;
        }
        hasReasoning = true;
        String kept = holdSpace(trimmed);
        if (!kept.isEmpty()) {
            events.accept(new OutputEvent.Reasoning(kept));
        }
    }

    /** Keeps whitespace at the end back; what was kept back before comes first. */
    private String holdSpace(String text) {
        String stripped = text.stripTrailing();
        if (stripped.isEmpty()) {
            space.append(text);
            return "";
        }
        String kept = space + stripped;
        space.setLength(0);
        space.append(text, stripped.length(), text.length());
        return kept;
    }

    private boolean beforeContent() {
        in.skipSpace();
        if (in.isEmpty()) {
            return false;
        }
        String open = reasoning().answerOpen();
        Input.Match match = open.isEmpty() || answerIsOpen ? Input.Match.NO : in.accept(open);
        switch (match) {
            case YES -> answerIsOpen = true;
            case NO -> mode = Mode.CONTENT;
            case UNKNOWN -> {
                return false;
            }
        }
        return true;
    }

    private boolean tell() {
        if (tools != null && tools.isWholeAnswer() && callsArePossible && !hasContent) {
            if (wholeAnswer(tools)) {
                return true;
            }
            if (callsArePossible) {
                return false;
            }
        }
        Input.Stretch stretch = in.takeTo(contentMarkers());
        content(stretch.text());
        String found = stretch.marker();
        if (found == null) {
            return false;
        }
        in.mark();
        in.skip(found.length());
        if (isAnswerClose(found)) {
            in.unmark();
            space.setLength(0);
            callsArePossible = false;
        } else {
            openSection();
        }
        return true;
    }

    private boolean isAnswerClose(String marker) {
        return reasoning != null && marker.equals(reasoning.answerClose());
    }

    private List<String> contentMarkers() {
        List<String> markers = new ArrayList<>();
        if (tools != null) {
            if (!tools.isWholeAnswer()) {
                markers.add(tools.marker());
            } else if (!tools.optionalMarker().isEmpty()) {
                markers.add(tools.optionalMarker());
            }
        }
        if (reasoning != null && !reasoning.answerClose().isEmpty()) {
            markers.add(reasoning.answerClose());
        }
        return markers;
    }

    /** @return whether calls may begin here: the answer's first character tells */
    private boolean wholeAnswer(ToolFormat format) {
        int length = 0;
        while (length < in.length() && Character.isWhitespace(in.charAt(length))) {
            length++;
        }
        if (length == in.length()) {
            if (in.hasEnded()) {
                callsArePossible = false;
            }
            return false;
        }
        char first = in.charAt(length);
        char wanted =
                format.opening().isEmpty() ? '{' : format.opening().getFirst().charAt(0);
        if (first == wanted) {
            in.mark();
            openSection();
            return true;
        }
        callsArePossible = false;
        return false;
    }

    private void openSection() {
        section = new SectionReader(toolFormat(), sink);
        mode = Mode.CALLS;
    }

    private boolean call() {
        SectionReader open = section;
        if (open == null) {
            throw new AssertionError("calls without a section");
        }
        return switch (open.read(in)) {
            case MORE -> false;
            case DONE -> {
                in.unmark();
                space.setLength(0);
                mode = Mode.CONTENT;
                callsArePossible = !toolFormat().isWholeAnswer();
                yield true;
            }
            case FAILED -> {
                notACall();
                yield true;
            }
        };
    }

    /** What looked like a call is content, unless its name has been told already. */
    private void notACall() {
        if (in.hasEnded() && (sink.isOpen() || !toolFormat().isWholeAnswer())) {
            // The answer was cut off within a call; marks are no content.
            sink.end();
            in.unmark();
            in.skip(in.length());
        } else if (sink.isOpen()) {
            sink.end();
            in.unmark();
        } else if (in.isMarked()) {
            in.returnToMark();
            String marker = toolFormat().isWholeAnswer()
                    ? toolFormat().optionalMarker()
                    : toolFormat().marker();
            boolean atMarker = !marker.isEmpty() && in.indexOf(marker) == 0;
            content(in.take(atMarker ? marker.length() : Math.min(1, in.length())));
        }
        callsArePossible = false;
        mode = Mode.CONTENT;
    }

    private void content(String text) {
        if (text.isEmpty()) {
            return;
        }
        String kept =
                tools == null && (reasoning == null || reasoning.answerClose().isEmpty())
                        ? released(text)
                        : holdSpace(text);
        if (!kept.isEmpty()) {
            hasContent = true;
            events.accept(new OutputEvent.Content(kept));
        }
    }

    private String released(String text) {
        String all = space + text;
        space.setLength(0);
        return all;
    }

    private void flushSpace() {
        if (!space.isEmpty()) {
            events.accept(new OutputEvent.Content(space.toString()));
            space.setLength(0);
        }
    }

    private ReasoningFormat reasoning() {
        if (reasoning == null) {
            throw new AssertionError("there is no reasoning");
        }
        return reasoning;
    }

    private ToolFormat toolFormat() {
        if (tools == null) {
            throw new AssertionError("there are no tools");
        }
        return tools;
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
