package tokamak.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tokamak.backend.Backend;
import tokamak.backend.Buffer;
import tokamak.backend.Norm;

/** Heads with weights of their own are normalised as if each were alone. */
class HeadNormTest {
    private static final int HEADS = 3;
    private static final int HEAD_DIM = 16;

    @ParameterizedTest
    @EnumSource
    void everyHeadIsMultipliedByItsOwnWeights(Norm.Kind kind) {
        SplittableRandom random = new SplittableRandom(5);
        float[] x = numbers(random);
        float[] weight = numbers(random);
        for (CpuArithmetic arithmetic : new CpuArithmetic[] {CpuArithmetic.scalar(), CpuArithmetic.best()}) {
            try (Backend backend = new CpuBackend(1, arithmetic)) {
                Buffer all = backend.upload(x, 1, x.length);
                backend.headNorm(
                        new Norm(kind, backend.upload(weight, 1, weight.length), null, 1e-5f), 1, HEAD_DIM, all);
                for (int head = 0; head < HEADS; head++) {
                    int from = head * HEAD_DIM;
                    Buffer one = backend.upload(Arrays.copyOfRange(x, from, from + HEAD_DIM), 1, HEAD_DIM);
                    Buffer own = backend.upload(Arrays.copyOfRange(weight, from, from + HEAD_DIM), 1, HEAD_DIM);
                    backend.norm(new Norm(kind, own, null, 1e-5f), 1, one, one);
                    for (int i = 0; i < HEAD_DIM; i++) {
                        assertThat(all.memory().getAtIndex(JAVA_FLOAT, all.at(0) + from + i))
                                .isCloseTo(one.memory().getAtIndex(JAVA_FLOAT, one.at(0) + i), within(1e-5f));
                    }
                }
            }
        }
    }

    private static float[] numbers(SplittableRandom random) {
        float[] numbers = new float[HEADS * HEAD_DIM];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = (float) random.nextDouble(-2, 2);
        }
        return numbers;
    }
}
