package tokamak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tokamak.api.ContextLengthException;
import tokamak.api.DeadlineExceededException;
import tokamak.api.EngineClosedException;
import tokamak.api.FinishReason;
import tokamak.api.Generation;
import tokamak.api.GenerationRequest;
import tokamak.api.InvalidRequestException;
import tokamak.api.Message;
import tokamak.api.OverloadedException;
import tokamak.api.Prompt;
import tokamak.api.SamplingParams;
import tokamak.api.StepFailedException;
import tokamak.api.TokenEvent;
import tokamak.api.Usage;
import tokamak.schedule.HashModel;
import tokamak.text.ByteTokenizer;
import tokamak.text.ChatTemplate;

@Timeout(120)
class EngineTest {
    private static final int VOCAB = 260; // 3 more than there are tokens
    private static final Set<Integer> LETTERS =
            IntStream.rangeClosed('a', 'h').boxed().collect(Collectors.toSet());

    private static final String TEMPLATE = """
            {%- for message in messages -%}
            {%- if message.role == 'fool' -%}{{- raise_exception('no fools') -}}{%- endif -%}
            [{{ message.role }}]{{ message.content }}
            {%- endfor -%}
            {%- if add_generation_prompt -%}[assistant]{%- endif -%}
            """;

    private static final EngineConfig CONFIG = EngineConfig.of(Path.of("none")).withBatchLimits(8, 64);

    private static HashModel model() {
        return new HashModel(VOCAB, 200, 16, 64, 1024);
    }

