package tokamak.server.cli;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tokamak.workload.LatencySummary;

@Command(
        name = "serve",
        header = "Measure a running server, this one or any other that speaks OpenAI's dialect.",
        description = "Sends streamed requests and shows throughput, time to the first token and between tokens.",
        sortOptions = false)
final class BenchServeCommand implements Callable<Integer> {
    /** As programs get it. @param errors messages of requests that failed, a few */
    record Report(
            String model,
            double seconds,
            double requestsPerSecond,
            double outputTokensPerSecond,
            LatencySummary all,
            List<String> errors) {}

    private final CliContext context;

    @Option(
            names = "--base-url",
            paramLabel = "URL",
            description = "Where the server is. Default: ${DEFAULT-VALUE}.",
            defaultValue = "http://127.0.0.1:8000")
    private String baseUrl = "http://127.0.0.1:8000";

    @Option(names = "--model", paramLabel = "NAME", description = "Default: the first that the server lists.")
    private @Nullable String model;

    @Option(names = "--api-key", paramLabel = "KEY", description = "Sent with every request.")
    private @Nullable String apiKey;

    @Option(names = "--ignore-eos", description = "Ask for answers of exactly the length (vLLM's servers know it).")
    private boolean ignoreEos;

    @Option(
            names = "--endpoint",
            paramLabel = "completions|chat",
            description = "What to ask: texts to go on with, or chats, for servers that know nothing else. Default:"
                    + " completions.")
    private LoadEndpoint endpoint = LoadEndpoint.COMPLETIONS;

    @Mixin
    private WorkloadOptions workload = new WorkloadOptions();

    @Option(names = "--json", description = "Answer in JSON.")
    private boolean json;

    @Mixin
    private HelpOption help = new HelpOption();

    BenchServeCommand(CliContext context) {
        this.context = context;
    }

    @Override
    public Integer call() throws InterruptedException {
        try (LoadClient client = new LoadClient(baseUrl, Optional.ofNullable(apiKey), endpoint, ignoreEos)) {
            String name = model == null ? client.firstModel() : model;
            LoadClient.Outcome outcome = client.run(name, workload.workload(), workload.maxConcurrency());
            LatencySummary all = LatencySummary.of(outcome.requests());
            Report report = new Report(
                    name,
                    outcome.seconds(),
                    all.completed() / outcome.seconds(),
                    all.outputTokens() / outcome.seconds(),
                    all,
                    outcome.errors());
            show(report);
            return all.completed() > 0 ? 0 : 1;
        }
    }

    private void show(Report report) {
        if (json) {
            context.out().println(Json.compact(report));
            return;
        }
        context.out()
                .printf(
                        Locale.ROOT,
                        "%s at %s: %.2f s; %.2f requests/s, %.1f tokens/s generated%n",
                        report.model(),
                        baseUrl,
                        report.seconds(),
                        report.requestsPerSecond(),
                        report.outputTokensPerSecond());
        new LatencyPage(context.out()).summary(report.all());
        report.errors().forEach(error -> context.out().println("failed: " + error));
    }
}
