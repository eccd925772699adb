package tokamak.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WorkerTeamTest {
    @Test
    void runsEveryChunkExactlyOnce() {
        SplittableRandom random = new SplittableRandom(1);
        for (int size = 1; size <= 4; size++) {
            try (WorkerTeam team = new WorkerTeam(size)) {
                for (int round = 0; round < 2000; round++) {
                    int numChunks = random.nextInt(40);
                    AtomicIntegerArray runs = new AtomicIntegerArray(numChunks);
                    team.run((chunk, worker) -> runs.incrementAndGet(chunk), numChunks);
                    for (int chunk = 0; chunk < numChunks; chunk++) {
                        assertThat(runs.get(chunk))
                                .as("runs of chunk %d of %d", chunk, numChunks)
                                .isEqualTo(1);
                    }
                }
            }
        }
    }

    @Test
    void membersAreNumberedWithinTheTeam() {
        try (WorkerTeam team = new WorkerTeam(3)) {
            AtomicIntegerArray seen = new AtomicIntegerArray(3);
            for (int round = 0; round < 1000; round++) {
                team.run((chunk, worker) -> seen.incrementAndGet(worker), 8);
            }
            assertThat(seen.get(0) + seen.get(1) + seen.get(2)).isEqualTo(8000);
        }
    }

    @Test
    void parkedWorkersComeBack() throws InterruptedException {
        try (WorkerTeam team = new WorkerTeam(2)) {
            for (int round = 0; round < 5; round++) {
                Thread.sleep(30);
                AtomicIntegerArray runs = new AtomicIntegerArray(64);
                team.run((chunk, worker) -> runs.incrementAndGet(chunk), 64);
                for (int chunk = 0; chunk < 64; chunk++) {
                    assertThat(runs.get(chunk)).isEqualTo(1);
                }
            }
        }
    }

    @Test
    void aFailureReachesTheCallerAndTheTeamGoesOn() {
        try (WorkerTeam team = new WorkerTeam(3)) {
            for (int round = 0; round < 200; round++) {
                int bad = round % 20;
                assertThatThrownBy(() -> team.run(
                                (chunk, worker) -> {
                                    if (chunk == bad) {
                                        throw new IllegalStateException("chunk " + chunk);
                                    }
                                },
                                20))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessage("chunk " + bad);
                AtomicIntegerArray runs = new AtomicIntegerArray(10);
                team.run((chunk, worker) -> runs.incrementAndGet(chunk), 10);
                assertThat(runs.get(9)).isEqualTo(1);
            }
        }
    }
}
