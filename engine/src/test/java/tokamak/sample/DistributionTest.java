package tokamak.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class DistributionTest {
    private static Distribution of(float[] logits) {
        Distribution distribution = new Distribution(logits.length);
        distribution.read(MemorySegment.ofArray(logits), 0);
        return distribution;
    }

    @Test
    void probabilitiesAndDivergenceAreTheirDefinitions() {
        SplittableRandom random = new SplittableRandom(7);
        for (int round = 0; round < 50; round++) {
            int size = random.nextInt(2, 300);
            float[] p = new float[size];
            float[] q = new float[size];
            for (int i = 0; i < size; i++) {
                p[i] = (float) random.nextGaussian(0, 4);
                q[i] = (float) random.nextGaussian(0, 4);
            }
            p[random.nextInt(size)] = Float.NEGATIVE_INFINITY;
            Distribution first = of(p);
            Distribution second = of(q);
            double expected = 0;
            double total = 0;
            for (int i = 0; i < size; i++) {
                double probability = Math.exp(first.logprob(i));
                total += probability;
                assertThat(p[i]).isLessThanOrEqualTo(p[first.best()]);
                expected += probability == 0 ? 0 : probability * (first.logprob(i) - second.logprob(i));
            }
            assertThat(total).isEqualTo(1, within(1e-8));
            assertThat(first.divergenceOf(second)).isEqualTo(expected, within(1e-6));
            assertThat(first.divergenceOf(first)).isEqualTo(0, within(1e-12));
        }
    }
}
