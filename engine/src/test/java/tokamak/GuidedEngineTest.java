package tokamak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tokamak.api.Completion;
import tokamak.api.FinishReason;
import tokamak.api.GenerationRequest;
import tokamak.api.Guide;
import tokamak.api.InvalidRequestException;
import tokamak.api.SamplingParams;
import tokamak.schedule.HashModel;
import tokamak.text.ByteTokenizer;

/** A model that knows nothing, and guides that make its answers what they have to be. */
@Timeout(120)
class GuidedEngineTest {
    private static final int VOCAB = 260; // 3 more than there are tokens

    private record Case(Guide guide, String oracle) {}

    private static List<Case> cases() {
        return List.of(
                new Case(new Guide.Regex("[a-c]{2,5}(x|é|日本)?"), "[a-c]{2,5}(x|é|日本)?"),
                new Case(new Guide.Regex("\\d{4}-(0[1-9]|1[0-2])"), "\\d{4}-(0[1-9]|1[0-2])"),
                new Case(new Guide.Choice(List.of("yes", "no", "不知道", "yes, but")), "yes|no|不知道|yes, but"),
                new Case(
                        new Guide.Grammar(
                                "root ::= item (\",\" item){0,3}\nitem ::= [0-9]{1,3} | \"[\" [a-z]{0,4} \"]\""),
                        null),
                new Case(new Guide.FreeUntil(List.of("e", "the"), OptionalInt.of(20)), "(?s)[^e]*e"),
                new Case(
                        Guide.afterReasoning("</think>", OptionalInt.of(12), new Guide.Regex("[0-9]{3}")),
                        "(?s)((?!</think>).)*</think>[0-9]{3}"));
    }

    private static Engine engine(int numBlocks) {
        return engine(new HashModel(VOCAB, numBlocks, 16, 64, 1024));
    }

    private static Engine engine(HashModel model) {
        return Engine.on(
                new LoadedModel(
                        "hash",
                        model,
                        ByteTokenizer.create(),
                        Optional.empty(),
                        Set.of(ByteTokenizer.EOS),
                        SamplingParams.defaults(),
                        Optional.empty(),
                        () -> {}),
                EngineConfig.of(Path.of("none")).withBatchLimits(8, 64));
    }

    private static SamplingParams.Builder hot(int seed) {
        return SamplingParams.builder().temperature(1.5).seed(seed).maxTokens(200);
    }

    private static GenerationRequest request(String prompt, Guide guide, SamplingParams.Builder params) {
        return GenerationRequest.text(prompt).withGuide(guide).withSampling(params.build());
    }

    @ParameterizedTest
    @MethodSource("cases")
    void whatEndsByItselfIsWhatWasAskedFor(Case wanted) {
        try (Engine engine = engine(200)) {
            for (int seed = 0; seed < 30; seed++) {
                Completion answer = engine.generate(request(
                                "prompt " + seed, wanted.guide, hot(seed).n(3)))
                        .completions()
                        .get(seed % 3);
                assertThat(answer.finishReason()).isEqualTo(FinishReason.STOP);
                if (wanted.oracle != null) {
                    assertThat(answer.text()).matches(Pattern.compile(wanted.oracle));
                }
            }
        }
    }

    @Test
    void aCrowdOnLittleMemoryGetsWhatEachWouldGetAlone() throws Exception {
        List<GenerationRequest> requests = new ArrayList<>();
        for (int i = 0; i < 48; i++) {
            Guide guide = cases().get(i % cases().size()).guide;
            requests.add(request(
                    "shared beginning of all prompts ".repeat(1 + i % 4) + i,
                    i % 2 == 0 ? guide : Guide.sequence(Guide.until("z"), guide),
                    hot(i).minTokens(i % 5)));
        }
        List<List<Completion>> alone = new ArrayList<>();
        for (GenerationRequest request : requests) {
            try (Engine engine = engine(200)) {
                alone.add(engine.generate(request).completions());
            }
        }
        // So few blocks that sequences are interrupted and computed again.
        try (Engine engine = engine(24);
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<List<Completion>>> together = new ArrayList<>();
            for (GenerationRequest request : requests) {
                together.add(threads.submit(() -> engine.generate(request).completions()));
            }
            for (int i = 0; i < requests.size(); i++) {
                assertThat(together.get(i).get()).isEqualTo(alone.get(i));
            }
            assertThat(engine.stats().numPreemptions()).isPositive();
            assertThat(engine.stats().numLoopFailures()).isZero();
        }
    }

