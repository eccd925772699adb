package tokamak.server.cli;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import tokamak.api.SamplingParams;

/** How tokens are chosen; what is not given stays as the model's {@code generation_config.json} recommends. */
final class SamplingOptions {
    @Option(
            names = {"-n", "--max-tokens", "--predict"},
            paramLabel = "N",
            description = "The most tokens to generate.")
    private @Nullable Integer maxTokens;

    @Option(
            names = {"--temperature", "--temp"},
            paramLabel = "T",
            description = "0 always takes the most likely token; higher is more surprising.")
    private @Nullable Double temperature;

    @Option(names = "--top-p", paramLabel = "P", description = "Keep the most likely tokens up to this probability.")
    private @Nullable Double topP;

    @Option(names = "--top-k", paramLabel = "K", description = "Keep this many most likely tokens; 0 keeps all.")
    private @Nullable Integer topK;

    @Option(
            names = "--min-p",
            paramLabel = "P",
            description = "Drop tokens less likely than this share of the most likely one.")
    private @Nullable Double minP;

    @Option(
            names = {"--repetition-penalty", "--repeat-penalty"},
            paramLabel = "R",
            description = "Above 1: tokens that came before become less likely.")
    private @Nullable Double repetitionPenalty;

    @Option(names = "--presence-penalty", paramLabel = "R", description = "Taken from tokens that are in the answer.")
    private @Nullable Double presencePenalty;

    @Option(names = "--frequency-penalty", paramLabel = "R", description = "The same for each time they are in it.")
    private @Nullable Double frequencyPenalty;

    @Option(
            names = {"-s", "--seed"},
            paramLabel = "N",
            description = "The same seed gives the same answer.")
    private @Nullable Long seed;

    @Option(names = "--stop", paramLabel = "TEXT", description = "End the answer before this text; may be repeated.")
    private List<String> stop = new ArrayList<>();

    @Option(names = "--ignore-eos", description = "Go on after the model's own end.")
    private boolean ignoreEos;

    int maxTokensOr(int fallback) {
        return maxTokens == null ? fallback : maxTokens;
    }

    /** @throws tokamak.api.InvalidRequestException if a value is out of its range */
    SamplingParams applyTo(SamplingParams defaults) {
        SamplingParams.Builder builder = defaults.toBuilder();
        if (maxTokens != null) {
            builder.maxTokens(maxTokens);
        }
        if (temperature != null) {
            builder.temperature(temperature);
        }
        if (topP != null) {
            builder.topP(topP);
        }
        if (topK != null) {
            builder.topK(topK);
        }
        if (minP != null) {
            builder.minP(minP);
        }
        applyPenalties(builder);
        if (seed != null) {
            builder.seed(seed);
        }
        if (!stop.isEmpty()) {
            builder.stop(stop);
        }
        if (ignoreEos) {
            builder.ignoreEos(true);
        }
        return builder.build();
    }

    private void applyPenalties(SamplingParams.Builder builder) {
        if (repetitionPenalty != null) {
            builder.repetitionPenalty(repetitionPenalty);
        }
        if (presencePenalty != null) {
            builder.presencePenalty(presencePenalty);
        }
        if (frequencyPenalty != null) {
            builder.frequencyPenalty(frequencyPenalty);
        }
    }
}
