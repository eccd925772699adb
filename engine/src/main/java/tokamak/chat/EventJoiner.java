package tokamak.chat;

import java.util.List;
import java.util.function.Consumer;

/** Collects events; pieces of the same text become one. */
final class EventJoiner implements Consumer<OutputEvent> {
    private final List<OutputEvent> events;

    EventJoiner(List<OutputEvent> events) {
        this.events = events;
    }

    @Override
    public void accept(OutputEvent event) {
        OutputEvent last = events.isEmpty() ? null : events.getLast();
        switch (event) {
            case OutputEvent.Reasoning more
            when last instanceof OutputEvent.Reasoning before ->
                replace(new OutputEvent.Reasoning(before.text() + more.text()));
            case OutputEvent.Content more
            when last instanceof OutputEvent.Content before ->
                replace(new OutputEvent.Content(before.text() + more.text()));
            case OutputEvent.Arguments more
            when last instanceof OutputEvent.Arguments before && before.ordinal() == more.ordinal() ->
                replace(new OutputEvent.Arguments(more.ordinal(), before.json() + more.json()));
            case OutputEvent.Reasoning _, OutputEvent.Content _, OutputEvent.Arguments _, OutputEvent.CallBegin _ ->
                events.add(event);
        }
    }

    private void replace(OutputEvent event) {
        events.set(events.size() - 1, event);
    }
}
