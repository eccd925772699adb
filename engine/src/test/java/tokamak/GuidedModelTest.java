package tokamak;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tokamak.api.Completion;
import tokamak.api.FinishReason;
import tokamak.api.GenerationRequest;
import tokamak.api.Guide;
import tokamak.api.SamplingParams;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/** A real model that knows stories only, hot, and guides of every kind: whatever it ends is what was asked for. */
@Timeout(120)
class GuidedModelTest {
    private static final JsonMapper JSON = new JsonMapper();

    private record Case(Guide guide, Predicate<String> oracle) {}

    private static Case regex(String regex) {
        return new Case(new Guide.Regex(regex), Pattern.compile(regex).asMatchPredicate());
    }

    private static List<Case> cases() throws Exception {
        String json = Files.readString(TestData.folder("grammars").resolve("json.gbnf"));
        return List.of(
                regex("\\d{4}-(0[1-9]|1[0-2])-\\d{2}"),
                regex("(é|日本|🙂|ü){3,6}"), // every character is several tokens of a byte
                regex("[A-Z][a-z]{1,9}( [a-z]{1,9}){2,6}\\."),
                new Case(new Guide.Choice(List.of("yes", "no", "не знаю")), List.of("yes", "no", "не знаю")::contains),
                new Case(new Guide.Grammar(json), GuidedModelTest::isObject),
                new Case(new Guide.JsonObject(), GuidedModelTest::isObject),
                new Case(
                        Guide.afterReasoning("</think>", OptionalInt.of(15), new Guide.JsonObject()),
                        text -> isObject(text.substring(text.indexOf("</think>") + 8))));
    }

    private static boolean isObject(String text) {
        try {
            return JSON.readTree(text).isObject();
        } catch (JacksonException e) {
            return false;
        }
    }

    @Test
    void whatEndsIsWhatWasAskedForAloneAndInACrowd() throws Exception {
        EngineConfig config = EngineConfig.of(TestData.folder("models").resolve("stories260K-f32.gguf"));
        try (Engine engine = Engine.open(config);
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            int numEnded = 0;
            for (Case wanted : cases()) {
                List<Future<Completion>> crowd = new ArrayList<>();
                for (int seed = 0; seed < 20; seed++) {
                    GenerationRequest request = request(wanted.guide, seed);
                    crowd.add(threads.submit(() -> complete(engine, request)));
                }
                for (int seed = 0; seed < 20; seed++) {
                    Completion answer = crowd.get(seed).get();
                    if (answer.finishReason() == FinishReason.STOP) {
                        numEnded++;
                        assertThat(wanted.oracle.test(answer.text()))
                                .as(answer.text())
                                .isTrue();
                    }
                    if (seed % 5 == 0) {
                        assertThat(complete(engine, request(wanted.guide, seed)))
                                .isEqualTo(answer);
                    }
                }
            }
            assertThat(numEnded).isGreaterThan(20 * 4);
        }
    }

    private static GenerationRequest request(Guide guide, int seed) {
        return GenerationRequest.text("Once upon a time")
                .withGuide(guide)
                .withSampling(SamplingParams.builder()
                        .temperature(1.5)
                        .seed(seed)
                        .maxTokens(120)
                        .build());
    }

    private static Completion complete(Engine engine, GenerationRequest request) {
        return engine.generate(request).completions().getFirst();
    }
}
