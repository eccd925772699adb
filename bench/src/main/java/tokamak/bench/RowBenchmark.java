package tokamak.bench;

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
import tokamak.backend.Activation;
import tokamak.backend.Buffer;
import tokamak.backend.Norm;
import tokamak.backend.cpu.CpuArithmetic;
import tokamak.backend.cpu.CpuBackend;

/** What is done to rows between products, on one thread. */
@State(Scope.Thread)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
@SuppressWarnings("NullAway") // JMH sets the fields
public class RowBenchmark {
    @Param("auto")
    public String isa;

    @Param({"1", "512"})
    public int tokens;

    @Param("4096")
    public int columns;

    private CpuBackend backend;
    private Norm norm;
    private Buffer x;
    private Buffer y;
    private Buffer wide;

    @Setup(Level.Trial)
    public void open() {
        backend = new CpuBackend(1, CpuArithmetic.named(isa));
        SplittableRandom random = new SplittableRandom(1);
        x = backend.upload(Numbers.random(tokens * columns, random), tokens, columns);
        y = backend.allocate(tokens, columns);
        wide = backend.upload(Numbers.random(2 * tokens * columns, random), tokens, 2 * columns);
        norm = new Norm(Norm.Kind.RMS, backend.upload(Numbers.random(columns, random), 1, columns), null, 1e-6f);
    }

    @TearDown(Level.Trial)
    public void close() {
        backend.close();
    }

    @Benchmark
    public void rmsNorm() {
        backend.norm(norm, tokens, x, y);
    }

    @Benchmark
    public void swiGlu() {
        backend.activateGated(Activation.SILU, tokens, wide, y);
    }

    @Benchmark
    public void addResidual() {
        backend.addScaled(tokens, y, x, 1);
    }
}
