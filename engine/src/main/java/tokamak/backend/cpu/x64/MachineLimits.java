package tokamak.backend.cpu.x64;

import static tokamak.backend.cpu.x64.Gpr.RDI;
import static tokamak.backend.cpu.x64.Gpr.RDX;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * What one thread of this machine can do at most, measured by the plainest code there is. Kernels are judged by it.
 *
 * @param readBytesPerSecond reading memory that is in no cache
 * @param floatOperationsPerSecond float32 multiply-adds, counted as two
 * @param byteOperationsPerSecond int8 multiply-adds of the instruction set, counted as two
 */
public record MachineLimits(
        double readBytesPerSecond, double floatOperationsPerSecond, double byteOperationsPerSecond) {
    private record LimitKey(String name) {}

    private static final long READ_BYTES = 512L << 20;
    private static final int CHAINS = 12;
    private static final long TURNS = 2_000_000;
    private static final int REPEATS = 5;
    private static final int READ_UNROLL = 4;

    /** Measures by the time of day. */
    public static MachineLimits measure(Kernels kernels) {
        return measure(kernels, System::nanoTime);
    }

    /**
     * Measures on the calling thread, half a second in all; the best of a few runs each.
     *
     * @param nanos the clock: time of day, or this thread's CPU time on a machine that does other work
     */
    public static MachineLimits measure(Kernels kernels, LongSupplier nanos) {
        Isa isa = kernels.isa();
        Routine read = kernels.routine(new LimitKey("read"), _ -> readRoutine(kernels));
        Routine floats = kernels.routine(new LimitKey("float"), _ -> chains(kernels, MachineLimits::multiplyAdd));
        Routine bytes = kernels.routine(new LimitKey("byte"), _ -> chains(kernels, multiplyBytes(isa)));
        double perTurn = 2.0 * CHAINS * isa.lanes();
        try (Arena arena = Arena.ofShared()) {
            MemorySegment memory = LargeMemory.allocate(arena, READ_BYTES).fill((byte) 1);
            long turns = READ_BYTES / (READ_UNROLL * isa.width().bytes());
            double readSeconds = best(nanos, () -> read.call(memory.address(), 0, turns, 0));
            double floatSeconds = best(nanos, () -> floats.call(0, 0, TURNS, 0));
            double byteSeconds = best(nanos, () -> bytes.call(0, 0, TURNS, 0));
            return new MachineLimits(
                    READ_BYTES / readSeconds,
                    perTurn * TURNS / floatSeconds,
                    perTurn * DotMode.STEP * TURNS / byteSeconds);
        }
    }

    private static double best(LongSupplier nanos, Runnable work) {
        double best = Double.MAX_VALUE;
        for (int i = 0; i < REPEATS; i++) {
            long start = nanos.getAsLong();
            work.run();
            best = Math.min(best, (nanos.getAsLong() - start) * 1e-9);
        }
        return best;
    }

    private static byte[] readRoutine(Kernels kernels) {
        Width width = kernels.isa().width();
        Assembler a = new Assembler();
        Frame frame = new Frame(a, kernels.system());
        frame.enter();
        Label loop = new Label();
        a.align(32);
        a.bind(loop);
        for (int i = 0; i < READ_UNROLL; i++) {
            Vec sum = new Vec(width, i);
            a.emit(Op.VPOR, sum, sum, Mem.at(RDI, i * width.bytes()));
        }
        a.add(RDI, READ_UNROLL * width.bytes());
        a.sub(RDX, 1);
        a.jump(Assembler.Condition.NOT_ZERO, loop);
        frame.leave();
        return a.code();
    }

    /** More independent chains than latency times throughput of the instruction. */
    private static byte[] chains(Kernels kernels, Consumer<Step> step) {
        Assembler a = new Assembler();
        Frame frame = new Frame(a, kernels.system());
        Width width = kernels.isa().width();
        frame.enter();
        for (int i = 0; i < CHAINS + 3; i++) {
            Vec register = new Vec(width, i);
            a.emit(Op.VPXOR, register, register, register);
        }
        Label loop = new Label();
        a.align(32);
        a.bind(loop);
        for (int i = 0; i < CHAINS; i++) {
            step.accept(new Step(
                    a,
                    new Vec(width, i),
                    new Vec(width, CHAINS),
                    new Vec(width, CHAINS + 1),
                    new Vec(width, CHAINS + 2)));
        }
        a.sub(RDX, 1);
        a.jump(Assembler.Condition.NOT_ZERO, loop);
        frame.leave();
        return a.code();
    }

    private record Step(Assembler a, Vec sum, Vec left, Vec right, Vec temporary) {}

    private static void multiplyAdd(Step s) {
        s.a().emit(Op.VFMADD231PS, s.sum(), s.left(), s.right());
    }

    private static Consumer<Step> multiplyBytes(Isa isa) {
        return switch (isa) {
            case AVX_VNNI, AVX512, AVX512_BF16, AMX -> s -> s.a().emit(Op.VPDPBUSD, s.sum(), s.left(), s.right());
            case AVX2 ->
                s -> {
                    s.a().emit(Op.VPMADDUBSW, s.temporary(), s.left(), s.right());
                    s.a().emit(Op.VPADDW, s.sum(), s.sum(), s.temporary());
                };
        };
    }
}
