package tokamak.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import tokamak.backend.AttentionShape;
import tokamak.backend.Buffer;
import tokamak.backend.KvLayout;
import tokamak.backend.KvType;
import tokamak.backend.StepInput;
import tokamak.backend.cpu.x64.BlockAttention;
import tokamak.backend.cpu.x64.Kernels;

/**
 * Causal attention by machine code. A chunk is one key and value head of one sequence for a tile of query rows: the
 * queries of that head's group, token by token. It walks the context in stretches at fixed places, keeping a running maximum
 * per row (<a href="https://arxiv.org/abs/2205.14135">Dao et al. 2022</a>), so a row's result depends on its sequence alone.
 */
final class PackedAttention implements WorkerTeam.Job, AutoCloseable {
    /** Blocks per stretch: the keys or values of one head fit a level-1 cache. */
    private static final int STRETCH = 8;

    private static final int BLOCK = BlockAttention.BLOCK;

    private record CodeKey(KvType type, int headDim, int valueDim) {}

    /** One worker's memory. */
    private static final class Memory {
        final Scratch tile = new Scratch(); // [headDim, rows]
        final Scratch scores = new Scratch(); // [STRETCH, rows, BLOCK]
        final Scratch sums = new Scratch(); // [rows, valueDim]
        final Scratch states = new Scratch(); // [rows]
        final Scratch ids = new Scratch(); // [blocks of the context + 1]
        int[] firstSeen = new int[0]; // [rows] position of the first token a row sees
        int[] lastSeen = new int[0]; // [rows]
    }

    private final Kernels kernels;
    private final Map<CodeKey, BlockAttention> codes = new HashMap<>();
    private final Memory[] memories;
    private int[] chunkStarts = new int[1]; // [numSequences + 1] chunks of the sequences before
    private int layer;
    private BlockAttention code;
    private AttentionShape shape;
    private CpuKvCache cache;
    private StepInput input;
    private Buffer queries;
    private Buffer out;
    private Buffer keys;
    private Buffer values;
    private final WorkerTeam.Job storing = (chunk, worker) -> storeHead(chunk);

    @SuppressWarnings("NullAway") // run() sets what chunks read
    PackedAttention(Kernels kernels, int numWorkers) {
        this.kernels = kernels;
        memories = new Memory[numWorkers];
        for (int i = 0; i < numWorkers; i++) {
            memories[i] = new Memory();
        }
    }

    /** Whether all layers of such a cache have kernels. */
    static boolean covers(KvLayout layout) {
        return layout.layers().stream()
                .allMatch(layer -> BlockAttention.covers(layer.headDim(), layer.valueDim(), layout.blockSize()));
    }

    private BlockAttention code(KvType type, int headDim, int valueDim) {
        CodeKey key = new CodeKey(type, headDim, valueDim);
        return codes.computeIfAbsent(key, _ -> new BlockAttention(kernels, type, headDim, valueDim));
    }

    /** Stores the keys and values of the step's tokens. */
    void store(WorkerTeam team, CpuKvCache cache, int layer, StepInput input, Buffer keys, Buffer values) {
        KvLayout.Layer stored = cache.layout().layers().get(layer);
        this.cache = cache;
        this.layer = layer;
        this.input = input;
        this.keys = keys;
        this.values = values;
        code = code(cache.layout().type(), stored.headDim(), stored.valueDim());
        team.run(storing, input.numTokens() * stored.numKvHeads());
    }

    private void storeHead(int chunk) {
        KvLayout.Layer stored = cache.layout().layers().get(layer);
        int row = chunk / stored.numKvHeads();
        int head = chunk % stored.numKvHeads();
        int slot = input.slotMapping()[row];
        long key = keys.at(row) + (long) head * stored.headDim();
        code.storeKeys(
                keys.memory(), key, 1, part(cache.keys(layer), stored, stored.headDim(), slot, head), slot % BLOCK);
        long value = values.at(row) + (long) head * stored.valueDim();
        code.storeValues(
                values.memory(),
                value,
                1,
                part(cache.values(layer), stored, stored.valueDim(), slot, head),
                slot % BLOCK);
    }

