package tokamak.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tokamak.api.DeadlineExceededException;
import tokamak.api.FinishReason;
import tokamak.api.RepetitionDetection;
import tokamak.api.SamplingParams;
import tokamak.api.StepFailedException;

class SchedulerTest {
    private static final int VOCAB = 32;
    private static final SamplingParams GREEDY = SamplingParams.greedy();

    private static StepRig rig(int numBlocks, int maxNumSeqs, int maxTokens) {
        return new StepRig(new HashModel(VOCAB, numBlocks, 16, maxTokens, 4096), StepRig.config(maxNumSeqs, maxTokens));
    }

    private static int[] prompt(int length, int seed) {
        return new SplittableRandom(seed).ints(length, 0, VOCAB).toArray();
    }

    private static SequenceRequest request(int[] prompt, int maxTokens, int priority, String tenant, long deadline) {
        return new SequenceRequest(
                prompt,
                GREEDY,
                0,
                maxTokens,
                GREEDY.stopTokenIds(),
                OptionalInt.empty(),
                priority,
                tenant,
                "",
                deadline,
                Duration.ofMillis(5),
                null);
    }

    private static SequenceRequest request(int promptLength, int seed, int maxTokens, int priority, String tenant) {
        return request(prompt(promptLength, seed), maxTokens, priority, tenant, Long.MAX_VALUE);
    }

    private static RecordingSink add(StepRig rig, SequenceRequest request) {
        RecordingSink sink = new RecordingSink();
        rig.scheduler.add(rig.sequence(request, sink));
        return sink;
    }

    @ParameterizedTest
    @EnumSource(Admission.class)
    void theBooksBalanceAfterEveryOneOfManyRandomOperations(Admission admission) {
        SplittableRandom random = new SplittableRandom(admission.ordinal());
        HashModel model = new HashModel(VOCAB, 24, 4, 24, 4096);
        StepRig rig = new StepRig(
                model, new SchedulerConfig(6, 24, 24, 9, Double.POSITIVE_INFINITY, admission, true, 20_000_000));
        List<Sequence> sequences = new ArrayList<>();
        List<RecordingSink> sinks = new ArrayList<>();
        for (int operation = 0; operation < 55_000; operation++) {
            int kind = random.nextInt(10);
            if (kind == 0 && rig.scheduler.stats().numWaiting() < 20) {
                RecordingSink sink = new RecordingSink();
                Sequence sequence = rig.sequence(randomRequest(random, rig), sink);
                rig.scheduler.add(sequence);
                sequences.add(sequence);
                sinks.add(sink);
            } else if (kind == 1 && !sequences.isEmpty()) {
                rig.scheduler.cancel(
                        sequences.get(random.nextInt(Math.max(0, sequences.size() - 12), sequences.size())));
            } else {
                rig.step();
            }
            rig.scheduler.checkIntegrity();
        }
        rig.runToEnd();
        assertThat(sinks).hasSizeGreaterThan(1000).allMatch(RecordingSink::isDone);
        assertThat(sinks)
                .filteredOn(sink -> sink.finished == FinishReason.LENGTH)
                .hasSizeGreaterThan(300);
        assertThat(sinks)
                .filteredOn(sink -> sink.finished == FinishReason.ABORT)
                .hasSizeGreaterThan(50);
        assertThat(rig.scheduler.stats().numUsedBlocks()).isZero();
        if (admission == Admission.WHOLE_PROMPT) {
            assertThat(rig.scheduler.stats().numPreemptions()).isGreaterThan(100);
        }
    }

    private static SequenceRequest randomRequest(SplittableRandom random, StepRig rig) {
        SequenceRequest plain = RandomRequests.next(random, VOCAB, 50, 30);
        long deadline = random.nextInt(10) == 0 ? rig.nanos + random.nextInt(30_000_000) : Long.MAX_VALUE;
        return new SequenceRequest(
                plain.promptIds(),
                plain.params(),
                plain.seed(),
                plain.maxTokens(),
                plain.stopIds(),
                plain.promptTopLogprobs(),
                plain.priority(),
                plain.tenant(),
                plain.cacheSalt(),
                deadline,
                Duration.ofMillis(30),
                null);
    }

