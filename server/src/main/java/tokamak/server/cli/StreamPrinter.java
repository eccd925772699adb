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
        StringBuilder all = new StringBuilder();
        for (TokenEvent event : stream) {
            switch (event) {
                case TokenEvent.PromptDone _ -> {}
                case TokenEvent.Delta delta -> {
                    all.append(delta.text());
                    context.out().print(delta.text());
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