    /** One head's part of the block that a slot is in. */
    private MemorySegment part(MemorySegment blocks, KvLayout.Layer stored, int dim, int slot, int head) {
        long blockBytes = cache.blockBytes(stored, dim);
        long partBytes = blockBytes / stored.numKvHeads();
        return blocks.asSlice(slot / BLOCK * blockBytes + head * partBytes, partBytes);
    }

    void run(
            WorkerTeam team,
            AttentionShape shape,
            CpuKvCache cache,
            int layer,
            StepInput input,
            Buffer queries,
            Buffer out) {
        this.shape = shape;
        this.cache = cache;
        this.layer = layer;
        this.input = input;
        this.queries = queries;
        this.out = out;
        code = code(cache.layout().type(), shape.headDim(), shape.valueDim());
        if (chunkStarts.length <= input.numSequences()) {
            chunkStarts = new int[2 * input.numSequences() + 1];
        }
        for (int s = 0; s < input.numSequences(); s++) {
            chunkStarts[s + 1] = chunkStarts[s] + numTiles(s) * shape.numKvHeads();
        }
        team.run(this, chunkStarts[input.numSequences()]);
    }

    private int groupSize() {
        return shape.numHeads() / shape.numKvHeads();
    }

    private int numRows(int sequence) {
        return (input.queryStarts()[sequence + 1] - input.queryStarts()[sequence]) * groupSize();
    }

    private int numTiles(int sequence) {
        return (numRows(sequence) + code.maxRows() - 1) / code.maxRows();
    }

    @Override
    public void run(int chunk, int worker) {
        int sequence = 0;
        while (chunkStarts[sequence + 1] <= chunk) {
            sequence++;
        }
        int numTiles = numTiles(sequence);
        int local = chunk - chunkStarts[sequence];
        // the last tiles see the longest context: they come first, so that no thread starts one when the others are
        // done
        int tile = numTiles - 1 - local / shape.numKvHeads();
        int firstRow = (int) ((long) numRows(sequence) * tile / numTiles);
        int endRow = (int) ((long) numRows(sequence) * (tile + 1) / numTiles);
        attend(sequence, local % shape.numKvHeads(), firstRow, endRow - firstRow, memories[worker]);
    }

    /** @param firstRow counts the sequence's query rows: token times group size plus place in the group */
    private void attend(int sequence, int kvHead, int firstRow, int rows, Memory memory) {
        int group = groupSize();
        MemorySegment tile = memory.tile.require(4 * code.tileFloats(rows));
        MemorySegment sums = memory.sums.require(4L * rows * shape.valueDim());
        MemorySegment states = memory.states.require((long) rows * BlockAttention.STATE_BYTES);
        if (memory.firstSeen.length < rows) {
            memory.firstSeen = new int[code.maxRows()];
            memory.lastSeen = new int[code.maxRows()];
        }
        int first = Integer.MAX_VALUE;
        int last = 0;
        for (int r = 0; r < rows; r++) {
            int token = input.queryStarts()[sequence] + (firstRow + r) / group;
            int head = kvHead * group + (firstRow + r) % group;
            int position = input.positions()[token];
            memory.lastSeen[r] = position;
            memory.firstSeen[r] = shape.window() == 0 ? 0 : Math.max(0, position - shape.window() + 1);
            first = Math.min(first, memory.firstSeen[r]);
            last = Math.max(last, position);
            code.loadQuery(queries.memory(), queries.at(token) + (long) head * shape.headDim(), tile, r, rows);
            code.start(states, sums, r, sink(head));
        }
        walk(sequence, kvHead, rows, first, last, memory, tile, sums, states);
        for (int r = 0; r < rows; r++) {
            int token = input.queryStarts()[sequence] + (firstRow + r) / group;
            int head = kvHead * group + (firstRow + r) % group;
            code.finish(sums, r, states, out.memory(), out.at(token) + (long) head * shape.valueDim());
        }
    }

