package tokamak.server.cli;

import java.util.List;
import tokamak.TokenStream;
import tokamak.api.TokenEvent;
import tokamak.chat.OutputEvent;
import tokamak.chat.OutputParser;

/**
 * Writes the message of a chat model while it comes: its reasoning pale, and only where a person reads. The text that is
 * kept of it is what the model has said without that.
 */
final class MessagePrinter {
    private static final String PALE = "\u001B[2m";
    private static final String NORMAL = "\u001B[0m";

    private final CliContext context;
    private final OutputParser parser;
    private final StringBuilder said = new StringBuilder();
    private boolean isPale;

    MessagePrinter(CliContext context, OutputParser parser) {
        this.context = context;
        this.parser = parser;
    }

    /** @throws CliContext.ClosedPipe if nobody reads any more; the caller closes the stream */
    StreamPrinter.End print(TokenStream stream) {
        try {
            for (TokenEvent event : stream) {
                switch (event) {
                    case TokenEvent.PromptDone _ -> {}
                    case TokenEvent.Delta delta -> write(parser.push(delta.text()));
                    case TokenEvent.Finished finished -> {
                        write(parser.finish());
                        return new StreamPrinter.End(finished.reason(), finished.usage(), said.toString());
                    }
                }
            }
            throw new IllegalStateException("the stream has no end");
        } finally {
            endPale("");
        }
    }

    private void write(List<OutputEvent> events) {
        for (OutputEvent event : events) {
            switch (event) {
                case OutputEvent.Reasoning reasoning -> think(reasoning.text());
                case OutputEvent.Content content -> say(content.text());
                case OutputEvent.CallBegin _, OutputEvent.Arguments _ ->
                    throw new AssertionError("a call without functions");
            }
        }
        context.flush();
    }

    private void think(String text) {
        if (!context.outIsTerminal()) {
            return;
        }
        if (!isPale) {
            isPale = true;
            context.out().print(PALE);
        }
        context.out().print(text);
    }

    private void say(String text) {
        endPale("\n\n");
        // Some models begin every message with a space.
        String shown = said.isEmpty() ? text.stripLeading() : text;
        said.append(shown);
        context.out().print(shown);
    }

    private void endPale(String gap) {
        if (isPale) {
            isPale = false;
            context.out().print(NORMAL + gap);
        }
    }
}
