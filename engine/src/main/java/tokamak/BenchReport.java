package tokamak;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Measurements, beside the limits of the machine that were measured in the same run. */
public record BenchReport(List<Machine> machines, Model model, List<Row> rows) {
    /**
     * @param readGbps memory reads, 10^9 bytes per second; null where plain Java computes
     * @param fmaGflops float32 multiply-adds counted as two, 10^9 per second
     * @param int8Gops int8 multiply-adds counted as two, 10^9 per second
     */
    public record Machine(
            String cpu,
            String isa,
            int threads,
            @Nullable Double readGbps,
            @Nullable Double fmaGflops,
            @Nullable Double int8Gops) {}

    /**
     * @param bytes that the matrices of one token take
     * @param parameters in the matrices of one token: of experts, those that are used
     */
    public record Model(String name, String format, long bytes, long parameters) {}

    /**
     * One test.
     *
     * @param test such as {@code pp512}, {@code tg128@d4096}, {@code tg128x16}
     * @param weightGbps bytes of weights read per second, each step reading all once
     * @param bandwidthShare of the machine's memory reads; null where not measured
     * @param gflops of matrix products, 10^9 per second
     * @param peakShare of the machine's peak in the kind of arithmetic used: int8 for quantised weights, else float32
     */
    public record Row(
            String test,
            int threads,
            double tokensPerSecond,
            double weightGbps,
            @Nullable Double bandwidthShare,
            double gflops,
            @Nullable Double peakShare) {}
}
