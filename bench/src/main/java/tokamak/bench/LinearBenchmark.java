package tokamak.bench;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import tokamak.backend.cpu.x64.Isa;
import tokamak.backend.cpu.x64.Kernels;
import tokamak.backend.cpu.x64.PackedMatrix;
import tokamak.backend.cpu.x64.RandomTensors;
import tokamak.tensor.DType;
import tokamak.tensor.Tensor;

/** Products of one matrix on one thread; matrices take turns, so that one token's weights come from memory. */
@State(Scope.Thread)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
@SuppressWarnings("NullAway") // JMH sets the fields
public class LinearBenchmark {
    private static final long ROTATED_BYTES = 256L << 20;

    /** A format with kernels, by its name. */
    @Param({"Q8_0", "Q4_0", "Q4_K", "Q6_K", "F8_E4M3", "BF16", "F16", "F32"})
    public String format;

    /** What {@code --cpu-isa} takes, without {@code scalar}. */
    @Param("auto")
    public String isa;

    @Param({"1", "16", "512"})
    public int tokens;

    @Param("4096")
    public int rows;

    @Param("4096")
    public int columns;

    private Kernels kernels;
    private Arena arena;
    private List<PackedMatrix> matrices;
    private MemorySegment x;
    private MemorySegment y;
    private MemorySegment prepared;
    private int next;

    @Setup(Level.Trial)
    public void open() {
        kernels = isa.equals("auto") ? Kernels.forThisMachine() : Kernels.forIsa(Isa.ofLabel(isa));
        arena = Arena.ofShared();
        SplittableRandom random = new SplittableRandom(1);
        Tensor tensor = RandomTensors.create(DType.valueOf(format), rows, columns, random, arena);
        matrices = new ArrayList<>();
        for (long bytes = 0; bytes < ROTATED_BYTES; bytes += matrices.getFirst().bytes()) {
            PackedMatrix matrix = PackedMatrix.allocate(kernels, tensor, arena);
            matrix.pack(tensor, 0, matrix.numPanels());
            matrices.add(matrix);
        }
        x = arena.allocate(JAVA_FLOAT, (long) tokens * columns);
        for (long i = 0; i < (long) tokens * columns; i++) {
            x.setAtIndex(JAVA_FLOAT, i, (float) random.nextDouble(-1, 1));
        }
        y = arena.allocate(JAVA_FLOAT, (long) tokens * rows);
        prepared = arena.allocate(matrices.getFirst().activationBytes(tokens), 64);
        prepare();
    }

    @TearDown(Level.Trial)
    public void close() {
        arena.close();
        kernels.close();
    }

    /** Activations brought into the form the format's kernel reads: rounded to bytes, or put side by side. */
    @Benchmark
    public void prepare() {
        matrices.getFirst().prepare(x, 0, (long) columns * Float.BYTES, tokens, 0, tokens, prepared);
    }

    @Benchmark
    public void multiply(Work work) {
        PackedMatrix matrix = matrices.get(next++ % matrices.size());
        matrix.multiply(prepared, tokens, y, 0, (long) rows * Float.BYTES, 0, matrix.numPanels());
        work.add(2.0 * rows * columns * tokens, matrix.bytes());
    }
}
