package tokamak.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SamplingParamsTest {
    private static Arguments bad(String field, UnaryOperator<SamplingParams.Builder> change) {
        return Arguments.of(field, change);
    }

    static Stream<Arguments> nonsense() {
        return Stream.of(
                bad("temperature", b -> b.temperature(Double.NaN)),
                bad("temperature", b -> b.temperature(-0.1)),
                bad("temperature", b -> b.temperature(Double.POSITIVE_INFINITY)),
                bad("top_p", b -> b.topP(0)),
                bad("top_p", b -> b.topP(1.01)),
                bad("top_p", b -> b.topP(Double.NaN)),
                bad("top_k", b -> b.topK(-2)),
                bad("min_p", b -> b.minP(-0.1)),
                bad("min_p", b -> b.minP(Double.NaN)),
                bad("repetition_penalty", b -> b.repetitionPenalty(0)),
                bad("presence_penalty", b -> b.presencePenalty(2.1)),
                bad("frequency_penalty", b -> b.frequencyPenalty(Double.NaN)),
                bad("logit_bias", b -> b.logitBias(Map.of(1, 101.0))),
                bad("logit_bias", b -> b.logitBias(Map.of(1, Double.NaN))),
                bad("logit_bias", b -> b.logitBias(Map.of(-1, 1.0))),
                bad("allowed_token_ids", b -> b.allowedTokenIds(Set.of())),
                bad("allowed_token_ids", b -> b.allowedTokenIds(Set.of(-5))),
                bad("bad_words", b -> b.badWords(List.of(" "))),
                bad("bad_words", b -> b.badWordIds(List.of(List.of()))),
                bad("max_tokens", b -> b.maxTokens(0)),
                bad("max_tokens", b -> b.maxTokens(-3)),
                bad("min_tokens", b -> b.minTokens(-1)),
                bad("min_tokens", b -> b.maxTokens(5).minTokens(6)),
                bad("stop", b -> b.stop("")),
                bad("stop_token_ids", b -> b.stopTokenIds(Set.of(-1))),
                bad("logprobs", b -> b.logprobs(-1)),
                bad("logprobs", b -> b.logprobs(101)),
                bad("prompt_logprobs", b -> b.promptLogprobs(101)),
                bad("n", b -> b.n(0)),
                bad("n", b -> b.n(129)),
                bad("best_of", b -> b.n(3).bestOf(2)));
    }

    @ParameterizedTest(name = "{0} #{index}")
    @MethodSource("nonsense")
    void nonsenseIsRefusedByName(String field, UnaryOperator<SamplingParams.Builder> change) {
        assertThatThrownBy(() -> change.apply(SamplingParams.builder()).build())
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining(field);
    }

    @Test
    void aMessageNamesFieldRangeAndWhatWasFound() {
        assertThatThrownBy(() -> SamplingParams.builder().topP(1.5).build())
                .hasMessage("top_p must be in (0, 1], found 1.5");
    }

    @Test
    void aBuilderKeepsWhatItStartsFrom() {
        SamplingParams all = SamplingParams.builder()
                .temperature(0.5)
                .topP(0.9)
                .topK(40)
                .minP(0.1)
                .repetitionPenalty(1.1)
                .presencePenalty(0.2)
                .frequencyPenalty(0.3)
                .logitBias(Map.of(1, 2.0))
                .allowedTokenIds(Set.of(1, 2))
                .badWords(List.of("bad"))
                .badWordIds(List.of(List.of(3)))
                .seed(7)
                .maxTokens(10)
                .minTokens(2)
                .stop("x", "y")
                .stopTokenIds(Set.of(4))
                .ignoreEos(true)
                .includeStopString(true)
                .logprobs(3)
                .promptLogprobs(2)
                .repetitionDetection(new RepetitionDetection(3, 4))
                .n(2)
                .bestOf(4)
                .build();
        assertThat(all.toBuilder().build()).isEqualTo(all);
        assertThat(all).isNotEqualTo(SamplingParams.defaults());
    }

    @Test
    void requestsCheckThemselves() {
        GenerationRequest request = GenerationRequest.text("x");
        assertThatThrownBy(() -> request.withPriority(5000)).hasMessageContaining("priority");
        assertThatThrownBy(() -> request.withTimeout(Duration.ZERO)).hasMessageContaining("timeout");
        assertThatThrownBy(() -> request.withTimeout(Duration.ofSeconds(-1))).hasMessageContaining("timeout");
    }
}
