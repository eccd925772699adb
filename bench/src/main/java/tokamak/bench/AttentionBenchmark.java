package tokamak.bench;

import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
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
import tokamak.backend.AttentionShape;
import tokamak.backend.Buffer;
import tokamak.backend.KvCache;
import tokamak.backend.KvLayout;
import tokamak.backend.KvType;
import tokamak.backend.StepInput;
import tokamak.backend.cpu.CpuArithmetic;
import tokamak.backend.cpu.CpuBackend;

/** One layer's attention over the tokens before: 16 heads and 8 of keys and values, 128 numbers each, as Qwen3-0.6B has them. */
@State(Scope.Thread)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
@SuppressWarnings("NullAway") // JMH sets the fields
public class AttentionBenchmark {
    private static final int BLOCK = 16;
    private static final int HEADS = 16;
    private static final int KV_HEADS = 8;
    private static final int HEAD_DIM = 128;
    private static final int STORED_AT_ONCE = 256;

    @Param("auto")
    public String isa;

    @Param({"f16", "f32", "int8", "int4"})
    public String kv;

    /** Tokens that attend: one is decoding. */
    @Param({"1", "256"})
    public int tokens;

    /** Tokens in all. */
    @Param({"4096"})
    public int context;

    @Param("1")
    public int threads;

    private CpuBackend backend;
    private KvCache cache;
    private AttentionShape shape;
    private StepInput input;
    private Buffer queries;
    private Buffer out;
    private double bytes;

    @Setup(Level.Trial)
    public void open() {
        backend = new CpuBackend(threads, CpuArithmetic.named(isa));
        float scale = (float) (1 / Math.sqrt(HEAD_DIM));
        shape = new AttentionShape(HEADS, KV_HEADS, HEAD_DIM, HEAD_DIM, scale, 0, 0, null);
        KvType type = KvType.named(kv);
        KvLayout layout = new KvLayout(List.of(new KvLayout.Layer(KV_HEADS, HEAD_DIM, HEAD_DIM)), type, BLOCK);
        int blocks = (context + BLOCK - 1) / BLOCK;
        cache = backend.allocateKvCache(layout, blocks);
        SplittableRandom random = new SplittableRandom(1);
        int size = KV_HEADS * HEAD_DIM;
        Buffer keys = backend.upload(Numbers.random(STORED_AT_ONCE * size, random), STORED_AT_ONCE, size);
        for (int from = 0; from < context; from += STORED_AT_ONCE) {
            int to = Math.min(context, from + STORED_AT_ONCE);
            backend.storeKv(cache, 0, step(from, to, blocks), keys, keys);
        }
        input = step(context - tokens, context, blocks);
        queries = backend.upload(Numbers.random(tokens * HEADS * HEAD_DIM, random), tokens, HEADS * HEAD_DIM);
        out = backend.allocate(tokens, HEADS * HEAD_DIM);
        bytes = 2.0 * KV_HEADS * context * type.vectorBytes(HEAD_DIM);
    }

    private static StepInput step(int from, int to, int blocks) {
        int rows = to - from;
        int[] places = IntStream.range(from, to).toArray();
        int[] table = IntStream.range(0, blocks).toArray();
        return new StepInput(
                rows,
                1,
                0,
                new int[rows],
                places,
                new int[] {0, rows},
                new int[] {to},
                places,
                table,
                blocks,
                new int[0]);
    }

    @TearDown(Level.Trial)
    public void close() {
        cache.close();
        backend.close();
    }

    @Benchmark
    public void attention(Work work) {
        backend.attention(shape, cache, 0, input, queries, out);
        double pairs = (double) tokens * context - (double) tokens * (tokens - 1) / 2;
        work.add(4 * pairs * HEADS * HEAD_DIM, bytes);
    }
}
