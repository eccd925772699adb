package tokamak.backend.cpu.x64;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import tokamak.tensor.DType;
import tokamak.tensor.Tensor;

/**
 * Times the linear kernels on one thread, all formats and sizes in turn, medians of CPU time so that other processes
 * disturb little: {@code LinearBench [isa,...] [format,...] [tokens,...]}.
 */
final class LinearBench {
    private static final int SIZE = Integer.getInteger("size", 4096);
    private static final int ROWS = Integer.getInteger("rows", SIZE);
    private static final long ROTATED_BYTES = Long.getLong("rotated", 400) << 20;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private LinearBench() {}

    public static void main(String[] arguments) {
        String[] isas = arguments[0].split(",");
        String[] formats = arguments[1].split(",");
        int[] tokens = Arrays.stream(arguments[2].split(","))
                .mapToInt(Integer::parseInt)
                .toArray();
        for (String name : isas) {
            try (Kernels kernels = Kernels.forIsa(Isa.ofLabel(name))) {
                MachineLimits limits = MachineLimits.measure(kernels, THREADS::getCurrentThreadCpuTime);
                System.out.printf(
                        "%s: read %.1f GB/s, float %.0f GFLOP/s, int8 %.0f GOP/s%n",
                        kernels.describe(),
                        limits.readBytesPerSecond() / 1e9,
                        limits.floatOperationsPerSecond() / 1e9,
                        limits.byteOperationsPerSecond() / 1e9);
                for (String format : formats) {
                    run(kernels, limits, DType.valueOf(format), tokens);
                }
            }
        }
    }

    private static void run(Kernels kernels, MachineLimits limits, DType dtype, int[] batches) {
        try (Arena arena = Arena.ofShared()) {
            Tensor tensor = RandomTensors.create(dtype, ROWS, SIZE, new SplittableRandom(1), arena);
            List<PackedMatrix> matrices = new ArrayList<>();
            long packNanos = THREADS.getCurrentThreadCpuTime();
            for (long bytes = 0; bytes < ROTATED_BYTES || matrices.isEmpty(); ) {
                PackedMatrix matrix = PackedMatrix.allocate(kernels, tensor, arena);
                matrix.pack(tensor, 0, matrix.numPanels());
                matrices.add(matrix);
                bytes += matrix.bytes();
            }
            packNanos = THREADS.getCurrentThreadCpuTime() - packNanos;
            System.out.printf(
                    "  %-7s packed at %.0f MB/s%n",
                    dtype, 1e3 * matrices.size() * matrices.getFirst().bytes() / packNanos);
            for (int tokens : batches) {
                time(limits, dtype, matrices, tokens, arena);
            }
        }
    }

    private static void time(MachineLimits limits, DType dtype, List<PackedMatrix> matrices, int tokens, Arena arena) {
        MemorySegment x = arena.allocate(4L * tokens * SIZE, 64).fill((byte) 0x3E);
        MemorySegment y = arena.allocate(4L * tokens * ROWS, 64);
        MemorySegment prepared = arena.allocate(matrices.getFirst().activationBytes(tokens), 64);
        int repeats = (int) Math.clamp(3e10 / tokens / SIZE / ROWS, 9, 2000);
        double[] prepare = new double[repeats];
        double[] multiply = new double[repeats];
        for (int i = 0; i < repeats; i++) {
            PackedMatrix matrix = matrices.get(i % matrices.size());
            long start = THREADS.getCurrentThreadCpuTime();
            matrix.prepare(x, 0, 4L * SIZE, tokens, 0, tokens, prepared);
            long middle = THREADS.getCurrentThreadCpuTime();
            int range = Math.max(1, (matrix.numPanels() + 7) / 8);
            for (int panel = 0; panel < matrix.numPanels(); panel += range) {
                int end = Math.min(panel + range, matrix.numPanels());
                matrix.multiply(prepared, tokens, y, 0, 4L * ROWS, panel, end);
            }
            prepare[i] = (middle - start) * 1e-9;
            multiply[i] = (THREADS.getCurrentThreadCpuTime() - middle) * 1e-9;
        }
        Arrays.sort(prepare);
        Arrays.sort(multiply);
        double seconds = multiply[repeats / 4];
        double operations = 2.0 * SIZE * ROWS * tokens / seconds;
        double bytes = matrices.getFirst().bytes() / seconds;
        double peak = dtype.isBlocked() ? limits.byteOperationsPerSecond() : limits.floatOperationsPerSecond();
        System.out.printf(
                "  %-7s M=%-4d %9.3f ms  %6.1f GB/s (%3.0f%%)  %7.1f GFLOP/s (%3.0f%%)  prepare %.3f ms%n",
                dtype,
                tokens,
                1e3 * seconds,
                bytes / 1e9,
                100 * bytes / limits.readBytesPerSecond(),
                operations / 1e9,
                100 * operations / peak,
                1e3 * prepare[repeats / 2]);
    }
}
