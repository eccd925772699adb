package tokamak;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import tokamak.api.GenerationRequest;
import tokamak.api.SamplingParams;

/**
 * Many requests with random cancels through an engine with real kernels and little memory: nothing is left and the process
 * does not grow. With {@code -Dtokamak.full=true} it is 10,000 requests, and the memory of the process is held against what it
 * was after the first 3,000.
 */
class SoakTest {
    private static final boolean FULL = Boolean.getBoolean("tokamak.full");
    private static final int NUM_REQUESTS = FULL ? 10_000 : 400;
    private static final int ROUNDS = 10;
    private static final int THREADS = 8;

    private final AtomicInteger numCancelled = new AtomicInteger();

    @Test
    void nothingIsLeftAfterManyRequestsWithRandomCancels() throws Exception {
        EngineConfig config = EngineConfig.of(Path.of("tiny"))
                .withMaxModelLen(256)
                .withKvCacheMemoryBytes(1 << 20)
                .withBatchLimits(16, 64)
                .withNumThreads(2);
        List<Long> resident = new ArrayList<>();
        try (Engine engine = Engine.open(Benchmark.open(new BenchOptions.Subject.Shape("tiny", "Q4_0")), config);
                var threads = Executors.newFixedThreadPool(THREADS)) {
            for (int round = 0; round < ROUNDS; round++) {
                List<Future<?>> users = new ArrayList<>();
                for (int user = 0; user < THREADS; user++) {
                    SplittableRandom random = new SplittableRandom(round * THREADS + user);
                    users.add(threads.submit(() -> use(engine, random, NUM_REQUESTS / ROUNDS / THREADS)));
                }
                for (Future<?> user : users) {
                    user.get();
                }
                System.gc();
                resident.add(residentKib());
            }
            long end = System.nanoTime() + 30_000_000_000L;
            while (engine.stats().numOpenAnswers() + engine.stats().numRequestsRunning() > 0
                    && System.nanoTime() < end) {
                Thread.sleep(1);
            }
            EngineStats stats = engine.stats();
            assertThat(stats.numOpenAnswers()).isZero();
            assertThat(stats.numRequestsRunning() + stats.numRequestsWaiting()).isZero();
            assertThat(stats.numKvBlocksUsed()).isZero();
            assertThat(stats.numLoopFailures() + stats.numFailed()).isZero();
            assertThat(numCancelled.get()).isGreaterThan(NUM_REQUESTS / 8);
            if (FULL) {
                assertThat(stats.numPreemptions()).isPositive();
            }
        }
        System.out.println("resident KiB after each tenth of " + NUM_REQUESTS + " requests: " + resident);
        if (FULL && resident.getLast() > 0) {
            assertThat(resident.getLast()).isLessThan((long) (1.05 * resident.get(2)));
        }
    }

    private void use(Engine engine, SplittableRandom random, int count) {
        for (int i = 0; i < count; i++) {
            SamplingParams params = SamplingParams.builder()
                    .temperature(random.nextInt(2))
                    .seed(random.nextLong())
                    .n(random.nextInt(1, 3))
                    .maxTokens(random.nextInt(1, 50))
                    .ignoreEos(true)
                    .build();
            int[] ids =
                    random.ints(random.nextInt(1, 150), 0, engine.numTokens()).toArray();
            try (TokenStream stream = engine.submit(GenerationRequest.tokens(ids)
                    .withTenant("tenant " + random.nextInt(5))
                    .withSampling(params))) {
                if (random.nextInt(4) == 0) {
                    for (int n = random.nextInt(4); n > 0; n--) {
                        stream.next();
                    }
                    stream.cancel();
                    numCancelled.incrementAndGet();
                } else {
                    stream.collect();
                }
            }
        }
    }

    /** 0 where the system does not say. */
    private static long residentKib() throws IOException {
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) {
            return 0;
        }
        return Files.readAllLines(status).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst()
                .orElse(0);
    }
}
