package tokamak.chat;

import java.util.ArrayList;
import java.util.List;

/** A message put together from events, for comparison: ids of calls are left out. */
record Message(String reasoning, String content, List<String> calls) {
    static Message of(List<OutputEvent> events) {
        StringBuilder reasoning = new StringBuilder();
        StringBuilder content = new StringBuilder();
        List<String> names = new ArrayList<>();
        List<StringBuilder> arguments = new ArrayList<>();
        for (OutputEvent event : events) {
            switch (event) {
                case OutputEvent.Reasoning text -> reasoning.append(text.text());
                case OutputEvent.Content text -> content.append(text.text());
                case OutputEvent.CallBegin call -> {
                    if (call.ordinal() != names.size()) {
                        throw new AssertionError("call " + call.ordinal() + " after " + names.size());
                    }
                    names.add(call.name());
                    arguments.add(new StringBuilder());
                }
                case OutputEvent.Arguments piece ->
                    arguments.get(piece.ordinal()).append(piece.json());
            }
        }
        List<String> calls = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) {
            calls.add(names.get(i) + " " + arguments.get(i));
        }
        return new Message(reasoning.toString(), content.toString(), calls);
    }
}
