package tokamak;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** What an engine that has nothing to do must look like. */
final class TestBooks {
    private TestBooks() {}

    /** Insists that within a minute nothing runs or waits any more and every block is free: numbers come step by step. */
    static void requireEmpty(Engine engine) {
        long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (!isEmpty(engine.stats())) {
            assertThat(System.nanoTime()).as("still %s", engine.stats()).isLessThan(end);
            // Not spinning: on two cores that would hold up what is waited for.
            LockSupport.parkNanos(500_000);
        }
    }

    private static boolean isEmpty(EngineStats stats) {
        return stats.numOpenAnswers() == 0
                && stats.numRequestsRunning() == 0
                && stats.numRequestsWaiting() == 0
                && stats.numKvBlocksUsed() == 0;
    }
}
