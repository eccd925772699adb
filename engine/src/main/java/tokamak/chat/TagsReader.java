package tokamak.chat;

import java.util.Set;
import java.util.TreeSet;

/** Arguments between tags. Strings are passed on as they come, other values when they are complete. */
final class TagsReader implements PartReader {
    private enum State {
        BETWEEN,
        KEY,
        STRING_START,
        STRING,
        VALUE
    }

    private static final String STRING = "string";
    private static final int MAX_KEY_CHARS = 256;

    private final String keyBegin;
    private final String keyEnd;
    private final String stringKeyEnd;
    private final String valueBegin;
    private final String valueEnd;
    private State state = State.BETWEEN;
    private String separator = "{";
    private Set<String> kinds = Set.of();

    TagsReader(Part.Tags tags) {
        keyBegin = tags.keyBegin().strip();
        keyEnd = tags.keyEnd().strip();
        stringKeyEnd = tags.stringKeyEnd().strip();
        valueBegin = tags.valueBegin().strip();
        valueEnd = tags.valueEnd().strip();
    }

    @Override
    public Progress read(Input in, CallSink sink) {
        while (true) {
            Progress progress = switch (state) {
                case BETWEEN -> between(in, sink);
                case KEY -> key(in, sink);
                case STRING_START -> stringStart(in);
                case STRING -> string(in, sink);
                case VALUE -> value(in, sink);
            };
            if (progress != Progress.DONE || state == State.BETWEEN && separator.isEmpty()) {
                return progress;
            }
        }
    }

    private Progress between(Input in, CallSink sink) {
        return switch (in.accept(keyBegin)) {
            case YES -> {
                state = State.KEY;
                yield Progress.DONE;
            }
            case UNKNOWN -> Progress.MORE;
            case NO -> {
                sink.arguments(separator.equals("{") ? "{}" : "}");
                separator = "";
                yield Progress.DONE;
            }
        };
    }

    private Progress key(Input in, CallSink sink) {
        int plainEnd = in.indexOf(keyEnd);
        int stringEnd = stringKeyEnd.isEmpty() ? -1 : in.indexOf(stringKeyEnd);
        boolean saysString = stringEnd >= 0 && (plainEnd < 0 || stringEnd < plainEnd);
        int end = saysString ? stringEnd : plainEnd;
        if (end < 0) {
            return in.length() > MAX_KEY_CHARS || in.hasEnded() ? Progress.FAILED : Progress.MORE;
        }
        in.mark();
        String key = in.take(end).strip();
        in.skip((saysString ? stringKeyEnd : keyEnd).length());
        Input.Match match = in.accept(valueBegin);
        if (match != Input.Match.YES) {
            in.returnToMark();
            return Progress.of(match);
        }
        in.unmark();
        kinds = kinds(sink.kinds(key), saysString);
        sink.arguments(separator + JsonText.quoted(key) + ": ");
        separator = ", ";
        if (kinds.equals(Set.of(STRING))) {
            sink.arguments("\"");
            state = State.STRING_START;
        } else {
            state = State.VALUE;
        }
        return Progress.DONE;
    }

    /** What the tag says beats the schema. */
    private Set<String> kinds(Set<String> ofSchema, boolean saysString) {
        if (stringKeyEnd.isEmpty()) {
            return ofSchema;
        }
        Set<String> others = new TreeSet<>(ofSchema);
        others.remove(STRING);
        return saysString ? Set.of(STRING) : others;
    }

    /** Tags on lines of their own: the line break after the tag is not part of the value. */
    private Progress stringStart(Input in) {
        if (in.isEmpty() && !in.hasEnded()) {
            return Progress.MORE;
        }
        if (!in.isEmpty() && in.charAt(0) == '\n') {
            in.skip(1);
        }
        state = State.STRING;
        return Progress.DONE;
    }

    private Progress string(Input in, CallSink sink) {
        int end = in.indexOf(valueEnd);
        if (end >= 0) {
            String rest = in.take(end);
            sink.arguments(JsonText.escaped(withoutLastBreak(rest)) + "\"");
            in.skip(valueEnd.length());
            state = State.BETWEEN;
            return Progress.DONE;
        }
        int held = in.pendingPrefix(valueEnd);
        int sure = in.length() - held;
        if (sure > 0 && in.charAt(sure - 1) == '\n' && !in.hasEnded()) {
            sure--;
        }
        sink.arguments(JsonText.escaped(in.take(sure)));
        return Progress.MORE;
    }

    private Progress value(Input in, CallSink sink) {
        int end = in.indexOf(valueEnd);
        if (end < 0) {
            return Progress.MORE;
        }
        String text = in.take(end);
        in.skip(valueEnd.length());
        String value = text.startsWith("\n") ? text.substring(1) : text;
        sink.arguments(ArgumentTypes.json(withoutLastBreak(value), kinds));
        state = State.BETWEEN;
        return Progress.DONE;
    }

    private static String withoutLastBreak(String text) {
        return text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
    }
}
