package tokamak.server.cli;

import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tokamak.SelfTest;

@Command(
        name = "selftest",
        header = "Check on this machine that fast code computes what plain code computes.",
        description = {
            "Runs every kernel for this processor on random numbers beside the same in plain Java. An "
                    + "error is relative to the size of the numbers. Exit code 1 if one is larger than it may be."
        },
        sortOptions = false)
final class SelfTestCommand implements Callable<Integer> {
    private final CliContext context;

    @Mixin
    private IsaOption isa = new IsaOption();

    @Option(names = "--json", description = "Answer in JSON.")
    private boolean json;

    @Mixin
    private HelpOption help = new HelpOption();

    SelfTestCommand(CliContext context) {
        this.context = context;
    }

    @Override
    public Integer call() {
        if (!json) {
            context.out().printf("%-34s %6s %12s %10s%n", "kernel", "cases", "worst error", "allowed");
        }
        SelfTest.Report report = SelfTest.run(isa.name(), this::show);
        if (json) {
            context.out().println(Json.compact(report));
        } else if (report.kernels().isEmpty()) {
            context.out().println(report.arithmetic() + ": no kernels to check");
        } else {
            long failed = report.kernels().stream().filter(row -> !row.passed()).count();
            context.out()
                    .printf(
                            Locale.ROOT,
                            "%s: %s of %d kernels, %.1f s%n",
                            report.arithmetic(),
                            failed == 0 ? "passed, all" : "FAILED, " + failed,
                            report.kernels().size(),
                            report.seconds());
        }
        return report.passed() ? 0 : 1;
    }

    private void show(SelfTest.Row row) {
        if (json) {
            return;
        }
        context.out()
                .printf(
                        Locale.ROOT,
                        "%-34s %6d %12.1e %10.0e %s%n",
                        row.kernel(),
                        row.cases(),
                        row.worstError(),
                        row.allowedError(),
                        row.passed() ? "ok" : "WRONG");
        context.flush();
    }
}
