package tokamak;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tokamak.api.Generation;
import tokamak.api.GenerationRequest;
import tokamak.api.SamplingParams;
import tokamak.api.TokenEvent;
import tokamak.schedule.HashModel;
import tokamak.text.ByteTokenizer;

/** What the engine tells JDK Flight Recorder. */
@Timeout(120)
class FlightRecorderTest {
    private static final Set<Integer> LETTERS =
            IntStream.rangeClosed('a', 'h').boxed().collect(Collectors.toSet());

    @TempDir
    private Path folder;

    /** @param numBlocks of 4 tokens */
    private static Engine engine(int numBlocks) {
        return Engine.on(
                new LoadedModel(
                        "hash",
                        new HashModel(260, numBlocks, 4, 64, 1024),
                        ByteTokenizer.create(),
                        Optional.empty(),
                        Set.of(ByteTokenizer.EOS),
                        SamplingParams.defaults(),
                        Optional.empty(),
                        () -> {}),
                EngineConfig.of(Path.of("none")).withBatchLimits(8, 64));
    }

    private static GenerationRequest request(String id, String prompt, int maxTokens) {
        return GenerationRequest.text(prompt)
                .withRequestId(id)
                .withSampling(SamplingParams.builder()
                        .temperature(0)
                        .allowedTokenIds(LETTERS)
                        .maxTokens(maxTokens)
                        .build());
    }

    private Map<String, List<RecordedEvent>> record(Runnable work) throws IOException {
        Path file = folder.resolve("engine.jfr");
        try (Recording recording = new Recording()) {
            List.of("tokamak.Step", "tokamak.Request", "tokamak.Preemption")
                    .forEach(name -> recording.enable(name).withoutThreshold());
            recording.start();
            work.run();
            recording.stop();
            recording.dump(file);
        }
        return RecordingFile.readAllEvents(file).stream()
                .collect(Collectors.groupingBy(event -> event.getEventType().getName()));
    }

    @Test
    void aRequestIsRecordedWithItsTimesAndTokens() throws IOException {
        List<Duration> queueTimes = new ArrayList<>();
        Map<String, List<RecordedEvent>> events = record(() -> {
            try (Engine engine = engine(200);
                    TokenStream stream = engine.submit(request("req-1", "p".repeat(100), 20))) {
                stream.collect(event -> {
                    if (event instanceof TokenEvent.PromptDone prompt) {
                        queueTimes.add(prompt.queueTime());
                    }
                });
            }
        });
        assertThat(events.get("tokamak.Request")).singleElement().satisfies(event -> {
            assertThat(event.getString("requestId")).isEqualTo("req-1");
            assertThat(event.getInt("promptTokens")).isEqualTo(100);
            assertThat(event.getInt("generatedTokens")).isEqualTo(20);
            assertThat(event.getString("finishReason")).isEqualTo("length");
            assertThat(event.getInt("preemptions")).isZero();
            assertThat(event.getDuration("queueTime")).isEqualTo(queueTimes.getFirst());
            assertThat(event.getDuration("prefillTime")).isPositive();
            assertThat(event.getDuration("decodeTime")).isPositive();
            assertThat(event.getDuration()).isPositive();
        });
        List<RecordedEvent> steps = events.get("tokamak.Step");
        // The prompt takes two steps of at most 64 tokens; the second chooses the first token.
        assertThat(steps).hasSize(21);
        assertThat(steps).allSatisfy(step -> {
            assertThat(step.getInt("sequences")).isEqualTo(1);
            assertThat(step.getDuration()).isBetween(Duration.ZERO, Duration.ofMinutes(2));
        });
        assertThat(steps.stream().mapToInt(step -> step.getInt("tokens")).sum()).isEqualTo(119);
        assertThat(steps.stream().mapToInt(step -> step.getInt("prefillTokens")).sum())
                .isEqualTo(100);
        assertThat(events).doesNotContainKey("tokamak.Preemption");
    }

    @Test
    void whoGivesUpItsBlocksIsRecordedAndTold() throws IOException {
        int[] preempted = new int[1];
        Map<String, List<RecordedEvent>> events = record(() -> {
            // Each of four needs 15 of 24 blocks in the end.
            try (Engine engine = engine(24)) {
                List<TokenStream> streams = IntStream.range(0, 4)
                        .mapToObj(i -> engine.submit(request("req-" + i, "prompt " + i, 52)))
                        .toList();
                List<CompletableFuture<Generation>> answers = streams.stream()
                        .map(stream -> stream.subscribe(event -> {}))
                        .toList();
                answers.forEach(CompletableFuture::join);
                preempted[0] =
                        streams.stream().mapToInt(TokenStream::numPreemptions).sum();
                assertThat(engine.stats().numPreemptions()).isEqualTo(preempted[0]);
            }
        });
        List<RecordedEvent> preemptions = events.get("tokamak.Preemption");
        assertThat(preemptions).isNotEmpty().hasSize(preempted[0]);
        assertThat(preemptions).allSatisfy(event -> {
            assertThat(event.getString("requestId")).startsWith("req-");
            assertThat(event.getInt("preemptions")).isPositive();
        });
        assertThat(events.get("tokamak.Request").stream()
                        .mapToInt(event -> event.getInt("preemptions"))
                        .sum())
                .isEqualTo(preempted[0]);
    }

    @Test
    void stepsAreCountedByTheirSize() {
        try (Engine engine = engine(200)) {
            engine.generate(request("", "p".repeat(100), 20));
            TestBooks.requireEmpty(engine);
            List<Long> sizes = engine.stats().stepSizes();
            assertThat(sizes).hasSize(EngineStats.STEP_SIZE_BOUNDS.size() + 1);
            assertThat(sizes.get(EngineStats.STEP_SIZE_BOUNDS.indexOf(1))).isEqualTo(19);
            assertThat(sizes.get(EngineStats.STEP_SIZE_BOUNDS.indexOf(64))).isEqualTo(2);
            assertThat(sizes.stream().mapToLong(Long::longValue).sum())
                    .isEqualTo(engine.stats().numSteps());
        }
    }

    @Test
    void aPromptThatIsCachedWholeSaysHowMuchOfItWasComputedAgain() {
        try (Engine engine = engine(200)) {
            engine.generate(request("", "p".repeat(40), 1));
            TestBooks.requireEmpty(engine);
            assertThat(engine.stats().numRecomputedTokens()).isZero();
            engine.generate(request("", "p".repeat(40), 1));
            TestBooks.requireEmpty(engine);
            assertThat(engine.stats().numRecomputedTokens()).isEqualTo(4);
            engine.generate(request("", "p".repeat(41), 1));
            TestBooks.requireEmpty(engine);
            assertThat(engine.stats().numRecomputedTokens()).isEqualTo(4);
        }
    }
}
