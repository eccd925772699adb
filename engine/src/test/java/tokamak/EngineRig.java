package tokamak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import tokamak.api.GenerationRequest;
import tokamak.api.InvalidRequestException;
import tokamak.api.SamplingParams;
import tokamak.schedule.HashModel;
import tokamak.text.ByteTokenizer;
import tokamak.text.ChatTemplate;

/** An engine on a model whose next token is a hash of what was before, and what tests ask of it. */
final class EngineRig {
    static final int VOCAB = 260; // 3 more than there are tokens
    static final Set<Integer> LETTERS = IntStream.rangeClosed('a', 'h').boxed().collect(Collectors.toSet());

    private static final String TEMPLATE = """
            {%- for message in messages -%}
            {%- if message.role == 'fool' -%}{{- raise_exception('no fools') -}}{%- endif -%}
            [{{ message.role }}]{{ message.content }}
            {%- endfor -%}
            {%- if add_generation_prompt -%}[assistant]{%- endif -%}
            """;

    static final EngineConfig CONFIG = EngineConfig.of(Path.of("none")).withBatchLimits(8, 64);

    private EngineRig() {}

    static HashModel model() {
        return new HashModel(VOCAB, 200, 16, 64, 1024);
    }

    static Engine engine(HashModel model, EngineConfig config) {
        return Engine.on(
                new LoadedModel(
                        "hash",
                        model,
                        ByteTokenizer.create(),
                        Optional.of(ChatTemplate.parse(TEMPLATE, Map.of())),
                        Set.of(ByteTokenizer.EOS),
                        SamplingParams.defaults(),
                        Optional.of("hash model"),
                        () -> {}),
                config);
    }

    static Engine engine() {
        return engine(model(), CONFIG);
    }

    static SamplingParams.Builder letters(int maxTokens) {
        return SamplingParams.builder().temperature(0).allowedTokenIds(LETTERS).maxTokens(maxTokens);
    }

    static GenerationRequest request(String prompt, SamplingParams.Builder params) {
        return GenerationRequest.text(prompt).withSampling(params.build());
    }

    static void assertNothingLeft(Engine engine) {
        // The last answer's reader may be ahead of the step's end.
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while ((engine.stats().numOpenAnswers() > 0 || engine.stats().numRequestsRunning() > 0)
                && System.nanoTime() < end) {
            sleep(1);
        }
        EngineStats stats = engine.stats();
        assertThat(stats.numOpenAnswers()).isZero();
        assertThat(stats.numRequestsRunning()).isZero();
        assertThat(stats.numRequestsWaiting()).isZero();
        assertThat(stats.numKvBlocksUsed()).isZero();
        assertThat(stats.numLoopFailures()).isZero();
    }

    static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    static void sleep(int millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    static void assertInvalid(Engine engine, GenerationRequest request, String field, String message) {
        assertThatThrownBy(() -> engine.submit(request))
                .isInstanceOfSatisfying(
                        InvalidRequestException.class,
                        e -> assertThat(e.field()).isEqualTo(field))
                .hasMessageContaining(message);
    }
}
