package tokamak.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tokamak.api.EngineClosedException;
import tokamak.api.StepFailedException;

/** Blocks that come back late, in part or never: the tokens stay the same and the books balance. */
class KeptBlocksTest {
    private static final int VOCAB = 48;
    private static final int BLOCK = 16;

    private static StepRig rig(int numBlocks, SlowBlockStore[] store) {
        HashModel model = new HashModel(VOCAB, numBlocks, BLOCK, 64, 1024);
        store[0] = new SlowBlockStore(model.kvMemory(), numBlocks);
        StepRig rig = new StepRig(model, StepRig.config(12, 64), store[0]);
        rig.beforeStep = () -> store[0].bringSome(rig.scheduler);
        return rig;
    }

    @ParameterizedTest
    @ValueSource(ints = {14, 40, 300})
    void theTokensAreThoseOfARequestAlone(int numBlocks) {
        List<SequenceRequest> requests = Crowd.requests(150, 7, VOCAB, 150, 40);
        List<RecordingSink> alone = new ArrayList<>();
        for (SequenceRequest request : requests) {
            alone.add(new StepRig(new HashModel(VOCAB, 64, BLOCK, 256, 1024), StepRig.config(4, 256)).run(request));
        }
        SlowBlockStore[] store = new SlowBlockStore[1];
        StepRig rig = rig(numBlocks, store);
        for (int round = 0; round < 3; round++) {
            Crowd.assertSame(Crowd.run(rig, requests, round), alone);
        }
        if (numBlocks < 300) {
            assertThat(rig.scheduler.stats().numLoadedBlocks()).isGreaterThan(500);
        }
    }

    @Test
    void theBooksBalanceWhateverEndsWhileBlocksAreOnTheirWay() {
        SlowBlockStore[] store = new SlowBlockStore[1];
        StepRig rig = rig(20, store);
        SplittableRandom random = new SplittableRandom(3);
        List<SequenceRequest> requests = Crowd.requests(60, 9, VOCAB, 150, 20);
        List<Sequence> sequences = new ArrayList<>();
        List<RecordingSink> sinks = new ArrayList<>();
        for (int operation = 0; operation < 20_000; operation++) {
            int kind = random.nextInt(8);
            if (kind == 0 && rig.scheduler.stats().numWaiting() < 20) {
                RecordingSink sink = new RecordingSink();
                Sequence sequence = rig.sequence(requests.get(random.nextInt(requests.size())), sink);
                rig.scheduler.add(sequence);
                sequences.add(sequence);
                sinks.add(sink);
            } else if (kind == 1 && !sequences.isEmpty()) {
                rig.scheduler.cancel(
                        sequences.get(random.nextInt(Math.max(0, sequences.size() - 12), sequences.size())));
            } else if (kind == 2 && random.nextInt(200) == 0) {
                rig.scheduler.failAll(new EngineClosedException("all end"));
            } else if (kind == 2 && random.nextInt(200) == 0) {
                rig.scheduler.abandon(new StepFailedException("start over", new IllegalStateException()));
            } else {
                rig.step();
            }
            rig.scheduler.checkIntegrity();
        }
        rig.runToEnd();
        while (store[0].numLoads() > 0) {
            store[0].bringSome(rig.scheduler);
        }
        rig.scheduler.checkIntegrity();
        rig.scheduler.refreshGauges();
        assertThat(sinks).hasSizeGreaterThan(500).allMatch(RecordingSink::isDone);
        assertThat(rig.scheduler.stats().numUsedBlocks()).isZero();
        assertThat(rig.scheduler.stats().numLoadedBlocks()).isGreaterThan(1000);
    }

    @Test
    void whatIsLoadedIsReportedAsCached() {
        SlowBlockStore[] store = new SlowBlockStore[1];
        StepRig rig = rig(14, store);
        SequenceRequest request = RandomRequests.of(
                new SplittableRandom(1).ints(100, 0, VOCAB).toArray(),
                3,
                RandomRequests.params(new SplittableRandom(5), VOCAB));
        RecordingSink first = rig.run(request);
        // All memory is used for something else.
        rig.run(RandomRequests.of(new SplittableRandom(2).ints(200, 0, VOCAB).toArray(), 3, request.params()));
        RecordingSink second = rig.run(request);
        assertThat(first.cachedTokens).isZero();
        assertThat(rig.scheduler.stats().numLoadedBlocks()).isPositive();
        assertThat(second.cachedTokens)
                .isGreaterThanOrEqualTo((int) rig.scheduler.stats().numLoadedBlocks() * BLOCK);
        assertThat(second.tokenIds).isEqualTo(first.tokenIds);
    }
}
