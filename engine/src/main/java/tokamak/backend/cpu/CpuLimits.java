package tokamak.backend.cpu;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import tokamak.backend.cpu.x64.Kernels;
import tokamak.backend.cpu.x64.MachineLimits;

/**
 * What this machine can do at most with a number of threads, by the plainest code there is; the measure of every kernel.
 *
 * @param readGbps reading memory that is in no cache, 10^9 bytes per second
 * @param fmaGflops float32 multiply-adds, counted as two, 10^9 per second
 * @param int8Gops int8 multiply-adds, counted as two, 10^9 per second
 */
public record CpuLimits(double readGbps, double fmaGflops, double int8Gops) {
    /** Measures on {@code numThreads} threads at once, about a second; empty where there are no kernels to measure with. */
    public static Optional<CpuLimits> measure(CpuArithmetic arithmetic, int numThreads) {
        Kernels kernels = arithmetic.kernels();
        if (kernels == null) {
            return Optional.empty();
        }
        try (ExecutorService threads = Executors.newFixedThreadPool(numThreads)) {
            List<Callable<MachineLimits>> measurements = new ArrayList<>();
            for (int i = 0; i < numThreads; i++) {
                measurements.add(() -> MachineLimits.measure(kernels));
            }
            double read = 0;
            double fma = 0;
            double int8 = 0;
            for (Future<MachineLimits> measured : threads.invokeAll(measurements)) {
                MachineLimits limits = measured.get();
                read += limits.readBytesPerSecond();
                fma += limits.floatOperationsPerSecond();
                int8 += limits.byteOperationsPerSecond();
            }
            return Optional.of(new CpuLimits(read * 1e-9, fma * 1e-9, int8 * 1e-9));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while measuring the machine", e);
        } catch (ExecutionException e) {
            throw new IllegalStateException("measuring the machine failed", e.getCause());
        }
    }
}
