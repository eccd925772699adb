package tokamak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static tokamak.EngineRig.CONFIG;
import static tokamak.EngineRig.VOCAB;
import static tokamak.EngineRig.assertInvalid;
import static tokamak.EngineRig.assertNothingLeft;
import static tokamak.EngineRig.await;
import static tokamak.EngineRig.engine;
import static tokamak.EngineRig.letters;
import static tokamak.EngineRig.model;
import static tokamak.EngineRig.request;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tokamak.api.ContextLengthException;
import tokamak.api.Generation;
import tokamak.api.GenerationRequest;
import tokamak.api.OverloadedException;
import tokamak.api.SamplingParams;
import tokamak.schedule.HashModel;

/** Too much, and nonsense; and that steps leave no garbage. */
@Timeout(120)
class EngineLimitsTest {
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
