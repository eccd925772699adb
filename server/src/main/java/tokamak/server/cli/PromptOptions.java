package tokamak.server.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import tokamak.TextCodec;

/** A prompt as text or as token ids. */
final class PromptOptions {
    @Option(
            names = {"-p", "--prompt"},
            paramLabel = "TEXT",
            description = "The prompt. Default: what comes on standard input.")
    private @Nullable String prompt;

    @Option(names = "--ids", paramLabel = "IDS", split = ",", description = "Token ids instead, such as 1,2,3.")
    private int @Nullable [] ids;

    /** The prompt as the model sees it; texts get the special tokens that the model wants around them. */
    int[] tokenIds(CliContext context, Path model) {
        if (prompt != null && ids != null) {
            throw new CliFailure("give either --prompt or --ids, not both");
        }
        if (ids != null) {
            return ids;
        }
        int[] encoded = TextCodec.open(model).encodePrompt(text(context));
        if (encoded.length == 0) {
            throw new CliFailure("the prompt is empty, and this model begins with no token of its own; give some text");
        }
        return encoded;
    }

    private String text(CliContext context) {
        if (prompt != null) {
            return prompt;
        }
        if (context.inIsTerminal()) {
            throw new CliFailure("there is no prompt; give it by --prompt TEXT, by --ids or on standard input");
        }
        return TextInput.ofStandardInput(context);
    }
}
