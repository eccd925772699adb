package tokamak.server.cli;

import tokamak.TokenStream;
import tokamak.api.FinishReason;
import tokamak.api.TokenEvent;
import tokamak.api.Usage;

/** Writes an answer while it comes. */
final class StreamPrinter {
    /** How it ended. */
    record End(FinishReason reason, Usage usage, String text) {}

    private StreamPrinter() {}

    /**
     * @return the end; its text is all that was written
     * @throws CliContext.ClosedPipe if nobody reads any more; the caller closes the stream
     */
    static End print(CliContext context, TokenStream stream) {
        return print(context, stream, 0);
    }

    /** The same without spaces before the first word: some models begin every message with one. */
    static End printMessage(CliContext context, TokenStream stream) {
        return print(context, stream, Integer.MAX_VALUE);
    }

    private static End print(CliContext context, TokenStream stream, int maxStripped) {
        StringBuilder all = new StringBuilder();
        for (TokenEvent event : stream) {
            switch (event) {
                case TokenEvent.PromptDone _ -> {}
                case TokenEvent.Delta delta -> {
                    String text =
                            all.isEmpty() && maxStripped > 0 ? delta.text().stripLeading() : delta.text();
                    all.append(text);
                    context.out().print(text);
                    context.flush();
                }
                case TokenEvent.Finished finished -> {
                    return new End(finished.reason(), finished.usage(), all.toString());
                }
            }
        }
        throw new IllegalStateException("the stream has no end");
    }
}