    private float sink(int head) {
        Buffer sinks = shape.sinks();
        return sinks == null
                ? Float.NEGATIVE_INFINITY
                : sinks.memory().getAtIndex(JAVA_FLOAT, (long) sinks.offset() + head);
    }

    /** Goes over the positions {@code [first, last]}, stretch by stretch. */
    private void walk(
            int sequence,
            int kvHead,
            int rows,
            int first,
            int last,
            Memory memory,
            MemorySegment tile,
            MemorySegment sums,
            MemorySegment states) {
        KvLayout.Layer stored = cache.layout().layers().get(layer);
        long keyBytes = cache.blockBytes(stored, stored.headDim());
        long valueBytes = cache.blockBytes(stored, stored.valueDim());
        MemorySegment keys = cache.keys(layer).asSlice(keyBytes / stored.numKvHeads() * kvHead);
        MemorySegment values = cache.values(layer).asSlice(valueBytes / stored.numKvHeads() * kvHead);
        MemorySegment scores = memory.scores.require(4L * STRETCH * BLOCK * rows);
        MemorySegment ids = blockIds(sequence, last / BLOCK, memory);
        for (int stretch = first / BLOCK / STRETCH; stretch * STRETCH * BLOCK <= last; stretch++) {
            int firstBlock = stretch * STRETCH;
            int numBlocks = Math.min(STRETCH, last / BLOCK + 1 - firstBlock);
            int start = firstBlock * BLOCK;
            code.scores(tile, rows, keys, keyBytes, ids, firstBlock, numBlocks, scores);
            for (int r = 0; r < rows; r++) {
                if (shape.softcap() != 0) {
                    code.softcap(scores, r, rows, numBlocks, shape.scale(), shape.softcap());
                }
                hide(scores, r, rows, 0, Math.min(memory.firstSeen[r] - start, numBlocks * BLOCK));
                hide(scores, r, rows, Math.max(memory.lastSeen[r] + 1 - start, 0), numBlocks * BLOCK);
                code.softmax(scores, r, rows, numBlocks, states, shape.softcap() == 0 ? shape.scale() : 1);
            }
            int numTokens = Math.min(numBlocks * BLOCK, last + 1 - start);
            code.addValues(scores, rows, values, valueBytes, ids, firstBlock, numTokens, sums, states);
        }
    }

    /** Scores of tokens {@code [from, to)} of a stretch become those of tokens that aren't there. */
    private static void hide(MemorySegment scores, int row, int rows, int from, int to) {
        for (int token = from; token < to; token++) {
            long place = ((long) token / BLOCK * rows + row) * BLOCK + token % BLOCK;
            scores.setAtIndex(JAVA_FLOAT, place, Float.NEGATIVE_INFINITY);
        }
    }

    /** The sequence's blocks up to {@code lastBlock}, checked, with the last one twice. */
    private MemorySegment blockIds(int sequence, int lastBlock, Memory memory) {
        MemorySegment ids = memory.ids.require(4L * (lastBlock + 2));
        int from = sequence * input.blockTableStride();
        for (int i = 0; i <= lastBlock; i++) {
            int id = input.blockTables()[from + i];
            if (id < 0 || id >= cache.numBlocks()) {
                throw new IndexOutOfBoundsException("block " + id + " of " + cache.numBlocks());
            }
            ids.setAtIndex(JAVA_INT, i, id);
        }
        ids.setAtIndex(JAVA_INT, lastBlock + 1, ids.getAtIndex(JAVA_INT, lastBlock));
        return ids;
    }

    @Override
    public void close() {
        for (Memory memory : memories) {
            memory.tile.close();
            memory.scores.close();
            memory.sums.close();
            memory.states.close();
            memory.ids.close();
        }
    }
}
