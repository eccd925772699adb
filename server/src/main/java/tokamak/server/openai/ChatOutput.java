package tokamak.server.openai;

import java.util.ArrayList;
import java.util.List;
import tokamak.api.FinishReason;
import tokamak.api.TokenEvent;
import tokamak.chat.OutputEvent;
import tokamak.chat.OutputParser;

/** Reads the answers to a chat: what each piece of text adds to which part of the message. One thread uses it. */
final class ChatOutput {
    private final ChatRequest request;
    private final List<OutputParser> parsers = new ArrayList<>();
    private int numReasoningTokens;

    ChatOutput(ChatRequest request) {
        this.request = request;
    }

    private OutputParser parser(int index) {
        while (parsers.size() <= index) {
            parsers.add(request.parser());
        }
        return parsers.get(index);
    }

    /** What this event adds to the message of its answer. */
    List<OutputEvent> read(TokenEvent event) {
        OutputParser parser = parser(event.index());
        List<OutputEvent> found = switch (event) {
            case TokenEvent.PromptDone _ -> List.of();
            case TokenEvent.Delta delta -> {
                boolean before = parser.isReasoning();
                List<OutputEvent> more = parser.push(delta.text());
                if (before || parser.isReasoning()) {
                    numReasoningTokens += delta.tokenIds().size();
                }
                yield more;
            }
            case TokenEvent.Finished _ -> parser.finish();
        };
        return request.reasoningShown()
                ? found
                : found.stream()
                        .filter(part -> !(part instanceof OutputEvent.Reasoning))
                        .toList();
    }

    /** Tokens of all answers that are reasoning or its marks. */
    int numReasoningTokens() {
        return numReasoningTokens;
    }

    /** Whether an answer ended in order to have functions called. */
    boolean endsWithCalls(int index, FinishReason reason) {
        return reason == FinishReason.STOP && parser(index).numToolCalls() > 0;
    }
}
