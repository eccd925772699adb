package tokamak.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The headline property: what a request gets does not depend on who else is served, nor on how. */
class SameTokensAtAnyLoadTest {
    private static final int VOCAB = 48;
    private static final int BLOCK = 16;
    private static final int NUM_REQUESTS = 200;
    private static final int MAX_PROMPT = 150;
    private static final int MAX_OUTPUT = 40;

    private final List<SequenceRequest> requests = requests();
    private final List<RecordingSink> alone = runAlone();

    private static List<SequenceRequest> requests() {
        SplittableRandom random = new SplittableRandom(20261124);
        List<SequenceRequest> list = new ArrayList<>();
        for (int i = 0; i < NUM_REQUESTS; i++) {
            list.add(RandomRequests.next(random, VOCAB, MAX_PROMPT, MAX_OUTPUT));
        }
        return list;
    }

    private List<RecordingSink> runAlone() {
        List<RecordingSink> sinks = new ArrayList<>();
        for (SequenceRequest request : requests) {
            // A new engine each: nothing is cached.
            sinks.add(rig(64, 4, 256).run(request));
        }
        return sinks;
    }

    private static StepRig rig(int numBlocks, int maxNumSeqs, int maxTokens) {
        return new StepRig(
                new HashModel(VOCAB, numBlocks, BLOCK, maxTokens, 1024), StepRig.config(maxNumSeqs, maxTokens));
    }

    private void assertSameAsAlone(List<RecordingSink> sinks) {
        for (int i = 0; i < NUM_REQUESTS; i++) {
            RecordingSink expected = alone.get(i);
            RecordingSink actual = sinks.get(i);
            assertThat(actual.tokenIds).as("tokens of request %d", i).isEqualTo(expected.tokenIds);
            assertThat(actual.logprobs).as("logprobs of request %d", i).isEqualTo(expected.logprobs);
            assertThat(actual.promptLogprobs)
                    .as("prompt logprobs of request %d", i)
                    .isEqualTo(expected.promptLogprobs);
            assertThat(actual.finished).isEqualTo(expected.finished).isNotNull();
        }
    }

    /** Feeds all requests in random order while steps are made. */
    private List<RecordingSink> runTogether(StepRig rig, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<RecordingSink> sinks = new ArrayList<>();
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < NUM_REQUESTS; i++) {
            sinks.add(new RecordingSink());
            order.add(random.nextInt(i + 1), i);
        }
        int next = 0;
        while (next < NUM_REQUESTS || rig.scheduler.hasWork()) {
            for (int n = random.nextInt(4); n > 0 && next < NUM_REQUESTS; n--) {
                int i = order.get(next++);
                rig.scheduler.add(rig.sequence(requests.get(i), sinks.get(i)));
            }
            rig.step();
        }
        return sinks;
    }

    @Test
    void amongMany() {
        assertSameAsAlone(runTogether(rig(33 * 12, 33, 512), 1));
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 16, 64, 512})
    void atAnyChunkSize(int chunk) {
        StepRig rig = rig(200, 4, Math.max(chunk, 4));
        assertSameAsAlone(runTogether(rig, chunk));
    }

    @Test
    void withLongPrefillCap() {
        HashModel model = new HashModel(VOCAB, 300, BLOCK, 256, 1024);
        SchedulerConfig config = new SchedulerConfig(16, 256, 256, 7, Admission.WHOLE_PROMPT, true, 1_000_000_000L);
        assertSameAsAlone(runTogether(new StepRig(model, config), 7));
    }

    @Test
    void withPrefixHits() {
        StepRig rig = rig(4000, 8, 256);
        runTogether(rig, 2);
        long cachedBefore = rig.scheduler.stats().numCachedTokens();
        List<RecordingSink> second = runTogether(rig, 3);
        assertSameAsAlone(second);
        assertThat(rig.scheduler.stats().numCachedTokens() - cachedBefore).isGreaterThan(4000);
    }

    @Test
    void whenPreempted() {
        // Memory for hardly more than the longest request: running ones keep interrupting each other.
        StepRig rig = rig(14, 12, 64);
        assertSameAsAlone(runTogether(rig, 4));
        assertThat(rig.scheduler.stats().numPreemptions()).isGreaterThan(50);
    }

    @Test
    void withoutPrefixCache() {
        HashModel model = new HashModel(VOCAB, 40, BLOCK, 64, 1024);
        SchedulerConfig config = new SchedulerConfig(12, 64, 64, 64, Admission.WHOLE_PROMPT, false, 1_000_000_000L);
        StepRig rig = new StepRig(model, config);
        assertSameAsAlone(runTogether(rig, 5));
        assertThat(rig.scheduler.stats().numCachedTokens()).isZero();
    }

    @Test
    void withGuaranteedNoEvict() {
        HashModel model = new HashModel(VOCAB, 40, BLOCK, 64, 1024);
        SchedulerConfig config =
                new SchedulerConfig(12, 64, 64, 64, Admission.GUARANTEED_NO_EVICT, true, 1_000_000_000L);
        StepRig rig = new StepRig(model, config);
        assertSameAsAlone(runTogether(rig, 6));
        assertThat(rig.scheduler.stats().numPreemptions()).isZero();
    }
}
