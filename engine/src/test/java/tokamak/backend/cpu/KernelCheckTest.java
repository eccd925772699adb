package tokamak.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tokamak.backend.Weight;
import tokamak.backend.cpu.x64.Kernels;
import tokamak.backend.cpu.x64.RandomTensors;
import tokamak.tensor.DType;
import tokamak.tensor.Tensor;

class KernelCheckTest {
    static Stream<String> isas() {
        try (CpuArithmetic arithmetic = CpuArithmetic.best()) {
            return arithmetic.available().stream();
        }
    }

    @ParameterizedTest
    @MethodSource("isas")
    void everyKernelComputesWhatPlainJavaComputes(String isa) {
        List<KernelCheck.Result> heard = new ArrayList<>();
        List<KernelCheck.Result> results = KernelCheck.run(CpuArithmetic.named(isa), heard::add);
        assertThat(results).isEqualTo(heard).allMatch(KernelCheck.Result::passed);
        if (isa.equals("scalar")) {
            assertThat(results).isEmpty();
        } else {
            assertThat(results).hasSizeGreaterThan(30).allMatch(result -> result.cases() > 0);
        }
    }

    @Test
    void wrongNumbersAreSeen() {
        assertThat(deviation(1, 1)).isZero();
        assertThat(deviation(2, 2.002f)).isBetween(0.9e-3, 1.1e-3);
        assertThat(deviation(Float.NaN, Float.NaN)).isZero();
        assertThat(deviation(Float.POSITIVE_INFINITY, Float.POSITIVE_INFINITY)).isZero();
        assertThat(deviation(1, Float.NaN)).isInfinite();
        assertThat(deviation(Float.NaN, 1)).isInfinite();
        assertThat(deviation(1, Float.POSITIVE_INFINITY)).isInfinite();
        assertThat(deviation(0, 1)).isGreaterThan(1e-2);
    }

    private static double deviation(float expected, float found) {
        Deviation deviation = new Deviation();
        deviation.addRow(new float[] {expected}, new float[] {found});
        return deviation.worst();
    }

    @Test
    void aBackendThatComputesSomethingElseIsSeen() {
        try (Twins twins = new Twins(new CpuBackend(1))) {
            Deviation deviation = new Deviation();
            CpuBackend[] first = new CpuBackend[1];
            twins.compare(deviation, side -> {
                first[0] = first[0] == null ? side.backend() : first[0];
                return side.random(2, 5, first[0] == side.backend() ? 1 : 1.01);
            });
            assertThat(deviation.worst()).isGreaterThan(5e-3);
            assertThat(deviation.cases()).isEqualTo(1);
        }
    }

    @Test
    void aFormatWhoseKernelIsWrongIsLeftToPlainJava() {
        try (CpuArithmetic arithmetic = CpuArithmetic.best();
                WorkerTeam team = new WorkerTeam(1);
                Arena arena = Arena.ofShared()) {
            Kernels kernels = arithmetic.kernels();
            Assumptions.assumeTrue(kernels != null, "no machine code here");
            KernelTrust trust = new KernelTrust("test", dtype -> dtype == DType.Q8_0 ? 0.5 : 0);
            SplittableRandom random = new SplittableRandom(1);
            for (DType dtype : List.of(DType.Q8_0, DType.Q4_0)) {
                Tensor tensor = RandomTensors.create(dtype, 8, 64, random, arena);
                boolean packed = PackedWeight.load(kernels, trust, null, team, List.of(tensor), arena)
                        .<Weight>map(weight -> weight)
                        .isPresent();
                assertThat(packed).isEqualTo(dtype == DType.Q4_0);
            }
        }
    }

    @Test
    void kernelsAreTrustedAfterTheirTrial() {
        try (CpuArithmetic arithmetic = CpuArithmetic.best()) {
            Kernels kernels = arithmetic.kernels();
            Assumptions.assumeTrue(kernels != null, "no machine code here");
            assertThat(KernelTrust.of(kernels).trusts(DType.Q4_K)).isTrue();
        }
    }
}
