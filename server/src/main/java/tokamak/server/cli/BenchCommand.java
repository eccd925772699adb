package tokamak.server.cli;

import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tokamak.BenchOptions;
import tokamak.BenchReport;
import tokamak.Benchmark;
import tokamak.ServeBenchReport;

@Command(
        name = "bench",
        header = "Measure how fast a model runs here, beside what the machine can do.",
        description = {
            "Prompt processing (pp) and generation (tg), in tokens per second, GB of weights per second "
                    + "and shares of the read bandwidth and arithmetic peak that are measured in the same run. With "
                    + "--shape the weights are random ones of a published model's sizes, so that a model can be "
                    + "tried before it is there."
        },
        sortOptions = false)
final class BenchCommand implements Callable<Integer> {
    /** {@link BenchReport} as programs get it. */
    record Report(BenchReport.Machine machine, BenchReport.Model model, List<BenchReport.Row> rows) {}

    private final CliContext context;

    @Parameters(index = "0", arity = "0..1", paramLabel = "MODEL", description = "GGUF file or Hugging Face folder.")
    private @Nullable String model;

    @Option(names = "--shape", paramLabel = "NAME", description = "Random weights in the sizes of NAME instead.")
    private @Nullable String shape;

    @Option(
            names = "--format",
            paramLabel = "FMT",
            description =
                    "Number format for --shape: F32, F16, BF16, Q8_0, Q4_0, Q4_K_M, Q6_K ... Default: ${DEFAULT-VALUE}.",
            defaultValue = "Q8_0")
    private String format = "Q8_0";

    @Option(
            names = "-p",
            paramLabel = "N",
            description = "Prompt tokens; 0: none. Default: ${DEFAULT-VALUE}.",
            defaultValue = "512")
    private int promptTokens;

    @Option(
            names = "-n",
            paramLabel = "N",
            description = "Generated tokens; 0: none. Default: ${DEFAULT-VALUE}.",
            defaultValue = "64")
    private int generatedTokens;

    @Option(
            names = "--depth",
            paramLabel = "N",
            description = "Tokens in the context before the first generated one. Default: 0.")
    private int depth;

    @Option(
            names = "--parallel",
            paramLabel = "N",
            split = ",",
            description = "Sequences generated at once, a test for each number. Default: 1.",
            defaultValue = "1")
    private List<Integer> parallel = List.of(1);

    @Option(
            names = "--threads",
            paramLabel = "N",
            split = ",",
            description = "Threads, all tests for each number. Default: one per processor.")
    private List<Integer> threads = List.of(Runtime.getRuntime().availableProcessors());

    @Mixin
    private IsaOption isa = new IsaOption();

    @Option(
            names = "--kv-cache-dtype",
            paramLabel = "TYPE",
            description = "f16, f32, int8 or int4. Default: ${DEFAULT-VALUE}.",
            defaultValue = "f16")
    private String kvType = "f16";

    @Option(
            names = {"-r", "--repetitions"},
            paramLabel = "N",
            description = "Runs of each test after one to warm up; the median counts. Default: ${DEFAULT-VALUE}.",
            defaultValue = "3")
    private int repetitions;

    @Option(names = "--json", description = "Answer in JSON.")
    private boolean json;

    @Mixin
    private ServeLikeOptions serveLike = new ServeLikeOptions();

    @Mixin
    private HelpOption help = new HelpOption();

    BenchCommand(CliContext context) {
        this.context = context;
    }

    @Override
    public Integer call() {
        if (serveLike.isWanted()) {
            ServeBenchReport report = serveLike.run(context, subject(), threads.getLast(), isa.name(), kvType);
            if (json) {
                context.out().println(Json.compact(report));
            } else {
                new LatencyPage(context.out()).show(report);
            }
            return 0;
        }
        BenchOptions options = new BenchOptions(
                subject(), promptTokens, generatedTokens, depth, parallel, threads, isa.name(), kvType, repetitions);
        if (!json) {
            context.out()
                    .printf(
                            Locale.ROOT,
                            "%-16s %7s %12s %10s %7s %10s %7s%n",
                            "test",
                            "threads",
                            "tokens/s",
                            "GB/s",
                            "of max",
                            "GFLOP/s",
                            "of max");
        }
        BenchReport report = Benchmark.run(options, this::show);
        if (json) {
            BenchReport.Machine machine = report.machines().getLast();
            context.out().println(Json.compact(new Report(machine, report.model(), report.rows())));
        } else {
            report.machines().forEach(this::show);
            BenchReport.Model m = report.model();
            context.out()
                    .printf(
                            Locale.ROOT,
                            "model: %s, %s, %.2f G parameters and %.2f GB of weights per token%n",
                            m.name(),
                            m.format(),
                            m.parameters() * 1e-9,
                            m.bytes() * 1e-9);
        }
        return 0;
    }

    private BenchOptions.Subject subject() {
        if (shape != null && model == null) {
            return new BenchOptions.Subject.Shape(shape, format);
        }
        if (shape == null && model != null) {
            return new BenchOptions.Subject.Model(ModelPath.of(model));
        }
        throw new CliFailure(
                "bench needs either a MODEL or --shape NAME; shapes are " + String.join(", ", Benchmark.shapeNames()));
    }

    private void show(BenchReport.Row row) {
        if (json) {
            return;
        }
        context.out()
                .printf(
                        Locale.ROOT,
                        "%-16s %7d %12.2f %10.2f %7s %10.1f %7s%n",
                        row.test(),
                        row.threads(),
                        row.tokensPerSecond(),
                        row.weightGbps(),
                        share(row.bandwidthShare()),
                        row.gflops(),
                        share(row.peakShare()));
        context.flush();
    }

    private void show(BenchReport.Machine machine) {
        context.out()
                .printf(
                        Locale.ROOT,
                        "machine: %s, %s, %d threads%s%n",
                        machine.cpu(),
                        machine.isa(),
                        machine.threads(),
                        machine.readGbps() == null
                                ? ""
                                : String.format(
                                        Locale.ROOT,
                                        "; at most %.1f GB/s, %.0f GFLOP/s in float32, %.0f Gop/s in int8",
                                        machine.readGbps(),
                                        machine.fmaGflops(),
                                        machine.int8Gops()));
    }

    private static String share(@Nullable Double share) {
        return share == null ? "-" : String.format(Locale.ROOT, "%.0f %%", 100 * share);
    }
}
