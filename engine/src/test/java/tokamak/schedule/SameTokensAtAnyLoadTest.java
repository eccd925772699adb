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

    private final List<SequenceRequest> requests =
            Crowd.requests(NUM_REQUESTS, 20261124, VOCAB, MAX_PROMPT, MAX_OUTPUT);
    private final List<RecordingSink> alone = runAlone();

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
        Crowd.assertSame(sinks, alone);
    }

    private List<RecordingSink> runTogether(StepRig rig, long seed) {
        return Crowd.run(rig, requests, seed);
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
        SchedulerConfig config = new SchedulerConfig(
                16, 256, 256, 7, Double.POSITIVE_INFINITY, Admission.WHOLE_PROMPT, true, 1_000_000_000L);
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
        SchedulerConfig config = new SchedulerConfig(
                12, 64, 64, 64, Double.POSITIVE_INFINITY, Admission.WHOLE_PROMPT, false, 1_000_000_000L);
        StepRig rig = new StepRig(model, config);
        assertSameAsAlone(runTogether(rig, 5));
        assertThat(rig.scheduler.stats().numCachedTokens()).isZero();
    }

    @Test
    void withGuaranteedNoEvict() {
        HashModel model = new HashModel(VOCAB, 40, BLOCK, 64, 1024);
        SchedulerConfig config = new SchedulerConfig(
                12, 64, 64, 64, Double.POSITIVE_INFINITY, Admission.GUARANTEED_NO_EVICT, true, 1_000_000_000L);
        StepRig rig = new StepRig(model, config);
        assertSameAsAlone(runTogether(rig, 6));
        assertThat(rig.scheduler.stats().numPreemptions()).isZero();
    }

    /** How many prompt tokens join a step depends on what earlier steps took: time may be anything. */
    @Test
    void howeverLongStepsTake() {
        SplittableRandom random = new SplittableRandom(8);
        StepRig[] rig = new StepRig[1];
        int[] paced = new int[1];
        HashModel model = new HashModel(VOCAB, 300, BLOCK, 256, 1024).beforeStep(step -> {
            rig[0].nanos += random.nextLong(1, 1L << random.nextInt(1, 32));
            paced[0] += step.numSequences() > 1 && step.numTokens() < 64 ? 1 : 0;
        });
        rig[0] = new StepRig(
                model, new SchedulerConfig(16, 256, 256, 256, 1.5, Admission.WHOLE_PROMPT, true, 1_000_000_000L));
        assertSameAsAlone(runTogether(rig[0], 8));
        assertThat(paced[0]).isGreaterThan(200);
    }
}
