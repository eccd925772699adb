package tokamak.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import tokamak.backend.AttentionShape;
import tokamak.backend.Buffer;
import tokamak.backend.KvCache;
import tokamak.backend.KvLayout;
import tokamak.backend.KvType;
import tokamak.backend.StepInput;

/**
 * Times attention alone: {@code AttentionBench KV HEADS KVHEADS DIM DEPTH TOKENS LAYERS THREADS [ISA]}. Every layer has keys and values of
 * its own that were written before, so that with many layers they come from memory and with one from the caches.
 * Lists by comma try all combinations. Blocks follow each other, as in a cache without much traffic.
 */
final class AttentionBench {
    private static final int BLOCK = 16;
    private static final int ROUNDS = Integer.getInteger("rounds", 30);

    private AttentionBench() {}

    public static void main(String[] arguments) {
        int heads = Integer.parseInt(arguments[1]);
        int kvHeads = Integer.parseInt(arguments[2]);
        int dim = Integer.parseInt(arguments[3]);
        String isa = arguments.length > 8 ? arguments[8] : "auto";
        for (String threads : arguments[7].split(",")) {
            try (CpuArithmetic arithmetic = arithmetic(isa)) {
                CpuLimits.measure(arithmetic, Integer.parseInt(threads))
                        .ifPresent(limits -> System.out.printf(
                                "%s threads: read %.1f GB/s, float %.0f GFLOP/s%n",
                                threads, limits.readGbps(), limits.fmaGflops()));
            }
            for (String type : arguments[0].split(",")) {
                for (String depth : arguments[4].split(",")) {
                    for (String tokens : arguments[5].split(",")) {
                        for (String layers : arguments[6].split(",")) {
                            try (CpuBackend backend = new CpuBackend(Integer.parseInt(threads), arithmetic(isa))) {
                                AttentionShape shape = new AttentionShape(
                                        heads, kvHeads, dim, dim, (float) (1 / Math.sqrt(dim)), 0, 0, null);
                                time(
                                        backend,
                                        shape,
                                        KvType.named(type),
                                        Integer.parseInt(depth),
                                        Integer.parseInt(tokens),
                                        Integer.parseInt(layers));
                            }
                        }
                    }
                }
            }
        }
    }

    private static CpuArithmetic arithmetic(String isa) {
        return isa.equals("auto") ? CpuArithmetic.best() : CpuArithmetic.named(isa);
    }

    private static void time(
            CpuBackend backend, AttentionShape shape, KvType type, int depth, int tokens, int numLayers) {
        int blocks = (depth + tokens) / BLOCK + 1;
        KvLayout.Layer layer = new KvLayout.Layer(shape.numKvHeads(), shape.headDim(), shape.valueDim());
        KvLayout layout = new KvLayout(Collections.nCopies(numLayers, layer), type, BLOCK);
        SplittableRandom random = new SplittableRandom(1);
        StepInput input = input(tokens, depth, blocks);
        Buffer queries = random(backend, tokens, shape.numHeads() * shape.headDim(), random);
        Buffer out = backend.allocate(tokens, shape.numHeads() * shape.valueDim());
        try (KvCache cache = backend.allocateKvCache(layout, blocks)) {
            fill(cache, random);
            List<Long> nanos = new ArrayList<>();
            for (int round = -ROUNDS / 3; round < ROUNDS; round++) {
                long start = System.nanoTime();
                for (int i = 0; i < numLayers; i++) {
                    backend.attention(shape, cache, i, input, queries, out);
                }
                if (round >= 0) {
                    nanos.add(System.nanoTime() - start);
                }
            }
            Collections.sort(nanos);
            double seconds = nanos.get(nanos.size() / 2) * 1e-9;
            double best = nanos.getFirst() * 1e-9;
            double bytes = (double) layout.blockBytes() / BLOCK * (depth + tokens);
            double seen = (double) tokens * depth + 0.5 * tokens * (tokens + 1);
            double operations = 2.0 * seen * numLayers * shape.numHeads() * (shape.headDim() + shape.valueDim());
            System.out.printf(
                    "%s depth %d tokens %d layers %d: %.1f us/layer, %.1f GB/s (best %.1f), %.0f GFLOP/s%n",
                    type,
                    depth,
                    tokens,
                    numLayers,
                    seconds / numLayers * 1e6,
                    bytes / seconds * 1e-9,
                    bytes / best * 1e-9,
                    operations / seconds * 1e-9);
        }
    }

    /** Small numbers of both signs, whatever the type: bytes that mean no infinity as half floats or floats. */
    private static void fill(KvCache cache, SplittableRandom random) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment block = arena.allocate(cache.layout().blockBytes(), 64);
            for (long at = 0; at < block.byteSize(); at += 8) {
                block.set(JAVA_LONG, at, random.nextLong() & 0xBFFFBFFFBFFFBFFFL & ~0x4000400040004000L);
            }
            for (int i = 0; i < cache.numBlocks(); i++) {
                cache.copyIn(i, block);
            }
        }
    }

    private static Buffer random(CpuBackend backend, int rows, int columns, SplittableRandom random) {
        Buffer buffer = backend.allocate(rows, columns);
        for (int i = 0; i < rows * columns; i++) {
            buffer.memory().setAtIndex(JAVA_FLOAT, i, (float) random.nextDouble(-1, 1));
        }
        return buffer;
    }

    private static StepInput input(int tokens, int depth, int blocks) {
        int[] positions = IntStream.range(depth, depth + tokens).toArray();
        return new StepInput(
                tokens,
                1,
                1,
                new int[tokens],
                positions,
                new int[] {0, tokens},
                new int[] {depth + tokens},
                positions,
                IntStream.range(0, blocks).toArray(),
                blocks,
                new int[] {tokens - 1});
    }
}