    @Test
    void everyRunningSequenceGetsATokenWhileALongPromptIsComputed() {
        StepRig rig = rig(400, 8, 32);
        List<RecordingSink> decoding = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            decoding.add(add(rig, request(5, i, 200, 0, "")));
        }
        rig.step();
        RecordingSink longOne = add(rig, request(1000, 99, 5, 0, ""));
        for (int step = 0; step < 30; step++) {
            int before =
                    decoding.stream().mapToInt(sink -> sink.tokenIds.size()).sum();
            rig.step();
            int after = decoding.stream().mapToInt(sink -> sink.tokenIds.size()).sum();
            assertThat(after - before).isEqualTo(4);
        }
        assertThat(longOne.tokenIds).isEmpty();
        assertThat(longOne.numAdmitted).isOne();
        rig.runToEnd();
        assertThat(longOne.tokenIds).hasSize(5);
    }

    @Test
    void aLongPromptDoesNotHoldUpAnswersMoreThanAllowed() {
        // A machine on which a step takes 10 ms and every prompt token 1 ms more.
        StepRig[] rig = new StepRig[1];
        long[] longest = new long[1];
        HashModel model = new HashModel(VOCAB, 400, 16, 256, 4096).beforeStep(step -> {
            long millis = 10 + (step.numTokens() - step.numSequences());
            rig[0].nanos += millis * 1_000_000;
            longest[0] = Math.max(longest[0], millis);
        });
        rig[0] = new StepRig(
                model, new SchedulerConfig(8, 256, 256, 256, 3, Admission.WHOLE_PROMPT, true, 1_000_000_000_000L));
        for (int i = 0; i < 4; i++) {
            add(rig[0], request(5, i, 300, 0, ""));
        }
        for (int step = 0; step < 50; step++) {
            rig[0].step();
        }
        RecordingSink prompt = add(rig[0], request(2000, 99, 5, 0, ""));
        longest[0] = 0;
        rig[0].step(); // nothing is known of prompts yet
        assertThat(longest[0]).isLessThan(140);
        longest[0] = 0;
        int steps = 0;
        while (prompt.tokenIds.isEmpty() && !prompt.isDone()) {
            rig[0].step();
            steps++;
        }
        assertThat(longest[0]).isBetween(25L, 31L);
        assertThat(steps).isLessThan(2000 / 15);
    }

    @Test
    void answersToOnePromptShareItsBlocks() {
        StepRig rig = rig(100, 8, 64);
        int[] prompt = prompt(163, 1);
        List<RecordingSink> sinks = IntStream.range(0, 5)
                .mapToObj(i -> add(rig, request(prompt, 20, 0, "", Long.MAX_VALUE)))
                .toList();
        rig.runToEnd();
        // The others wait until the first has computed what they share, and compute the last 3 tokens themselves.
        assertThat(sinks).extracting(sink -> sink.cachedTokens).containsExactly(0, 160, 160, 160, 160);
        assertThat(rig.scheduler.stats().numComputedTokens()).isEqualTo(163 + 4 * 3 + 5 * 19);
    }

    @Test
    void aPromptOfFullBlocksIsNotTakenFromTheCacheWhole() {
        StepRig rig = rig(100, 8, 64);
        int[] prompt = prompt(64, 1);
        rig.run(request(prompt, 1, 0, "", Long.MAX_VALUE));
        RecordingSink second = rig.run(request(prompt, 1, 0, "", Long.MAX_VALUE));
        assertThat(second.cachedTokens).isEqualTo(48);
    }

    @Test
    void saltsDoNotShare() {
        StepRig rig = rig(100, 8, 64);
        int[] prompt = prompt(64, 1);
        rig.run(request(prompt, 1, 0, "", Long.MAX_VALUE));
        SequenceRequest other = request(prompt, 1, 0, "", Long.MAX_VALUE);
        RecordingSink salted = rig.run(new SequenceRequest(
                prompt,
                other.params(),
                0,
                1,
                other.stopIds(),
                OptionalInt.empty(),
                0,
                "",
                "secret",
                Long.MAX_VALUE,
                Duration.ZERO,
                null));
        assertThat(salted.cachedTokens).isZero();
    }

    @Test
    void lowerPriorityNumbersAreServedFirst() {
        StepRig rig = rig(100, 1, 64);
        add(rig, request(10, 0, 5, 0, ""));
        rig.step();
        RecordingSink late = add(rig, request(10, 1, 5, 0, ""));
        RecordingSink urgent = add(rig, request(10, 2, 5, -1, ""));
        while (!urgent.isDone()) {
            rig.step();
        }
        assertThat(late.tokenIds).isEmpty();
        rig.runToEnd();
        assertThat(late.tokenIds).hasSize(5);
    }

    @Test
    void waitingImprovesPrioritySoThatNobodyStarves() {
        StepRig rig = rig(100, 1, 64); // a second of waiting counts as much as one priority
        RecordingSink modest = add(rig, request(10, 1, 5, 2, ""));
        int others = 0;
        while (!modest.isDone() && others < 200) {
            add(rig, request(10, others, 5, 0, ""));
            others++;
            for (int i = 0; i < 5; i++) {
                rig.step();
                rig.nanos += 20_000_000;
            }
        }
        assertThat(modest.isDone()).isTrue();
        assertThat(others).isGreaterThan(15).isLessThan(100);
    }

    @Test
    void aFloodOfOneTenantDoesNotHoldUpAnotherHoweverLongItHasWaited() {
        StepRig rig = rig(400, 4, 32);
        for (int i = 0; i < 100; i++) {
            add(rig, request(60, i, 40, 0, "flood"));
        }
        for (int i = 0; i < 20; i++) {
            rig.step();
            rig.nanos += 1_000_000_000; // as much as one priority
        }
        int worst = 0;
        for (int i = 0; i < 20; i++) {
            RecordingSink sink = add(rig, request(60, 1000 + i, 10, 0, "modest"));
            int steps = 0;
            while (sink.tokenIds.isEmpty() && !sink.isDone()) {
                rig.step();
                steps++;
            }
            worst = Math.max(worst, steps);
            while (!sink.isDone()) {
                rig.step();
            }
        }
        // Alone, 60 tokens take two steps of 32.
        assertThat(worst).isLessThanOrEqualTo(3 * 2);
    }

    @Test
    void tenantsWithEqualNeedGetEqualShares() {
        StepRig rig = rig(400, 8, 32);
        List<RecordingSink> many = new ArrayList<>();
        List<RecordingSink> few = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            many.add(add(rig, request(30, i, 30, 0, "many")));
            if (i % 3 == 0) {
                few.add(add(rig, request(30, 500 + i, 30, 0, "few")));
            }
        }
        while (!few.stream().allMatch(RecordingSink::isDone)) {
            rig.step();
        }
        long ofMany = many.stream().mapToLong(sink -> sink.tokenIds.size()).sum();
        assertThat(ofMany).isBetween(20 * 30L - 200, 20 * 30L + 200);
        rig.runToEnd();
    }

    @Test
    void aPassedDeadlineIsATypedErrorWhetherWaitingOrRunning() {
        StepRig rig = rig(100, 1, 64);
        RecordingSink running = add(rig, request(prompt(10, 0), 1000, 0, "", rig.nanos + 5_000_000));
        RecordingSink waiting = add(rig, request(prompt(10, 1), 1000, 0, "", rig.nanos + 5_000_000));
        RecordingSink patient = add(rig, request(prompt(10, 2), 5, 0, "", Long.MAX_VALUE));
        rig.runToEnd();
        assertThat(running.failure).isInstanceOf(DeadlineExceededException.class);
        assertThat(running.tokenIds).isNotEmpty();
        assertThat(waiting.failure).isInstanceOf(DeadlineExceededException.class);
        assertThat(patient.finished).isEqualTo(FinishReason.LENGTH);
    }

    @Test
    void aFailingStepFailsOnlyTheSequenceThatCausesIt() {
        HashModel model = new HashModel(VOCAB + 1, 100, 16, 64, 4096).poison(VOCAB);
        StepRig rig = new StepRig(model, StepRig.config(8, 64));
        List<RecordingSink> good = new ArrayList<>();
        RecordingSink bad = null;
        for (int i = 0; i < 5; i++) {
            if (i == 2) {
                int[] prompt = prompt(10, i);
                prompt[7] = VOCAB;
                bad = add(rig, request(prompt, 5, 0, "", Long.MAX_VALUE));
            }
            good.add(add(rig, request(prompt(10, i), 5, 0, "", Long.MAX_VALUE)));
        }
        rig.runToEnd();
        assertThat(bad.failure).isInstanceOf(StepFailedException.class).hasMessageContaining("poisoned token");
        StepRig calm = new StepRig(new HashModel(VOCAB + 1, 100, 16, 64, 4096).poison(VOCAB), StepRig.config(8, 64));
        for (int i = 0; i < 5; i++) {
            RecordingSink alone = calm.run(request(prompt(10, i), 5, 0, "", Long.MAX_VALUE));
            assertThat(good.get(i).tokenIds).isEqualTo(alone.tokenIds).hasSize(5);
        }
        assertThat(rig.scheduler.stats().numUsedBlocks()).isZero();
    }

    @Test
    void blocksOfAFailedStepAreNeverFoundAgain() {
        HashModel model = new HashModel(VOCAB, 100, 16, 64, 4096);
        StepRig rig = new StepRig(model, StepRig.config(8, 64));
        boolean[] failing = {true};
        model.beforeStep(step -> {
            if (failing[0]) {
                throw new IllegalStateException("out of luck");
            }
        });
        int[] prompt = prompt(60, 1);
        assertThat(rig.run(request(prompt, 5, 0, "", Long.MAX_VALUE)).failure).hasMessageContaining("out of luck");
        failing[0] = false;
        RecordingSink again = rig.run(request(prompt, 5, 0, "", Long.MAX_VALUE));
        assertThat(again.cachedTokens).isZero();
        assertThat(again.tokenIds).hasSize(5);
    }

    @Test
    void logitsThatAreNoNumbersFailOnlyTheirSequence() {
        HashModel model = new HashModel(VOCAB + 1, 100, 16, 64, 4096).nanAfter(VOCAB);
        StepRig rig = new StepRig(model, StepRig.config(8, 64));
        int[] prompt = prompt(10, 1);
        prompt[9] = VOCAB;
        RecordingSink bad = add(rig, request(prompt, 5, 0, "", Long.MAX_VALUE));
        RecordingSink good = add(rig, request(prompt(10, 2), 5, 0, "", Long.MAX_VALUE));
        rig.runToEnd();
        assertThat(bad.failure).isInstanceOf(StepFailedException.class).hasMessageContaining("NaN");
        assertThat(good.tokenIds).hasSize(5);
    }

    @Test
    void anAnswerThatRepeatsItselfIsEnded() {
        SamplingParams params = SamplingParams.builder()
                .temperature(0)
                .logitBias(java.util.Map.of(3, 100.0))
                .repetitionDetection(new RepetitionDetection(2, 4))
                .build();
        RecordingSink sink = rig(100, 1, 64).run(RandomRequests.of(prompt(5, 1), 50, params));
        assertThat(sink.finished).isEqualTo(FinishReason.REPETITION);
        assertThat(sink.tokenIds).containsExactly(3, 3, 3, 3);
    }

    @Test
    void lessThanFourPercentOfMemoryIsWastedAtRandomLengths() {
        SplittableRandom random = new SplittableRandom(3);
        long held = 0;
        long used = 0;
        for (int i = 0; i < 10_000; i++) {
            int length = random.nextInt(64, 1024);
            held += (length + 15) / 16 * 16;
            used += length;
        }
        assertThat(1 - (double) used / held).isLessThan(0.04);
    }

    @Test
    void aStepIsAValueThatRepeatsExactly() {
        HashModel model = new HashModel(VOCAB, 40, 16, 64, 4096);
        StepRig rig = new StepRig(model, StepRig.config(4, 64));
        int[] sums = new int[2];
        model.beforeStep(step -> sums[0] += Arrays.hashCode(step.tokenIds()));
        for (int run = 0; run < 2; run++) {
            sums[0] = 0;
            StepRig fresh = new StepRig(model, StepRig.config(4, 64));
            for (int i = 0; i < 6; i++) {
                add(fresh, request(20, i, 10, 0, ""));
            }
            fresh.runToEnd();
            if (run == 0) {
                sums[1] = sums[0];
            }
        }
        assertThat(sums[0]).isEqualTo(sums[1]);
        assertThat(rig.scheduler.hasWork()).isFalse();
    }
}