    private static Engine engine(HashModel model, EngineConfig config) {
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

    private static Engine engine() {
        return engine(model(), CONFIG);
    }

    private static SamplingParams.Builder letters(int maxTokens) {
        return SamplingParams.builder().temperature(0).allowedTokenIds(LETTERS).maxTokens(maxTokens);
    }

    private static GenerationRequest request(String prompt, SamplingParams.Builder params) {
        return GenerationRequest.text(prompt).withSampling(params.build());
    }

    private static void assertNothingLeft(Engine engine) {
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

    // ---- answers

    @Test
    void eventsComeInOrderAndAddUpToTheAnswer() {
        try (Engine engine = engine()) {
            Generation whole = engine.generate(request("hello", letters(20)));
            TokenStream stream = engine.submit(request("hello", letters(20)));
            List<TokenEvent> events = new ArrayList<>();
            stream.forEach(events::add);
            assertThat(events.getFirst()).isInstanceOf(TokenEvent.PromptDone.class);
            assertThat(events.getLast())
                    .isEqualTo(new TokenEvent.Finished(
                            0, FinishReason.LENGTH, Optional.empty(), OptionalInt.empty(), new Usage(5, 20, 0)));
            String text = events.stream()
                    .map(event -> event instanceof TokenEvent.Delta delta ? delta.text() : "")
                    .collect(Collectors.joining());
            assertThat(text).isEqualTo(whole.text()).hasSize(20);
            assertThat(whole.usage()).isEqualTo(new Usage(5, 20, 0));
            assertThat(whole.promptTokenIds()).containsExactly(104, 101, 108, 108, 111);
            assertThat(stream.next()).isNull();
        }
    }

    @Test
    void manyThreadsGetWhatEachWouldGetAlone() throws Exception {
        List<GenerationRequest> requests = new ArrayList<>();
        SplittableRandom random = new SplittableRandom(5);
        for (int i = 0; i < 60; i++) {
            SamplingParams.Builder params = letters(random.nextInt(1, 40)).logprobs(2);
            if (i % 2 == 0) {
                params.temperature(1).seed(i);
            }
            requests.add(request("shared beginning of all prompts ".repeat(i % 3) + i, params));
        }
        List<Generation> alone = new ArrayList<>();
        for (GenerationRequest request : requests) {
            try (Engine engine = engine(model(), CONFIG.withPrefixCaching(false))) {
                alone.add(engine.generate(request));
            }
        }
        try (Engine engine = engine();
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Generation>> together = new ArrayList<>();
            for (GenerationRequest request : requests) {
                together.add(threads.submit(() -> engine.generate(request)));
            }
            for (int i = 0; i < requests.size(); i++) {
                Generation one = alone.get(i);
                Generation among = together.get(i).get();
                assertThat(among.completions()).isEqualTo(one.completions());
            }
            assertNothingLeft(engine);
        }
    }

    @Test
    void severalAnswersDifferAndTheFirstIsTheOneThatWouldComeAlone() {
        try (Engine engine = engine()) {
            SamplingParams.Builder params = letters(12).temperature(1).seed(3);
            Generation one = engine.generate(request("prompt", params));
            Generation three = engine.generate(request("prompt", params.n(3)));
            Generation again = engine.generate(request("prompt", params));
            assertThat(three.completions()).hasSize(3);
            assertThat(three.completions().getFirst().tokenIds())
                    .isEqualTo(one.completions().getFirst().tokenIds());
            assertThat(new HashSet<>(
                            three.completions().stream().map(c -> c.text()).toList()))
                    .hasSize(3);
            assertThat(again.completions()).isEqualTo(three.completions());
            assertThat(three.usage().completionTokens()).isEqualTo(36);
            assertThat(three.usage().promptTokens()).isEqualTo(6);
        }
    }

    @Test
    void bestOfKeepsTheMostLikelyAnswers() {
        try (Engine engine = engine()) {
            SamplingParams.Builder params = letters(6).temperature(1).seed(3).logprobs(0);
            Generation all = engine.generate(request("prompt", params.n(8)));
            Generation best = engine.generate(request("prompt", params.n(2).bestOf(8)));
            List<String> expected = all.completions().stream()
                    .sorted((a, b) -> Double.compare(meanLogprob(b), meanLogprob(a)))
                    .limit(2)
                    .map(completion -> completion.text())
                    .toList();
            assertThat(best.completions())
                    .extracting(completion -> completion.text())
                    .isEqualTo(expected);
            assertThat(best.completions())
                    .extracting(completion -> completion.index())
                    .containsExactly(0, 1);
            assertThat(best.usage().completionTokens())
                    .as("what was thrown away was paid for")
                    .isEqualTo(48);
        }
    }

    private static double meanLogprob(tokamak.api.Completion completion) {
        return completion.logprobs().stream()
                .mapToDouble(logprobs -> logprobs.chosen().logprob())
                .average()
                .orElseThrow();
    }

    @Test
    void stopStringsEndTheAnswerWhereverTokensPart() {
        try (Engine engine = engine()) {
            String text = engine.generate(request("stop", letters(40))).text();
            String stop = text.substring(9, 13); // four tokens
            int at = text.indexOf(stop);
            Generation cut = engine.generate(request("stop", letters(40).stop("zz", stop)));
            assertThat(cut.text()).isEqualTo(text.substring(0, at));
            assertThat(cut.completions().getFirst().finishReason()).isEqualTo(FinishReason.STOP);
            assertThat(cut.completions().getFirst().stopString()).contains(stop);
            assertThat(cut.usage().completionTokens()).isEqualTo(at + 4);
            Generation with =
                    engine.generate(request("stop", letters(40).stop(stop).includeStopString(true)));
            assertThat(with.text()).isEqualTo(text.substring(0, at + 4));
        }
    }

    @Test
    void aStopStringThatNeverCompletesIsGivenBackAtTheEnd() {
        try (Engine engine = engine()) {
            String text = engine.generate(request("stop", letters(10))).text();
            Generation held = engine.generate(request("stop", letters(10).stop(text.substring(7) + "x")));
            assertThat(held.text()).isEqualTo(text);
            assertThat(held.completions().getFirst().finishReason()).isEqualTo(FinishReason.LENGTH);
        }
    }

    @Test
    void anAnswerWithAStopStringIsCancelledInTheEngine() throws Exception {
        try (Engine engine = engine(model().beforeStep(step -> sleep(1)), CONFIG)) {
            String text = engine.generate(request("stop", letters(10))).text();
            engine.generate(request("stop", letters(900).stop(text.substring(2, 6))));
            assertNothingLeft(engine);
            assertThat(engine.stats().numAborted()).isOne();
        }
    }

    @Test
    void stopTokensEndTheAnswerAndAreNotPartOfItsText() {
        try (Engine engine = engine()) {
            String text = engine.generate(request("ids", letters(40))).text();
            int stopId = text.charAt(12);
            int at = text.indexOf(stopId);
            Generation cut = engine.generate(request("ids", letters(40).stopTokenIds(Set.of(stopId))));
            assertThat(cut.text()).isEqualTo(text.substring(0, at));
            assertThat(cut.completions().getFirst().tokenIds()).hasSize(at + 1).endsWith(stopId);
            assertThat(cut.completions().getFirst().stopTokenId()).hasValue(stopId);
            Generation later = engine.generate(
                    request("ids", letters(40).stopTokenIds(Set.of(stopId)).minTokens(20)));
            assertThat(later.text()).hasSizeGreaterThanOrEqualTo(20).doesNotContain(Character.toString(stopId));
        }
    }

    @Test
    void theModelsEndTokenEndsTheAnswerUnlessItIsIgnored() {
        try (Engine engine = engine()) {
            SamplingParams.Builder params = letters(10)
                    .allowedTokenIds(Set.of(ByteTokenizer.EOS, (int) 'a'))
                    .logitBias(Map.of(ByteTokenizer.EOS, 100.0));
            Generation ended = engine.generate(request("eos", params));
            assertThat(ended.completions().getFirst().tokenIds()).containsExactly(ByteTokenizer.EOS);
            assertThat(ended.completions().getFirst().finishReason()).isEqualTo(FinishReason.STOP);
            assertThat(ended.completions().getFirst().stopTokenId()).isEmpty();
            assertThat(ended.text()).isEmpty();
            Generation ignored = engine.generate(request("eos", params.ignoreEos(true)));
            assertThat(ignored.completions().getFirst().tokenIds()).hasSize(10);
        }
    }

    @Test
    void badWordsNeverCome() {
        try (Engine engine = engine()) {
            String text = engine.generate(request("bad", letters(60))).text();
            String bad = text.substring(20, 23);
            String clean = engine.generate(request("bad", letters(60).badWords(List.of(bad))))
                    .text();
            assertThat(clean).hasSize(60).doesNotContain(bad).startsWith(text.substring(0, text.indexOf(bad) + 2));
        }
    }

    @Test
    void scoreIsWhatLogprobsSay() {
        try (Engine engine = engine()) {
            SamplingParams.Builder params = SamplingParams.builder()
                    .temperature(0)
                    .maxTokens(20)
                    .logprobs(10)
                    .ignoreEos(true);
            Generation generation =
                    engine.generate(GenerationRequest.tokens(5, 6, 7).withSampling(params.build()));
            var completion = generation.completions().getFirst();
            int[] all = new int[22];
            all[0] = 5;
            all[1] = 6;
            all[2] = 7;
            for (int i = 0; i < 19; i++) {
                all[3 + i] = completion.tokenIds().get(i);
            }
            var score = engine.score(new Prompt.Tokens(all));
            assertThat(score.tokenIds()).hasSize(22);
            assertThat(score.logprobs()).hasSize(21);
            for (int i = 0; i < 19; i++) {
                assertThat(score.logprobs().get(2 + i))
                        .isEqualTo(completion.logprobs().get(i).chosen().logprob());
            }
            assertThat(score.top()).isEqualTo(completion.logprobs().get(19).top());
            assertThat(engine.score(new Prompt.Tokens(new int[1024])).logprobs())
                    .hasSize(1023);
        }
    }

    /** The last token of an answer is not computed again and needs no place in memory. */
    @Test
    @Timeout(60)
    void aTextMayFillAllMemory() {
        for (boolean guaranteed : new boolean[] {false, true}) {
            try (Engine engine =
                    engine(new HashModel(VOCAB, 4, 16, 64, 64), CONFIG.withGuaranteedNoEvict(guaranteed))) {
                assertThat(engine.score(new Prompt.Tokens(new int[64])).logprobs())
                        .hasSize(63);
            }
        }
    }

    @Test
    void promptLogprobsComeWithTheAnswer() {
        try (Engine engine = engine()) {
            Generation generation = engine.generate(
                    request("some text", letters(2).promptLogprobs(3).n(2)));
            assertThat(generation.promptLogprobs())
                    .hasSize(8)
                    .allMatch(logprobs -> logprobs.top().size() == 3);
            assertThat(generation.promptLogprobs())
                    .extracting(logprobs -> logprobs.chosen().tokenId())
                    .isEqualTo(generation.promptTokenIds().subList(1, 9));
        }
    }

    @Test
    void aChatIsWrittenOutByTheTemplate() {
        try (Engine engine = engine()) {
            Prompt.Chat chat = Prompt.Chat.of(Message.system("be brief"), Message.user("hello"));
            assertThat(engine.render(chat)).isEqualTo("[system]be brief[user]hello[assistant]");
            Generation ofChat = engine.generate(
                    GenerationRequest.of(chat).withSampling(letters(5).build()));
            assertThat(ofChat.completions())
                    .isEqualTo(engine.generate(request("[system]be brief[user]hello[assistant]", letters(5)))
                            .completions());
            assertInvalid(engine, GenerationRequest.chat(Message.of("fool", "x")), "messages", "no fools");
        }
    }

    @Test
    void aSubscriberGetsEveryEvent() throws Exception {
        try (Engine engine = engine()) {
            StringBuilder text = new StringBuilder();
            CompletableFuture<Generation> future = engine.submit(request("call me", letters(15)))
                    .subscribe(event -> {
                        if (event instanceof TokenEvent.Delta delta) {
                            text.append(delta.text());
                        }
                    });
            assertThat(future.get().text()).isEqualTo(text.toString()).hasSize(15);
            CompletableFuture<Generation> broken = engine.submit(request("call me", letters(500)))
                    .subscribe(event -> {
                        throw new IllegalStateException("no thanks");
                    });
            assertThatThrownBy(broken::get)
                    .isInstanceOf(ExecutionException.class)
                    .hasMessageContaining("no thanks");
            assertNothingLeft(engine);
        }
    }

    // ---- the end of things

    @Test
    void cancellingEndsAnAnswerAndFreesItsBlocks() throws Exception {
        try (Engine engine = engine(model().beforeStep(step -> sleep(1)), CONFIG)) {
            TokenStream stream = engine.submit(request("cancel", letters(1000)));
            for (int i = 0; i < 5; i++) {
                stream.next();
            }
            stream.cancel();
            Generation rest = stream.collect();
            assertThat(rest.completions().getFirst().finishReason()).isEqualTo(FinishReason.ABORT);
            assertNothingLeft(engine);
        }
    }

    @Test
    void anInterruptedReaderCancels() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        HashModel model = model().beforeStep(step -> await(go));
        try (Engine engine = engine(model, CONFIG)) {
            TokenStream stream = engine.submit(request("interrupt", letters(1000)));
            Throwable[] thrown = new Throwable[1];
            Thread reader = Thread.startVirtualThread(() -> thrown[0] = catchThrowable(stream::collect));
            Thread.sleep(20);
            reader.interrupt();
            reader.join();
            go.countDown();
            assertThat(thrown[0]).isInstanceOf(CancellationException.class);
            assertNothingLeft(engine);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void closingEndsWhatRunsWithATypedErrorAndRefusesTheRest() {
        HashModel model = model().beforeStep(step -> sleep(2));
        Engine engine = engine(model, CONFIG);
        TokenStream stream = engine.submit(request("close", letters(1000)));
        stream.next();
        engine.close();
        assertThatThrownBy(stream::collect).isInstanceOf(EngineClosedException.class);
        assertThatThrownBy(() -> engine.submit(request("late", letters(5)))).isInstanceOf(EngineClosedException.class);
        assertThat(model.isClosed()).isTrue();
        assertNothingLeft(engine);
        engine.close();
    }

    @Test
    void shuttingDownLetsAnswersComeToTheirEnd() {
        Engine engine = engine();
        List<TokenStream> streams = IntStream.range(0, 20)
                .mapToObj(i -> engine.submit(request("drain " + i, letters(30))))
                .toList();
        assertThat(engine.shutdown(Duration.ofSeconds(60))).isTrue();
        streams.forEach(stream -> assertThat(stream.collect().text()).hasSize(30));
        assertNothingLeft(engine);
    }

    @Test
    void shuttingDownDoesNotWaitForever() {
        HashModel model = model().beforeStep(step -> sleep(20));
        Engine engine = engine(model, CONFIG);
        TokenStream stream = engine.submit(request("slow", letters(1000)));
        assertThat(engine.shutdown(Duration.ofMillis(100))).isFalse();
        assertThatThrownBy(stream::collect).isInstanceOf(EngineClosedException.class);
        assertNothingLeft(engine);
    }

    private static void sleep(int millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aPassedTimeoutIsATypedError() {
        HashModel model = model().beforeStep(step -> sleep(5));
        try (Engine engine = engine(model, CONFIG)) {
            GenerationRequest request = request("timeout", letters(1000)).withTimeout(Duration.ofMillis(60));
            assertThatThrownBy(() -> engine.generate(request))
                    .isInstanceOf(DeadlineExceededException.class)
                    .hasMessageContaining("60 ms");
        }
    }

    @Test
    void aFailingStepIsATypedErrorAndTheEngineGoesOn() {
        HashModel model = model().poison(200);
        try (Engine engine = engine(model, CONFIG)) {
            TokenStream good = engine.submit(request("good", letters(200)));
            assertThatThrownBy(() -> engine.generate(GenerationRequest.tokens(1, 2, 200)))
                    .isInstanceOf(StepFailedException.class)
                    .hasMessageContaining("poisoned token 200");
            assertThat(good.collect().text()).hasSize(200);
            assertNothingLeft(engine);
        }
    }

    @Test
    void aStepThatTakesTooLongIsReported() {
        CountDownLatch go = new CountDownLatch(1);
        HashModel model = model().beforeStep(step -> await(go));
        try (Engine engine = engine(model, CONFIG.withSlowStep(Duration.ofMillis(20)))) {
            TokenStream stream = engine.submit(request("slow", letters(3)));
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
            while (engine.stats().numSlowSteps() == 0 && System.nanoTime() < end) {
                sleep(5);
            }
            assertThat(engine.stats().numSlowSteps()).isOne();
            go.countDown();
            assertThat(stream.collect().text()).hasSize(3);
        }
    }

    // ---- too much, and nonsense

    @Test
    void aFullQueueRefusesAtOnceAndLosesNothing() {
        CountDownLatch go = new CountDownLatch(1);
        HashModel model = model().beforeStep(step -> await(go));
        int accepted = 0;
        int refused = 0;
        List<TokenStream> streams = new ArrayList<>();
        try (Engine engine = engine(model, CONFIG.withQueueLimits(100, 1 << 20))) {
            GenerationRequest request = request("flood", letters(2));
            for (int i = 0; i < 100_000; i++) {
                try {
                    streams.add(engine.submit(request));
                    accepted++;
                } catch (OverloadedException e) {
                    assertThat(e.retryAfter()).isBetween(Duration.ofSeconds(1), Duration.ofMinutes(1));
                    assertThat(e.limit()).isEqualTo("max_num_queued_reqs");
                    refused++;
                }
            }
            assertThat(accepted).isBetween(100, 108);
            assertThat(refused).isEqualTo(100_000 - accepted);
            assertThat(engine.stats().numRejected()).isEqualTo(refused);
            go.countDown();
            streams.forEach(stream -> assertThat(stream.collect().text()).hasSize(2));
            assertNothingLeft(engine);
        }
    }

    @Test
    void aQueueIsBoundedInTokensToo() {
        CountDownLatch go = new CountDownLatch(1);
        HashModel model = model().beforeStep(step -> await(go));
        try (Engine engine = engine(model, CONFIG.withQueueLimits(1000, 500))) {
            TokenStream first = engine.submit(request("x".repeat(600), letters(1))); // alone it may
            assertThatThrownBy(() -> {
                        for (int i = 0; i < 20; i++) {
                            engine.submit(request("y".repeat(200), letters(1)));
                        }
                    })
                    .isInstanceOf(OverloadedException.class)
                    .hasMessageContaining("tokens");
            go.countDown();
            assertThat(first.collect().text()).hasSize(1);
        }
    }

    @Test
    void badInputIsRefusedWithAMessageThatHelpsAndDisturbsNobody() {
        try (Engine engine = engine()) {
            TokenStream neighbour = engine.submit(request("neighbour", letters(300)));
            assertInvalid(engine, GenerationRequest.text(""), "prompt", "empty");
            assertInvalid(engine, GenerationRequest.tokens(), "prompt", "empty");
            assertInvalid(engine, GenerationRequest.tokens(1, 257), "prompt", "no token 257");
            assertInvalid(engine, GenerationRequest.tokens(1, -1), "prompt", "no token -1");
            assertInvalid(engine, request("x", letters(1).logitBias(Map.of(5000, 1.0))), "logit_bias", "no token 5000");
            assertInvalid(
                    engine, request("x", letters(1).stopTokenIds(Set.of(5000))), "stop_token_ids", "no token 5000");
            assertInvalid(
                    engine, request("x", letters(1).allowedTokenIds(Set.of(999))), "allowed_token_ids", "no token 999");
            assertThatThrownBy(() -> engine.submit(request("x".repeat(2000), letters(1))))
                    .isInstanceOf(ContextLengthException.class)
                    .hasMessageContaining("2000")
                    .hasMessageContaining("1024");
            assertThatThrownBy(() -> engine.submit(request("x", letters(Integer.MAX_VALUE))))
                    .isInstanceOf(ContextLengthException.class)
                    .hasMessageContaining("1024");
            assertThat(neighbour.collect().text()).hasSize(300);
            assertNothingLeft(engine);
        }
    }

    private static void assertInvalid(Engine engine, GenerationRequest request, String field, String message) {
        assertThatThrownBy(() -> engine.submit(request))
                .isInstanceOfSatisfying(
                        InvalidRequestException.class,
                        e -> assertThat(e.field()).isEqualTo(field))
                .hasMessageContaining(message);
    }

    @Test
    void nothingIsLeftAfterTenThousandRequestsWithRandomCancels() throws Exception {
        try (Engine engine = engine(new HashModel(VOCAB, 60, 16, 64, 256), CONFIG.withQueueLimits(100, 1 << 20));
                var threads = Executors.newFixedThreadPool(4)) {
            List<Future<int[]>> futures = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                SplittableRandom random = new SplittableRandom(t);
                futures.add(threads.submit(() -> manyRequests(engine, random, 2500)));
            }
            int cancelled = 0;
            for (Future<int[]> future : futures) {
                cancelled += future.get()[0];
            }
            assertNothingLeft(engine);
            assertThat(cancelled).isGreaterThan(500);
            assertThat(engine.stats().numFinished() + engine.stats().numAborted())
                    .isEqualTo(10_000);
        }
    }

    private static int[] manyRequests(Engine engine, SplittableRandom random, int count) {
        int[] cancelled = new int[1];
        for (int i = 0; i < count; i++) {
            String prompt = "p".repeat(random.nextInt(1, 60));
            try (TokenStream stream = engine.submit(request(prompt, letters(random.nextInt(1, 12))))) {
                if (random.nextInt(4) == 0) {
                    for (int n = random.nextInt(3); n > 0; n--) {
                        stream.next();
                    }
                    stream.cancel();
                    cancelled[0]++;
                } else {
                    stream.collect();
                }
            }
        }
        return cancelled;
    }

    // ---- no garbage

    @Test
    void aSteadyStepAllocatesNextToNothing() throws Exception {
        // Asking costs a kilobyte itself: it is done twice, 400 steps apart.
        long[] allocated = new long[2];
        int[] step = new int[1];
        CountDownLatch go = new CountDownLatch(1);
        HashModel model = new HashModel(VOCAB, 4000, 16, 64, 8192).beforeStep(input -> {
            await(go);
            step[0] += input.numSequences() == 8 ? 1 : 0;
            if (step[0] == 100 || step[0] == 500) {
                allocated[step[0] == 100 ? 0 : 1] = Allocation.bytes();
            }
        });
        try (Engine engine = engine(model, CONFIG)) {
            List<Future<Generation>> answers = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                SamplingParams.Builder params = letters(900)
                        .temperature(i % 2)
                        .frequencyPenalty(i % 3 == 0 ? 0.1 : 0)
                        .topP(i % 4 == 0 ? 0.9 : 1)
                        .seed(i);
                answers.add(engine.submit(request("steady " + i, params)).subscribe(event -> {}));
            }
            go.countDown();
            for (Future<Generation> answer : answers) {
                answer.get(60, TimeUnit.SECONDS);
            }
        }
        assertThat(step[0]).isGreaterThan(500);
        assertThat((allocated[1] - allocated[0]) / 400).isBetween(0L, 1024L);
    }
}
