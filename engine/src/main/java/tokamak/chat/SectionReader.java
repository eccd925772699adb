package tokamak.chat;

import java.util.ArrayList;
import java.util.List;
import tokamak.chat.PartReader.Progress;

/** Reads one section of calls, from behind its marker. */
final class SectionReader {
    private enum State {
        OPENING,
        CALL,
        AFTER_CALL,
        CLOSING,
        DONE
    }

    private final ToolFormat format;
    private final CallSink sink;
    private final List<String> opening;
    private State state = State.OPENING;
    private List<PartReader> parts = List.of();
    private int next;

    /** @param format of which the marker has been read, if it has one */
    SectionReader(ToolFormat format, CallSink sink) {
        this.format = format;
        this.sink = sink;
        this.opening = format.isWholeAnswer()
                ? format.opening()
                : format.opening().subList(1, format.opening().size());
    }

    /** @return DONE behind the section's end; FAILED with what is not understood left in the input */
    Progress read(Input in) {
        while (state != State.DONE) {
            Progress progress = switch (state) {
                case OPENING -> literals(in, opening, State.CALL);
                case CALL -> call(in);
                case AFTER_CALL -> afterCall(in);
                case CLOSING -> literals(in, format.closing(), State.DONE);
                case DONE -> throw new AssertionError();
            };
            if (progress != Progress.DONE) {
                boolean mayEnd = in.hasEnded() && in.isEmpty() && (state == State.AFTER_CALL || state == State.CLOSING);
                return mayEnd ? Progress.DONE : progress;
            }
        }
        return Progress.DONE;
    }

    private Progress literals(Input in, List<String> literals, State then) {
        while (next < literals.size()) {
            Progress progress = Progress.of(in.accept(literals.get(next)));
            if (progress != Progress.DONE) {
                return progress;
            }
            next++;
        }
        next = 0;
        state = then;
        return Progress.DONE;
    }

    private Progress call(Input in) {
        if (parts.isEmpty()) {
            parts = new ArrayList<>(format.call().stream().map(PartReader::of).toList());
        }
        while (next < parts.size()) {
            Progress progress = parts.get(next).read(in, sink);
            if (sink.isOpen()) {
                in.unmark();
            }
            if (progress != Progress.DONE) {
                return progress;
            }
            next++;
        }
        sink.end();
        parts = List.of();
        next = 0;
        state = State.AFTER_CALL;
        return Progress.DONE;
    }

    /** Either another call follows or the section ends. */
    private Progress afterCall(Input in) {
        if (format.separator().isEmpty()) {
            state = State.CLOSING;
            return Progress.DONE;
        }
        String separator = format.separator().get().strip();
        if (!separator.isEmpty()) {
            return choose(in, in.accept(separator));
        }
        // Calls stand one after another: what ends the section tells.
        String end = format.closing().isEmpty() ? "" : format.closing().getFirst();
        return switch (in.accept(end)) {
            case YES -> {
                next = Math.min(1, format.closing().size());
                state = State.CLOSING;
                yield Progress.DONE;
            }
            case UNKNOWN -> Progress.MORE;
            case NO -> {
                state = in.hasEnded() && in.isEmpty() ? State.DONE : State.CALL;
                yield Progress.DONE;
            }
        };
    }

    private Progress choose(Input in, Input.Match separator) {
        switch (separator) {
            case YES -> state = State.CALL;
            case NO -> state = State.CLOSING;
            case UNKNOWN -> {
                return Progress.MORE;
            }
        }
        return Progress.DONE;
    }
}
