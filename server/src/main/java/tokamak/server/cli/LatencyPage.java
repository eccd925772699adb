package tokamak.server.cli;

import java.io.PrintStream;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tokamak.ServeBenchReport;
import tokamak.workload.LatencySummary;
import tokamak.workload.Percentiles;

/** Throughput and latencies for people. */
final class LatencyPage {
    private final PrintStream out;

    LatencyPage(PrintStream out) {
        this.out = out;
    }

    void show(ServeBenchReport report) {
        summary(report.all());
        report.tenants().forEach((name, summary) -> {
            line("tenant '%s':", name);
            summary(summary);
        });
        line(
                "%.2f s; %.2f requests/s, %.1f tokens/s generated, %.1f tokens/s with prompts",
                report.seconds(), report.requestsPerSecond(), report.outputTokensPerSecond(), report.tokensPerSecond());
        line(
                "KV: %.1f %% of %d blocks on average, %.1f %% at most, %.1f %% of their places empty; %d preemptions",
                100 * report.meanKvUsage(),
                report.kvBlocks(),
                100 * report.maxKvUsage(),
                100 * report.kvWaste(),
                report.preemptions());
        line(
                "prefix cache: %d of %d prompt tokens, %d blocks from disk; %d steps, %.1f requests running on average",
                report.cachedTokens(),
                report.all().inputTokens(),
                report.loadedBlocks(),
                report.steps(),
                report.meanRunning());
    }

    /** What a load client sees, without the engine's own numbers. */
    void summary(LatencySummary summary) {
        line(
                "%d requests completed, %d not; %d tokens in, %d out",
                summary.completed(), summary.incomplete(), summary.inputTokens(), summary.outputTokens());
        line("%-22s %10s %10s %10s %10s %10s", "milliseconds", "mean", "p50", "p95", "p99", "max");
        row("to first token", summary.timeToFirst());
        row("between tokens", summary.betweenTokens());
        if (summary.besidePrompts() != null && summary.withoutPrompts() != null) {
            row("  beside prompts", summary.besidePrompts());
            row("  without", summary.withoutPrompts());
        }
        row("whole request", summary.wholeRequest());
    }

    private void row(String name, @Nullable Percentiles p) {
        if (p != null) {
            line(
                    "%-22s %10.1f %10.1f %10.1f %10.1f %10.1f",
                    name, 1e3 * p.mean(), 1e3 * p.p50(), 1e3 * p.p95(), 1e3 * p.p99(), 1e3 * p.max());
        }
    }

    private void line(String format, Object... values) {
        out.printf(Locale.ROOT, format + "%n", values);
    }
}
