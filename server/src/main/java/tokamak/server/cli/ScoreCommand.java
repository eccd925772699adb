package tokamak.server.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tokamak.Engine;
import tokamak.TextCodec;
import tokamak.api.Prompt;
import tokamak.api.Score;
import tokamak.api.TokenLogprob;

@Command(
        name = "score",
        header = "Show how likely a model finds a text, and what it would say next.",
        sortOptions = false)
final class ScoreCommand implements Callable<Integer> {
    record Answer(
            List<Integer> ids,
            List<Double> logprobs,
            @Nullable Double meanLogprob,
            List<Top> top) {
        record Top(int id, float logit) {}

        static Answer of(Score score) {
            double mean = score.meanLogprob();
            return new Answer(
                    score.tokenIds(),
                    score.logprobs(),
                    Double.isNaN(mean) ? null : mean,
                    score.top().stream()
                            .map(token -> new Top(token.tokenId(), token.logit()))
                            .toList());
        }
    }

    private final CliContext context;

    @Parameters(index = "0", paramLabel = "MODEL", description = "GGUF file or Hugging Face folder.")
    private String model = "";

    @Mixin
    private PromptOptions prompt = new PromptOptions();

    @Option(
            names = "--json",
            description = "Answer with {\"ids\", \"logprobs\", \"mean_logprob\", \"top\"}: the natural logarithm of the"
                    + " probability of every token after the first, and the ten best next tokens with their logits.")
    private boolean json;

    @Mixin
    private EngineOptions engineOptions = new EngineOptions();

    @Mixin
    private HelpOption help = new HelpOption();

    ScoreCommand(CliContext context) {
        this.context = context;
    }

    @Override
    public Integer call() {
        Path path = ModelPath.of(model);
        int[] ids = prompt.tokenIds(context, path);
        try (Engine engine = engineOptions.openForRequest(context, path, ids.length)) {
            Score score = engine.score(new Prompt.Tokens(ids));
            if (json) {
                context.out().println(Json.compact(Answer.of(score)));
            } else {
                print(TextCodec.open(path), score);
            }
        }
        return 0;
    }

    private void print(TextCodec codec, Score score) {
        for (int i = 0; i < score.logprobs().size(); i++) {
            int id = score.tokenIds().get(i + 1);
            line("%10.4f  %8d  %s", score.logprobs().get(i), id, quoted(codec, id));
        }
        if (!score.logprobs().isEmpty()) {
            line(
                    "%10.4f  mean of %d tokens",
                    score.meanLogprob(), score.logprobs().size());
            context.out().println();
        }
        context.out().println("Most likely next:");
        for (TokenLogprob token : score.top()) {
            line("%10.4f  %8d  %s", token.logprob(), token.tokenId(), quoted(codec, token.tokenId()));
        }
    }

    private void line(String format, Object... values) {
        context.out().println(String.format(Locale.ROOT, format, values));
    }

    private static String quoted(TextCodec codec, int id) {
        return Json.compact(codec.piece(id));
    }
}
