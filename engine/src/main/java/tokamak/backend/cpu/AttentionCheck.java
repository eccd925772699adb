package tokamak.backend.cpu;

import java.util.List;
import java.util.stream.IntStream;
import tokamak.backend.AttentionShape;
import tokamak.backend.Buffer;
import tokamak.backend.KvCache;
import tokamak.backend.KvLayout;
import tokamak.backend.KvType;
import tokamak.backend.StepInput;

/** Attention over paged keys and values: two sequences, computed in chunks and then token by token. */
final class AttentionCheck {
    private static final int BLOCK = 16;

    private record Setting(
            int numHeads, int numKvHeads, int headDim, int valueDim, int window, boolean sinks, float softcap) {}

    private static final List<Setting> SETTINGS = List.of(
            new Setting(4, 2, 64, 64, 0, false, 0),
            new Setting(2, 2, 128, 128, 0, false, 0),
            new Setting(8, 1, 16, 48, 37, true, 0),
            new Setting(6, 2, 80, 80, 150, false, 0),
            new Setting(14, 1, 32, 32, 0, true, 0),
            new Setting(4, 4, 20, 12, 0, false, 0),
            new Setting(4, 2, 64, 64, 50, false, 20));

    /** Lengths of the two sequences before and after each step. */
    private static final int[][] LENGTHS = {{0, 0}, {290, 7}, {310, 41}, {311, 42}, {312, 43}};

    private static final int MAX_BLOCKS = 320 / BLOCK + 1;

    private final Twins twins;

    AttentionCheck(Twins twins) {
        this.twins = twins;
    }

    Deviation run(KvType kvType) {
        Deviation deviation = new Deviation();
        for (Setting setting : SETTINGS) {
            twins.compare(deviation, side -> attend(side, setting, kvType));
        }
        return deviation;
    }

    /** The outputs of all steps, one below the other. */
    private static Buffer attend(Twins.Side side, Setting s, KvType kvType) {
        CpuBackend backend = side.backend();
        float scale = (float) (1 / Math.sqrt(s.headDim()));
        Buffer sinks = s.sinks() ? side.parameters(s.numHeads()) : null;
        AttentionShape shape = new AttentionShape(
                s.numHeads(), s.numKvHeads(), s.headDim(), s.valueDim(), scale, s.softcap(), s.window(), sinks);
        KvLayout layout =
                new KvLayout(List.of(new KvLayout.Layer(s.numKvHeads(), s.headDim(), s.valueDim())), kvType, BLOCK);
        int numTokens = IntStream.of(LENGTHS[LENGTHS.length - 1]).sum();
        Buffer out = side.empty(numTokens, s.numHeads() * s.valueDim());
        try (KvCache cache = backend.allocateKvCache(layout, 2 * MAX_BLOCKS)) {
            int done = 0;
            for (int i = 1; i < LENGTHS.length; i++) {
                StepInput input = step(LENGTHS[i - 1], LENGTHS[i]);
                int rows = input.numTokens();
                Buffer queries = side.random(rows, s.numHeads() * s.headDim(), 2);
                Buffer keys = side.random(rows, s.numKvHeads() * s.headDim(), 2);
                Buffer values = side.random(rows, s.numKvHeads() * s.valueDim(), 1);
                backend.storeKv(cache, 0, input, keys, values);
                int at = Math.toIntExact(out.at(done));
                backend.attention(
                        shape,
                        cache,
                        0,
                        input,
                        queries,
                        new Buffer(out.memory(), rows, out.columns(), at, out.stride()));
                done += rows;
            }
        }
        return out;
    }

    /** Blocks of the two sequences alternate, from the last to the first. */
    private static StepInput step(int[] from, int[] to) {
        int first = to[0] - from[0];
        int rows = first + to[1] - from[1];
        int[] positions = new int[rows];
        int[] slots = new int[rows];
        for (int row = 0; row < rows; row++) {
            int sequence = row < first ? 0 : 1;
            positions[row] = row < first ? from[0] + row : from[1] + row - first;
            slots[row] = block(sequence, positions[row] / BLOCK) * BLOCK + positions[row] % BLOCK;
        }
        return new StepInput(
                rows,
                2,
                0,
                new int[rows],
                positions,
                new int[] {0, first, rows},
                to,
                slots,
                IntStream.range(0, 2 * MAX_BLOCKS)
                        .map(i -> block(i / MAX_BLOCKS, i % MAX_BLOCKS))
                        .toArray(),
                MAX_BLOCKS,
                new int[0]);
    }

    private static int block(int sequence, int index) {
        return 2 * (MAX_BLOCKS - 1 - index) + sequence;
    }
}
