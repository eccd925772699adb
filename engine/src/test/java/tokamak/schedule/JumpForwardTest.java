package tokamak.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tokamak.api.FinishReason;
import tokamak.api.Guide;
import tokamak.api.SamplingParams;
import tokamak.grammar.FakeVocabulary;
import tokamak.grammar.Grammar;
import tokamak.grammar.GrammarCompiler;

/** Tokens that guides force are appended without a forward pass each. Who asks for logprobs gets one for every token. */
class JumpForwardTest {
    private static final int BLOCK = 16;
    private static final int NUM_REQUESTS = 70;

    private final FakeVocabulary vocabulary = new FakeVocabulary(1);
    private final int eos = vocabulary.special("<eos>");
    private final List<Grammar> grammars = grammars();
    private final List<SequenceRequest> requests = requests();
    private final List<RecordingSink> asked = requests.stream()
            .map(request -> rig(64, 4, 256, Integer.MAX_VALUE)
                    .run(RandomRequests.withParams(
                            request, request.params().toBuilder().logprobs(1).build())))
            .toList();

    private List<Grammar> grammars() {
        GrammarCompiler compiler = new GrammarCompiler(vocabulary, vocabulary.size(), vocabulary::longestTokens);
        String schema = "{\"type\":\"array\",\"minItems\":2,\"items\":{\"type\":\"object\",\"properties\":{"
                + "\"call the foobar\":{\"enum\":[\"false friend\",\"true friend\"]},\"abababab\":{\"type\":\"boolean\"}},"
                + "\"required\":[\"call the foobar\",\"abababab\"],\"additionalProperties\":false}}";
        Guide tag = new Guide.Tagged(
                List.of(new Guide.Tag("<tool>call(", new Guide.Regex("(foobar|true)+"), ")</tool>")),
                List.of("<tool>"),
                true,
                false,
                true);
        return List.of(
                compiler.compile(new Guide.JsonSchema(schema, true)),
                compiler.compile(new Guide.Choice(List.of("foobar the call", "foobar the truth", "日本語 foobar"))),
                compiler.compile(Guide.sequence(
                        Guide.literal("foobar bar baz "), new Guide.Regex("[a-c]{1,8}"), Guide.literal(" the foobar"))),
                compiler.compile(Guide.literal("foobar ".repeat(40))),
                compiler.compile(tag),
                compiler.compile(
                        Guide.afterReasoning("</think>", OptionalInt.of(6), new Guide.Regex("the foo[0-9]+"))));
    }

    private List<SequenceRequest> requests() {
        SplittableRandom random = new SplittableRandom(77);
        List<SequenceRequest> list = new ArrayList<>();
        for (int i = 0; i < NUM_REQUESTS; i++) {
            SequenceRequest any = RandomRequests.next(random, vocabulary.size(), 60, 60);
            SamplingParams params = params(random, any.params());
            Grammar grammar = random.nextInt(6) == 0 ? null : grammars.get(random.nextInt(grammars.size()));
            list.add(new SequenceRequest(
                    any.promptIds(),
                    params,
                    any.seed(),
                    any.maxTokens(),
                    random.nextInt(4) == 0 ? Set.of(eos, vocabulary.special("</tool>")) : Set.of(eos),
                    any.promptTopLogprobs(),
                    any.priority(),
                    any.tenant(),
                    any.cacheSalt(),
                    any.deadlineNanos(),
                    any.timeout(),
                    grammar));
        }
        return list;
    }

    private SamplingParams params(SplittableRandom random, SamplingParams any) {
        SamplingParams.Builder builder = SamplingParams.builder()
                .seed(random.nextLong())
                .temperature(any.temperature())
                .topK(any.topK())
                .topP(any.topP())
                .minP(any.minP())
                .repetitionPenalty(any.repetitionPenalty())
                .frequencyPenalty(any.frequencyPenalty())
                .logitBias(any.logitBias())
                .minTokens(random.nextInt(3) == 0 ? random.nextInt(1, 4) : 0);
        if (random.nextInt(4) == 0) {
            builder.badWordIds(List.of(List.of((int) 'q'), List.of((int) 'a', (int) 'b')));
        }
        return builder.build();
    }

    private StepRig rig(int numBlocks, int maxNumSeqs, int maxTokens, int longPrefillCap) {
        SchedulerConfig config = new SchedulerConfig(
                maxNumSeqs,
                maxTokens,
                maxTokens,
                Math.min(longPrefillCap, maxTokens),
                Double.POSITIVE_INFINITY,
                Admission.WHOLE_PROMPT,
                true,
                1_000_000_000L);
        return new StepRig(new HashModel(vocabulary.size(), numBlocks, BLOCK, maxTokens, 1024), config);
    }

    private void assertSame(StepRig rig, long seed) {
        List<RecordingSink> together = Crowd.run(rig, requests, seed);
        for (int i = 0; i < requests.size(); i++) {
            RecordingSink expected = asked.get(i);
            RecordingSink actual = together.get(i);
            assertThat(actual.tokenIds).as("tokens of request %d", i).isEqualTo(expected.tokenIds);
            assertThat(actual.finished).as("end of request %d", i).isEqualTo(expected.finished);
            assertThat(actual.failure == null).isEqualTo(expected.failure == null);
        }
        assertThat(rig.scheduler.stats().numForcedTokens()).isGreaterThan(150);
    }

    @Test
    void theModelIsAskedAboutEveryTokenOfWhichSomethingIsToBeSaid() {
        for (RecordingSink sink : asked) {
            assertThat(sink.logprobs).hasSameSizeAs(sink.tokenIds);
        }
        assertThat(asked.stream().filter(sink -> sink.failure != null).count()).isLessThan(NUM_REQUESTS / 4);
        assertThat(asked.stream().map(sink -> sink.finished)).contains(FinishReason.STOP, FinishReason.LENGTH);
    }

    @Test
    void sameTokensAmongMany() {
        assertSame(rig(600, 32, 256, Integer.MAX_VALUE), 1);
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 7, 64})
    void sameTokensAtAnyChunkSize(int chunk) {
        assertSame(rig(200, 4, chunk, Integer.MAX_VALUE), chunk);
    }

    @Test
    void sameTokensWhereStepsOfOneAreShort() {
        assertSame(rig(200, 8, 64, 3), 3);
    }

    @Test
    void sameTokensWhenPreempted() {
        StepRig rig = rig(9, 12, 64, Integer.MAX_VALUE);
        assertSame(rig, 4);
        assertThat(rig.scheduler.stats().numPreemptions()).isGreaterThan(10);
    }

    @Test
    void aForcedTextTakesAStepForManyTokens() {
        StepRig rig = rig(64, 4, 256, Integer.MAX_VALUE);
        SequenceRequest request = new SequenceRequest(
                new int[] {1, 2, 3},
                SamplingParams.greedy(),
                0,
                500,
                Set.of(eos),
                OptionalInt.empty(),
                0,
                "",
                "",
                Long.MAX_VALUE,
                Duration.ZERO,
                grammars.get(3));
        RecordingSink sink = rig.run(request);
        assertThat(sink.tokenIds).hasSize(80);
        assertThat(sink.finished).isEqualTo(FinishReason.STOP);
        assertThat(rig.scheduler.stats().numSteps()).isEqualTo(1);
        assertThat(rig.scheduler.stats().numForcedTokens()).isEqualTo(79);
    }
}
