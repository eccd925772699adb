package tokamak.bench;

import java.lang.foreign.Arena;
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
import tokamak.backend.Activation;
import tokamak.backend.Buffer;
import tokamak.backend.Experts;
import tokamak.backend.Weight;
import tokamak.backend.cpu.CpuArithmetic;
import tokamak.backend.cpu.CpuBackend;
import tokamak.backend.cpu.x64.RandomTensors;
import tokamak.tensor.DType;
import tokamak.tensor.Tensor;

/** The experts of one layer of Qwen3-30B-A3B, chosen at random. */
@State(Scope.Thread)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
@SuppressWarnings("NullAway") // JMH sets the fields
public class ExpertsBenchmark {
    private static final int HIDDEN = 2048;
    private static final int INTERMEDIATE = 768;
    private static final int EXPERTS = 128;
    private static final int USED = 8;

    @Param("Q4_0")
    public String format;

    @Param("auto")
    public String isa;

    @Param({"1", "16", "512"})
    public int tokens;

    @Param("2")
    public int threads;

    private CpuBackend backend;
    private Arena arena;
    private Experts experts;
    private Buffer x;
    private Buffer ids;
    private Buffer weights;
    private Buffer out;

    @Setup(Level.Trial)
    public void open() {
        backend = new CpuBackend(threads, CpuArithmetic.named(isa));
        arena = Arena.ofShared();
        SplittableRandom random = new SplittableRandom(1);
        DType dtype = DType.valueOf(format);
        Tensor gate = RandomTensors.create(dtype, INTERMEDIATE, HIDDEN, random, arena);
        Tensor down = RandomTensors.create(dtype, HIDDEN, INTERMEDIATE, random, arena);
        List<Weight> gates = new ArrayList<>();
        List<Weight> downs = new ArrayList<>();
        for (int e = 0; e < EXPERTS; e++) {
            gates.add(backend.loadWeight(List.of(gate, gate)));
            downs.add(backend.loadWeight(List.of(down)));
        }
        experts = new Experts(gates, List.of(), downs, List.of(), Activation.SILU);
        x = backend.upload(Numbers.random(tokens * HIDDEN, random), tokens, HIDDEN);
        out = backend.allocate(tokens, HIDDEN);
        weights = backend.upload(Numbers.random(tokens * USED, random), tokens, USED);
        float[] chosen = new float[tokens * USED];
        for (int token = 0; token < tokens; token++) {
            int first = random.nextInt(EXPERTS);
            int step = 2 * random.nextInt(EXPERTS / 2) + 1; // odd, so that all are different
            for (int i = 0; i < USED; i++) {
                chosen[token * USED + i] = (first + i * step) % EXPERTS;
            }
        }
        ids = backend.upload(chosen, tokens, USED);
    }

    @TearDown(Level.Trial)
    public void close() {
        backend.close();
        arena.close();
    }

    @Benchmark
    public void experts(Work work) {
        backend.experts(experts, tokens, x, ids, weights, out);
        work.add(6.0 * HIDDEN * INTERMEDIATE * USED * tokens, 0);
    }
}
