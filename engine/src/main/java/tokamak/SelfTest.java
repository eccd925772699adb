package tokamak;

import java.util.List;
import java.util.function.Consumer;
import tokamak.api.InvalidRequestException;
import tokamak.backend.cpu.CpuArithmetic;
import tokamak.backend.cpu.KernelCheck;

/** Whether this machine's kernels compute what plain Java computes. */
public final class SelfTest {
    /**
     * One kernel.
     *
     * @param cases shapes that were tried
     * @param worstError relative to the size of the numbers
     */
    public record Row(String kernel, int cases, double worstError, double allowedError, boolean passed) {}

    /** @param kernels empty where plain Java computes: there is nothing to compare */
    public record Report(
            String cpu, String isa, String arithmetic, List<Row> kernels, double seconds, boolean passed) {}

    private SelfTest() {}

    /**
     * Checks all kernels, a few seconds.
     *
     * @param cpuIsa as for {@link EngineConfig}
     * @param listener told each row as it comes
     * @throws InvalidRequestException if this processor has no such instruction set
     */
    public static Report run(String cpuIsa, Consumer<Row> listener) {
        CpuArithmetic arithmetic = Arithmetic.named(cpuIsa);
        String cpu = arithmetic.cpuName();
        String isa = arithmetic.isaName();
        long start = System.nanoTime();
        List<Row> rows = KernelCheck.run(arithmetic, result -> listener.accept(row(result))).stream()
                .map(SelfTest::row)
                .toList();
        double seconds = (System.nanoTime() - start) * 1e-9;
        return new Report(
                cpu, isa, arithmetic.description(), rows, seconds, rows.stream().allMatch(Row::passed));
    }

    private static Row row(KernelCheck.Result result) {
        return new Row(result.kernel(), result.cases(), result.worstError(), result.allowedError(), result.passed());
    }
}
