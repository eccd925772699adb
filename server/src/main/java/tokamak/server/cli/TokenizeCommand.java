package tokamak.server.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tokamak.TextCodec;

@Command(
        name = "tokenize",
        header = "Show the tokens a text is made of.",
        description = "MODEL may be a folder or GGUF file that holds a tokenizer only.",
        sortOptions = false)
final class TokenizeCommand implements Callable<Integer> {
    /**
     * @param ids of the text alone
     * @param idsSpecial with the special tokens that a prompt gets
     * @param decoded the text of {@code ids}
     * @param decodedSkipSpecial the text of {@code idsSpecial} without special tokens
     */
    record Tokens(int[] ids, int[] idsSpecial, String decoded, String decodedSkipSpecial) {
        static Tokens of(TextCodec codec, String text) {
            int[] ids = codec.encode(text);
            int[] special = codec.encodePrompt(text);
            return new Tokens(ids, special, codec.decode(ids), codec.decodeSkippingSpecial(special));
        }
    }

    private final CliContext context;

    @Parameters(index = "0", paramLabel = "MODEL", description = "GGUF file or Hugging Face folder.")
    private String model = "";

    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "TEXT",
            description = "Default: what comes on standard input.")
    private @Nullable String text;

    @Option(names = "--batch", paramLabel = "FILE", description = "Take texts from a JSON array of strings instead.")
    private @Nullable Path batch;

    @Option(
            names = "--json",
            description = "Answer with {\"ids\", \"ids_special\", \"decoded\", \"decoded_skip_special\"}, an array of"
                    + " these for --batch: the ids, the same with the special tokens a prompt gets, the text of the"
                    + " first, and the text of the second without special tokens.")
    private boolean json;

    @Mixin
    private HelpOption help = new HelpOption();

    TokenizeCommand(CliContext context) {
        this.context = context;
    }

    @Override
    public Integer call() {
        Path path = ModelPath.of(model);
        if (batch != null && text != null) {
            throw new CliFailure("give either TEXT or --batch FILE, not both");
        }
        List<String> texts =
                batch == null ? List.of(singleText()) : Json.strings(batch.toString(), TextInput.ofFile(batch));
        TextCodec codec = TextCodec.open(path);
        if (!json) {
            texts.forEach(one -> printTable(codec, one));
        } else if (batch == null) {
            context.out().println(Json.compact(Tokens.of(codec, texts.getFirst())));
        } else {
            printArray(codec, texts);
        }
        return 0;
    }

    private String singleText() {
        if (text != null) {
            return text;
        }
        if (context.inIsTerminal()) {
            throw new CliFailure("there is no text; give it after MODEL, on standard input or by --batch FILE");
        }
        return TextInput.ofStandardInput(context);
    }

    /** One element after the other, so that a large batch needs no memory for all answers. */
    private void printArray(TextCodec codec, List<String> texts) {
        String separator = "[";
        for (String one : texts) {
            context.out().print(separator + Json.compact(Tokens.of(codec, one)));
            separator = ",\n";
        }
        context.out().println(texts.isEmpty() ? "[]" : "]");
    }

    private void printTable(TextCodec codec, String one) {
        int[] ids = codec.encodePrompt(one);
        for (int id : ids) {
            context.out().printf("%8d  %s%n", id, visible(codec.piece(id)));
        }
        context.out().println(ids.length == 1 ? "1 token" : ids.length + " tokens");
    }

    private static String visible(String piece) {
        return piece.replace("\\", "\\\\")
                .replace("\n", "\\n")
                .replace("\r", "\\r")
                .replace("\t", "\\t");
    }
}
