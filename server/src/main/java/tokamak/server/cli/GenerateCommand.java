package tokamak.server.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tokamak.Engine;
import tokamak.TokenStream;
import tokamak.api.Completion;
import tokamak.api.Generation;
import tokamak.api.GenerationRequest;
import tokamak.api.Guide;
import tokamak.api.SamplingParams;

@Command(
        name = "generate",
        header = "Continue a text once, for scripts.",
        description = "No chat template is applied: the model sees the prompt as it is.",
        sortOptions = false)
final class GenerateCommand implements Callable<Integer> {
    private static final int DEFAULT_MAX_TOKENS = 128;

    record Answer(List<Integer> promptIds, List<Integer> ids, String text, String finishReason, Counts usage) {
        record Counts(int promptTokens, int completionTokens, int totalTokens) {}

        static Answer of(Generation generation) {
            Completion completion = generation.completions().getFirst();
            return new Answer(
                    generation.promptTokenIds(),
                    completion.tokenIds(),
                    completion.text(),
                    completion.finishReason().wireName(),
                    new Counts(
                            generation.usage().promptTokens(),
                            generation.usage().completionTokens(),
                            generation.usage().totalTokens()));
        }
    }

    private final CliContext context;

    @Parameters(index = "0", paramLabel = "MODEL", description = "GGUF file or Hugging Face folder.")
    private String model = "";

    @Mixin
    private PromptOptions prompt = new PromptOptions();

    @Option(
            names = "--json",
            description = "Answer with {\"prompt_ids\", \"ids\", \"text\", \"finish_reason\", \"usage\"}. \"ids\" holds"
                    + " every generated token, an end token included.")
    private boolean json;

    @Mixin
    private SamplingOptions sampling = new SamplingOptions();

    @Mixin
    private GuideOptions guideOptions = new GuideOptions();

    @Mixin
    private EngineOptions engineOptions = new EngineOptions();

    @Mixin
    private HelpOption help = new HelpOption();

    GenerateCommand(CliContext context) {
        this.context = context;
    }

    @Override
    public Integer call() {
        Path path = ModelPath.of(model);
        int maxTokens = sampling.maxTokensOr(DEFAULT_MAX_TOKENS);
        // Checked before a large model is loaded.
        sampling.applyTo(SamplingParams.defaults());
        Optional<Guide> guide = guideOptions.guide();
        int[] promptIds = prompt.tokenIds(context, path);
        try (Engine engine = engineOptions.openForRequest(context, path, (long) promptIds.length + maxTokens)) {
            SamplingParams params = sampling.applyTo(
                    engine.samplingDefaults().toBuilder().maxTokens(maxTokens).build());
            GenerationRequest free = GenerationRequest.tokens(promptIds).withSampling(params);
            GenerationRequest request = guide.map(free::withGuide).orElse(free);
            try (TokenStream stream = engine.submit(request)) {
                if (json) {
                    context.out().println(Json.compact(Answer.of(stream.collect())));
                } else {
                    StreamPrinter.print(context, stream);
                    context.out().println();
                }
            }
        }
        return 0;
    }
}
