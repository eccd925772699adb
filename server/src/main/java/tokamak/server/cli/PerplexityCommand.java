package tokamak.server.cli;

import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tokamak.EngineConfig;
import tokamak.Perplexity;
import tokamak.PerplexityOptions;
import tokamak.PerplexityReport;

@Command(
        name = "perplexity",
        header = "Measure how well a model predicts a text, and what quantising it has cost.",
        description = {
            "A window slides over the text; what it newly covers is scored with the rest of the window as "
                    + "context. With --reference, the model that this one was made from, it also says how far the "
                    + "two are apart: the mean Kullback-Leibler divergence, and how often both find the same token "
                    + "most likely. The reference keeps its keys and values in f32. Without one, a model with "
                    + "--kv-cache-dtype is compared with itself in f32."
        },
        sortOptions = false)
final class PerplexityCommand implements Callable<Integer> {
    private final CliContext context;

    @Parameters(index = "0", paramLabel = "MODEL", description = "GGUF file or Hugging Face folder.")
    private String model = "";

    @Option(
            names = {"-f", "--file"},
            paramLabel = "FILE",
            required = true,
            description = "The text, in UTF-8; - is standard input.")
    private String file = "";

    @Option(names = "--reference", paramLabel = "MODEL", description = "Compare with this model.")
    private @Nullable String reference;

    @Option(
            names = {"-c", "--ctx-size", "--max-model-len"},
            paramLabel = "N",
            description = "Tokens in a window. Default: ${DEFAULT-VALUE}.",
            defaultValue = "512")
    private int contextLength;

    @Option(
            names = "--stride",
            paramLabel = "N",
            description = "Tokens by which the window moves. Default: half of a window.")
    private @Nullable Integer stride;

    @Option(
            names = "--max-tokens",
            paramLabel = "N",
            description = "Tokens of the text, from its beginning. Default: all.")
    private int maxTokens = Integer.MAX_VALUE;

    @Option(
            names = {"-t", "--threads"},
            paramLabel = "N",
            description = "Threads for arithmetic. Default: one per processor.")
    private @Nullable Integer threads;

    @Mixin
    private KvTypeOption kvType = new KvTypeOption();

    @Mixin
    private LoadOptions load = new LoadOptions();

    @Option(names = "--json", description = "Answer in JSON.")
    private boolean json;

    @Mixin
    private HelpOption help = new HelpOption();

    PerplexityCommand(CliContext context) {
        this.context = context;
    }

    @Override
    public Integer call() {
        String text = TextInput.of(context, file);
        EngineConfig exact = config(model);
        EngineConfig config = exact.withKvCacheType(kvType.name());
        PerplexityOptions options = new PerplexityOptions(
                config,
                referenceOf(config, exact),
                text,
                contextLength,
                stride == null ? Math.max(1, contextLength / 2) : stride,
                maxTokens);
        PerplexityReport report;
        try (ProgressBar bar = new ProgressBar(context, "scoring")) {
            report = Perplexity.measure(options, bar::show);
        }
        if (json) {
            context.out().println(Json.compact(report));
        } else {
            show(report);
        }
        return 0;
    }

    private @Nullable EngineConfig referenceOf(EngineConfig config, EngineConfig exact) {
        if (reference != null) {
            return config(reference);
        }
        return config.equals(exact) ? null : exact;
    }

    private EngineConfig config(String given) {
        EngineConfig config = load.applyTo(EngineConfig.of(ModelPath.of(given)), context);
        return threads == null ? config : config.withNumThreads(threads);
    }

    private void show(PerplexityReport report) {
        line("%s: %d tokens, windows of %d", report.model(), report.tokens(), report.contextLength());
        line("perplexity %.4f ± %.4f", report.perplexity(), report.error());
        PerplexityReport.Comparison comparison = report.comparison();
        if (comparison != null) {
            double change = 100 * (report.perplexity() / comparison.referencePerplexity() - 1);
            line(
                    "%s: perplexity %.4f; the model's is %.2f %% %s",
                    reference == null ? "with keys and values in f32" : comparison.reference(),
                    comparison.referencePerplexity(),
                    Math.abs(change),
                    change > 0 ? "higher" : "lower");
            line(
                    "divergence from it %.6f ± %.6f, at most %.4f; same most likely token %.2f %%",
                    comparison.divergence(),
                    comparison.divergenceError(),
                    comparison.largestDivergence(),
                    100 * comparison.sameBest());
        }
    }

    private void line(String format, Object... values) {
        context.out().println(String.format(Locale.ROOT, format, values));
    }
}
