package tokamak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tokamak.api.InvalidRequestException;
import tokamak.api.Prompt;
import tokamak.api.Score;

class PerplexityTest {
    private static final String STORY =
            "Once upon a time, there was a little girl named Lily. She loved to play outside "
                    + "in the park. One day, she saw a big, red ball. She wanted to play with it, but it was too high. "
                    + "Lily's mom said, \"Lily, let's go to the park.\" Lily was sad and didn't know what to do.";

    private Path models;

    @BeforeEach
    void find() {
        models = TestData.folder("models");
    }

    private EngineConfig model(String name) {
        return EngineConfig.of(models.resolve(name)).withNumThreads(1);
    }

    private PerplexityReport measure(String name, String reference, int contextLength, int stride) {
        return Perplexity.measure(
                new PerplexityOptions(
                        model(name),
                        reference == null ? null : model(reference),
                        STORY,
                        contextLength,
                        stride,
                        Integer.MAX_VALUE),
                share -> {});
    }

    @Test
    void aWindowThatHoldsTheTextIsItsScore() {
        PerplexityReport report = measure("stories260K-f32.gguf", null, 512, 256);
        try (Engine engine = Engine.open(model("stories260K-f32.gguf"))) {
            Score score = engine.score(new Prompt.Text(STORY));
            assertThat(report.tokens()).isEqualTo(score.logprobs().size());
            assertThat(report.meanLogprob()).isEqualTo(score.meanLogprob(), within(1e-9));
            assertThat(report.perplexity()).isEqualTo(Math.exp(-score.meanLogprob()), within(1e-6));
            assertThat(report.error()).isPositive().isLessThan(report.perplexity());
        }
    }

    @Test
    void aSlidingWindowScoresEveryTokenOnceWithTheContextOfItsWindow() {
        int contextLength = 40;
        int stride = 13;
        PerplexityReport report = measure("stories260K-f32.gguf", null, contextLength, stride);
        try (Engine engine = Engine.open(model("stories260K-f32.gguf"))) {
            int[] ids = engine.score(new Prompt.Text(STORY)).tokenIds().stream()
                    .mapToInt(i -> i)
                    .toArray();
            double sum = 0;
            int scored = 0;
            // Windows begin with the text's own first token (BOS), which takes one of their places.
            for (int start = 1; scored < ids.length - 1; start += stride) {
                int end = Math.min(ids.length, start + contextLength - 1);
                int[] window = Arrays.copyOfRange(ids, start - 1, end);
                window[0] = ids[0];
                Score score = engine.score(new Prompt.Tokens(window));
                int fresh = end - 1 - scored;
                sum += score
                        .logprobs()
                        .subList(
                                score.logprobs().size() - fresh,
                                score.logprobs().size())
                        .stream()
                        .mapToDouble(p -> p)
                        .sum();
                scored += fresh;
            }
            assertThat(report.tokens()).isEqualTo(scored);
            assertThat(report.meanLogprob()).isEqualTo(sum / scored, within(1e-5));
        }
    }

    @Test
    void aModelDoesNotDivergeFromItselfAndALittleFromItsQuantisedForm() {
        PerplexityReport.Comparison same =
                measure("stories260K-f32.gguf", "stories260K-f32.gguf", 64, 32).comparison();
        assertThat(same.divergence()).isEqualTo(0, within(1e-12));
        assertThat(same.sameBest()).isEqualTo(1);
        PerplexityReport.Comparison q8 = measure("stories260K-wide-q8_0.gguf", "stories260K-wide-f16.gguf", 64, 32)
                .comparison();
        PerplexityReport.Comparison q4 = measure("stories260K-wide-q4_0.gguf", "stories260K-wide-f16.gguf", 64, 32)
                .comparison();
        assertThat(q8.divergence()).isPositive().isLessThan(q4.divergence() / 10);
        assertThat(q4.divergence()).isLessThan(q4.largestDivergence()).isLessThan(0.5);
        assertThat(q8.sameBest()).isGreaterThan(0.9);
    }

    @Test
    void textsAndModelsThatCannotBeComparedAreRefused() {
        assertThatThrownBy(() -> Perplexity.measure(
                        new PerplexityOptions(model("stories260K-f32.gguf"), null, "", 64, 32, 100), share -> {}))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("at least 2");
        EngineConfig demo = EngineConfig.of(Path.of("../models/tokamak-demo.gguf"));
        assertThatThrownBy(() -> Perplexity.measure(
                        new PerplexityOptions(model("stories260K-f32.gguf"), demo, STORY, 64, 32, 100), share -> {}))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("different tokens");
        assertThatThrownBy(() -> new PerplexityOptions(demo, null, STORY, 64, 64, 100))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("stride");
    }
}
