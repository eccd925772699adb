package tokamak.chat;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/** A JSON object with name and arguments. Arguments that come before the name wait for it. */
final class NamedJsonReader implements PartReader {
    private enum State {
        OPEN,
        KEY_OR_END,
        KEY,
        COLON,
        VALUE,
        IN_VALUE,
        COMMA_OR_END
    }

    private static final int MAX_HELD_CHARS = 1 << 20;

    private final String nameKey;
    private final String argumentsKey;
    private final StringBuilder value = new StringBuilder();
    private State state = State.OPEN;
    private JsonScanner scanner = new JsonScanner();
    private String key = "";
    private @Nullable String name;
    private @Nullable String id;
    private @Nullable String waiting;
    private boolean hasArguments;

    NamedJsonReader(String nameKey, String argumentsKey) {
        this.nameKey = nameKey;
        this.argumentsKey = argumentsKey;
    }

    @Override
    public Progress read(Input in, CallSink sink) {
        while (true) {
            if (state == State.KEY || state == State.IN_VALUE) {
                Progress progress = scan(in, sink);
                if (progress != Progress.DONE) {
                    return progress;
                }
                continue;
            }
            in.skipSpace();
            if (in.isEmpty()) {
                return in.hasEnded() ? Progress.FAILED : Progress.MORE;
            }
            char c = in.charAt(0);
            if (c == '}' && (state == State.KEY_OR_END || state == State.COMMA_OR_END)) {
                in.skip(1);
                return end(sink);
            }
            if (!enter(c)) {
                return Progress.FAILED;
            }
            if (state != State.KEY && state != State.IN_VALUE) {
                in.skip(1);
            }
        }
    }

    /** @return whether this character may come here */
    private boolean enter(char c) {
        switch (state) {
            case OPEN -> {
                state = State.KEY_OR_END;
                return c == '{';
            }
            case KEY_OR_END -> {
                state = State.KEY;
                scanner = new JsonScanner();
                return c == '"';
            }
            case COLON -> {
                state = State.VALUE;
                return c == ':';
            }
            case VALUE -> {
                state = State.IN_VALUE;
                scanner = new JsonScanner();
                return !isArguments() || c == '{';
            }
            case COMMA_OR_END -> {
                state = State.KEY_OR_END;
                return c == ',';
            }
            case KEY, IN_VALUE -> throw new AssertionError(state);
        }
        throw new AssertionError(state);
    }

    private boolean isArguments() {
        return key.equals(argumentsKey) || key.equals("arguments") || key.equals("parameters");
    }

    private Progress scan(Input in, CallSink sink) {
        int length = scanner.scan(in);
        String piece = in.take(length < 0 ? in.length() : length);
        if (state == State.IN_VALUE && isArguments() && name != null) {
            hasArguments = true;
            sink.arguments(piece);
        } else {
            value.append(piece);
        }
        if (length < 0) {
            return value.length() > MAX_HELD_CHARS ? Progress.FAILED : Progress.MORE;
        }
        String whole = value.toString();
        value.setLength(0);
        if (state == State.KEY) {
            key = unquoted(whole);
            state = State.COLON;
            return Progress.DONE;
        }
        state = State.COMMA_OR_END;
        return member(whole, sink) ? Progress.DONE : Progress.FAILED;
    }

    private boolean member(String text, CallSink sink) {
        if (key.equals(nameKey) && name == null) {
            name = unquoted(text);
            if (name.isEmpty() || !sink.begin(name, Optional.ofNullable(id))) {
                return false;
            }
            if (waiting != null) {
                hasArguments = true;
                sink.arguments(waiting);
                waiting = null;
            }
        } else if (isArguments() && name == null) {
            waiting = text;
        } else if (key.equals("id") && name == null && text.startsWith("\"")) {
            id = unquoted(text);
        }
        return true;
    }

    private Progress end(CallSink sink) {
        if (name == null) {
            return Progress.FAILED;
        }
        if (!hasArguments) {
            sink.arguments("{}");
        }
        return Progress.DONE;
    }

    private static String unquoted(String json) {
        try {
            return JsonText.string(json);
        } catch (JacksonException e) {
            return "";
        }
    }
}