    @Test
    void anAnswerThatIsCutOffSaysSo() {
        try (Engine engine = engine(200)) {
            Completion answer = engine.generate(request("x", new Guide.Regex("[a-z]{50}"), hot(1).maxTokens(10)))
                    .completions()
                    .getFirst();
            assertThat(answer.finishReason()).isEqualTo(FinishReason.LENGTH);
            assertThat(answer.text()).matches("[a-z]{10}");
        }
    }

    @Test
    void theAnswerEndsWithoutAnEndTokenWhereNothingCanFollow() {
        try (Engine engine = engine(200)) {
            Completion answer = engine.generate(request(
                            "x", Guide.literal("done"), hot(1).ignoreEos(true).minTokens(20)))
                    .completions()
                    .getFirst();
            assertThat(answer.text()).isEqualTo("done");
            assertThat(answer.tokenIds()).hasSize(4);
            assertThat(answer.finishReason()).isEqualTo(FinishReason.STOP);
        }
    }

    @Test
    void otherWishesAreKeptWithinTheGuide() {
        try (Engine engine = engine(200)) {
            SamplingParams.Builder params =
                    hot(1).logitBias(Map.of((int) 'q', 100.0, (int) 'b', 50.0)).minTokens(5);
            assertThat(engine.generate(request("x", new Guide.Regex("[abc]{1,9}"), params))
                            .text())
                    .isEqualTo("bbbbbbbbb");
            params = hot(1).allowedTokenIds(Set.of((int) 'c', (int) 'q', ByteTokenizer.EOS));
            assertThat(engine.generate(request("x", new Guide.Regex("[abc]{9}"), params))
                            .text())
                    .isEqualTo("ccccccccc");
            params = hot(1).stop("b").temperature(0);
            assertThat(engine.generate(request("x", new Guide.Regex("aaba+"), params))
                            .text())
                    .isEqualTo("aa");
        }
    }

    @Test
    void aGuideThatIsWrongIsAnErrorOfTheRequest() {
        try (Engine engine = engine(200)) {
            for (Guide guide : List.of(
                    new Guide.Regex("(a"),
                    new Guide.Grammar("root ::= missing"),
                    new Guide.Regex("(?=a)b"),
                    new Guide.JsonSchema("{", true))) {
                assertThatThrownBy(() -> engine.submit(request("x", guide, hot(1))))
                        .isInstanceOfSatisfying(
                                InvalidRequestException.class,
                                e -> assertThat(e.field()).isEqualTo("guide"));
            }
            assertThat(engine.generate(request("x", Guide.literal("ok"), hot(1)))
                            .text())
                    .isEqualTo("ok");
        }
    }

    @Test
    void aGuideThatTurnsOutTooCostlyFailsAlone() throws Exception {
        // Every state of this expression is a set of places out of thirty.
        Guide costly = new Guide.Regex("(a|b|c)*a(a|b|c){30}(d|e)(a|b|c)*a(a|b|c){400}!");
        try (Engine engine = engine(200);
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var cheap = threads.submit(() -> engine.generate(
                    request("y", new Guide.Regex("[a-z]{60}"), hot(2)).withTimeout(Duration.ofSeconds(60))));
            try {
                engine.generate(request("x", costly, hot(1)));
            } catch (InvalidRequestException tooCostly) {
                assertThat(tooCostly).hasMessageContaining("costly");
            }
            assertThat(cheap.get().text()).matches("[a-z]{60}");
        }
    }

    @Test
    void followingGuidesAllocatesNextToNothingInASteadyStep() throws Exception {
        long[] allocated = new long[2];
        int[] step = new int[1];
        HashModel model = new HashModel(VOCAB, 4000, 16, 64, 8192).beforeStep(input -> {
            step[0] += input.numSequences() == 8 ? 1 : 0;
            if (step[0] == 100 || step[0] == 500) {
                allocated[step[0] == 100 ? 0 : 1] = Allocation.bytes();
            }
        });
        try (Engine engine = engine(model);
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> answers = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                // Half of them come to a new state with every token.
                Guide guide = new Guide.Regex(i % 2 == 0 ? "[a-h]{2000}" : "([a-h ]{1,20}\\.)*!");
                GenerationRequest request =
                        request("steady " + i, guide, hot(i).maxTokens(900).logitBias(Map.of((int) '!', -100.0)));
                answers.add(threads.submit(() -> engine.generate(request)));
            }
            for (Future<?> answer : answers) {
                answer.get();
            }
        }
        assertThat(step[0]).isGreaterThan(500);
        assertThat((allocated[1] - allocated[0]) / 400).isBetween(0L, 1024L);
    }
}
