package tokamak.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class QuantizersTest {
    private static final int COUNT = 1024;

    static Stream<DType> written() {
        return Arrays.stream(DType.values())
                .filter(dtype -> Quantizers.of(dtype).isPresent());
    }

    private static float[] roundTrip(DType dtype, float[] values) {
        byte[] stored = new byte[(int) dtype.bytes(values.length) + 3];
        MemorySegment target = MemorySegment.ofArray(stored);
        Quantizers.of(dtype).orElseThrow().quantize(values, 0, values.length, target, 3);
        float[] read = new float[values.length];
        Dequantizers.of(dtype).dequantize(target, 3, read, 0, values.length);
        return read;
    }

    private static float[] normal(long seed, double deviation) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] values = new float[COUNT];
        for (int i = 0; i < COUNT; i++) {
            values[i] = (float) random.nextGaussian(0, deviation);
        }
        return values;
    }

    private static double relativeError(float[] values, float[] read) {
        double error = 0;
        double size = 0;
        for (int i = 0; i < values.length; i++) {
            error += Math.pow(values[i] - read[i], 2);
            size += Math.pow(values[i], 2);
        }
        return Math.sqrt(error / size);
    }

    /** Root of the mean squared error over that of the numbers, for a normal distribution: little depends on chance. */
    @ParameterizedTest
    @CsvSource({
        "F32, 0",
        "F16, 3e-4",
        "BF16, 2.5e-3",
        "Q8_0, 7e-3",
        "Q6_K, 0.021",
        "Q5_1, 0.04",
        "Q5_K, 0.042",
        "Q5_0, 0.047",
        "Q4_1, 0.08",
        "Q4_K, 0.084",
        "Q4_0, 0.092",
        "MXFP4, 0.12"
    })
    void aNormalDistributionLosesWhatItsBitsExplain(DType dtype, double bound) {
        for (double deviation : new double[] {0.02, 1, 30}) {
            float[] values = normal(dtype.ordinal(), deviation);
            assertThat(relativeError(values, roundTrip(dtype, values))).isLessThanOrEqualTo(bound);
        }
    }

    @ParameterizedTest
    @MethodSource("written")
    void zerosStayZerosAndLargeNumbersStayNear(DType dtype) {
        assertThat(roundTrip(dtype, new float[COUNT])).containsOnly(0);
        float[] spikes = new float[COUNT];
        spikes[5] = 3;
        spikes[300] = -7;
        spikes[777] = 1e-3f;
        float[] read = roundTrip(dtype, spikes);
        assertThat(read[5]).isBetween(2.9f, 3.1f);
        assertThat(read[300]).isBetween(-8.1f, -5.9f);
    }

    /** What a format can hold exactly, it does: values that were read from it once do not drift. */
    @ParameterizedTest
    @MethodSource("written")
    void writingAgainWhatWasReadLosesLittle(DType dtype) {
        float[] once = roundTrip(dtype, normal(9, 1));
        float[] twice = roundTrip(dtype, once);
        assertThat(relativeError(once, twice)).isLessThan(dtype == DType.Q4_K || dtype == DType.Q5_K ? 0.03 : 0.012);
    }

    @Test
    void everyTypeThatCannotBeWrittenSaysSo() {
        assertThat(Quantizers.of(DType.IQ2_XXS)).isEmpty();
        assertThat(Quantizers.of(DType.Q4_K)).isPresent();
    }
}
