package tokamak;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;

/** What an engine that has nothing to do must look like. */
final class TestBooks {
    private TestBooks() {}

    /** Waits, at most ten seconds, until nothing runs or waits, and insists that no block is lost then. */
    static void requireEmpty(Engine engine) {
        long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
        while (engine.stats().numOpenAnswers() > 0 || engine.stats().numRequestsRunning() > 0) {
            assertThat(System.nanoTime()).as("still %s", engine.stats()).isLessThan(end);
            Thread.onSpinWait();
        }
        EngineStats stats = engine.stats();
        assertThat(stats.numRequestsWaiting()).isZero();
        assertThat(stats.numKvBlocksUsed()).isZero();
    }
}
