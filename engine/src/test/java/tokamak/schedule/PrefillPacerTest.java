package tokamak.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** On a machine whose times are computed, not taken. */
class PrefillPacerTest {
    private static final int ANSWERS = 8;
    private static final double MILLIS = 1e6;

    /** A step of answers takes 20 ms; a prompt token 2 ms more, and 1 ms for every 1,000 tokens before it. */
    private static final class Machine {
        final PrefillPacer pacer = new PrefillPacer(2.5, 16);
        private final SplittableRandom random = new SplittableRandom(7);
        private final double shareDisturbed;

        /** @param shareDisturbed of the steps take five times as long, and all of them vary by 10 % */
        Machine(double shareDisturbed) {
            this.shareDisturbed = shareDisturbed;
        }

        void answer(int steps) {
            for (int i = 0; i < steps; i++) {
                pacer.begin(ANSWERS);
                observe(0, 0);
            }
        }

        /** Computes a prompt from one depth to another beside the answers; gives what each step would take undisturbed. */
        double[] prompt(int from, int to) {
            var millis = new ArrayList<Double>();
            for (int depth = from; depth < to; ) {
                pacer.begin(ANSWERS);
                int count = Math.min(to - depth, pacer.allowance(depth));
                pacer.letIn(count, depth);
                millis.add(observe(count, depth));
                depth += count;
            }
            return millis.stream().mapToDouble(Double::doubleValue).toArray();
        }

        private double observe(int numTokens, int depth) {
            double meanDepth = depth + (numTokens - 1) / 2.0;
            double millis = 20 + numTokens * (2 + meanDepth / 1000);
            double seen = millis;
            if (shareDisturbed > 0) {
                seen *= random.nextDouble() < shareDisturbed ? 5 : random.nextDouble(0.9, 1.1);
            }
            pacer.observe(ANSWERS, numTokens, meanDepth, (long) (seen * MILLIS));
            return millis;
        }

        int allowance(int depth) {
            pacer.begin(ANSWERS);
            return pacer.allowance(depth);
        }
    }

    @Test
    void noStepOfADeepeningPromptIsLongerThanAllowedOrMuchShorter() {
        Machine machine = new Machine(0);
        machine.answer(20);
        double[] millis = machine.prompt(0, 6000);
        for (int i = 1; i < millis.length - 1; i++) {
            assertThat(millis[i]).as("step %d", i).isBetween(40.0, 52.0);
        }
    }

    @Test
    void aShortPromptIsNotPacedAsADeepOneWas() {
        Machine machine = new Machine(0);
        machine.answer(20);
        machine.prompt(0, 6000);
        assertThat(machine.allowance(0)).isCloseTo(30 / 2, within(3));
        assertThat(machine.allowance(4000)).isCloseTo(30 / 6, within(1));
    }

    @Test
    void aPromptFoundInTheCacheIsPacedByItsDepthFromTheFirstStep() {
        Machine machine = new Machine(0);
        machine.answer(20);
        machine.prompt(0, 5000);
        for (int i = 0; i < 50; i++) {
            machine.prompt(0, 60);
        }
        assertThat(machine.prompt(4000, 4100)[0]).isBetween(40.0, 60.0);
    }

    @Test
    void whatDisturbsOneStepInTenIsNotLearnt() {
        Machine machine = new Machine(0.1);
        machine.answer(60);
        double[] millis = machine.prompt(0, 6000);
        double[] after = IntStream.range(20, millis.length - 1)
                .mapToDouble(i -> millis[i])
                .sorted()
                .toArray();
        assertThat(after[after.length / 2]).isBetween(42.0, 53.0);
        assertThat(after[after.length * 99 / 100]).isLessThan(60);
    }

    @Test
    void promptsOfOneStepShareItsTime() {
        Machine machine = new Machine(0);
        machine.answer(20);
        machine.prompt(0, 5000);
        machine.pacer.begin(ANSWERS);
        int whole = machine.pacer.allowance(0);
        machine.pacer.letIn(6, 0);
        assertThat(machine.pacer.allowance(0)).isEqualTo(whole - 6);
        machine.pacer.letIn(whole - 6, 0);
        assertThat(machine.pacer.allowance(0)).isZero();
    }

    @Test
    void promptsGetOnHoweverSlowTheyAre() {
        Machine machine = new Machine(0);
        machine.answer(20);
        machine.prompt(0, 1000);
        assertThat(machine.allowance(1 << 20)).isPositive();
        machine.pacer.letIn(machine.pacer.allowance(1 << 20), 1 << 20);
        assertThat(machine.pacer.allowance(0)).isZero();
    }

    @Test
    void withoutAnswersThereIsNoLimit() {
        Machine machine = new Machine(0);
        machine.answer(20);
        machine.prompt(0, 1000);
        machine.pacer.begin(0);
        machine.pacer.letIn(512, 0);
        assertThat(machine.pacer.allowance(512)).isGreaterThan(1 << 20);
        PrefillPacer unlimited = new PrefillPacer(Double.POSITIVE_INFINITY, 16);
        unlimited.begin(ANSWERS);
        unlimited.letIn(512, 0);
        assertThat(unlimited.allowance(512)).isGreaterThan(1 << 20);
    }
}
