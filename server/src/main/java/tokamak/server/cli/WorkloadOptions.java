package tokamak.server.cli;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import tokamak.workload.LengthDistribution;
import tokamak.workload.Workload;

/** Which requests a benchmark sends, and when. */
final class WorkloadOptions {
    @Option(
            names = "--num-requests",
            paramLabel = "N",
            description = "Requests to send. Default: ${DEFAULT-VALUE}.",
            defaultValue = "16")
    private int numRequests;

    @Option(
            names = "--request-rate",
            paramLabel = "R",
            description = "Requests per second on average, at random times; inf: all at once. Default: inf.",
            defaultValue = "inf")
    private String rate = "inf";

    @Option(
            names = "--input-len",
            paramLabel = "LEN",
            description = "Tokens of each prompt: 512, uniform:100-900 or lognormal:MEDIAN,SIGMA[,MOST]."
                    + " Default: ${DEFAULT-VALUE}.",
            defaultValue = "512")
    private String inputLength = "512";

    @Option(
            names = "--output-len",
            paramLabel = "LEN",
            description = "Tokens of each answer, likewise. Default: ${DEFAULT-VALUE}.",
            defaultValue = "128")
    private String outputLength = "128";

    @Option(
            names = "--prefix-len",
            paramLabel = "N",
            description = "Tokens that all prompts begin with, besides their own. Default: 0.")
    private int prefixLength;

    @Option(
            names = {"--max-concurrency", "--concurrency"},
            paramLabel = "N",
            description = "Hold requests back while so many are on their way. Default: never.")
    private @Nullable Integer maxConcurrency;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Another seed, other requests. Default: ${DEFAULT-VALUE}.",
            defaultValue = "0")
    private long seed;

    @Option(
            names = "--trace",
            paramLabel = "FILE",
            description = "Send what FILE says instead, one JSON object a line: arrival (seconds), input_tokens,"
                    + " output_tokens and, if wanted, prefix (a name), prefix_tokens, tenant, priority.")
    private @Nullable Path trace;

    Workload workload() {
        try {
            return trace != null
                    ? Workload.trace(trace, seed)
                    : Workload.synthetic(
                            numRequests,
                            rate(),
                            LengthDistribution.parse(inputLength),
                            LengthDistribution.parse(outputLength),
                            prefixLength,
                            seed);
        } catch (IllegalArgumentException e) {
            throw new CliFailure(String.valueOf(e.getMessage()));
        } catch (IOException e) {
            throw new CliFailure("cannot read the trace " + trace + ": " + e.getMessage());
        }
    }

    private double rate() {
        try {
            return rate.equals("inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(rate);
        } catch (NumberFormatException e) {
            throw new CliFailure("--request-rate must be a number or inf, found '" + rate + "'");
        }
    }

    int maxConcurrency() {
        if (maxConcurrency != null && maxConcurrency < 1) {
            throw new CliFailure("--max-concurrency must be at least 1, found " + maxConcurrency);
        }
        return maxConcurrency == null ? Integer.MAX_VALUE : maxConcurrency;
    }
}
