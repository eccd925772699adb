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
 * Causal attention by machine code. A chunk is a tile of query rows for some key and value heads, cut by an {@link AttentionPlan}: the
 * queries of a head's group, token by token. It walks the context in stretches at fixed places, keeping a running maximum
 * per row (<a href="https://arxiv.org/abs/2205.14135">Dao et al. 2022</a>), and starts anew with each part of the context; parts are
 * merged from the first to the last, so a row's result depends on its sequence alone.
 */
final class PackedAttention implements WorkerTeam.Job, AutoCloseable {
    /** Blocks per stretch: the keys or values of one head fit a level-1 cache. */
    private static final int STRETCH = 8;

    private static final int BLOCK = BlockAttention.BLOCK;

    private record CodeKey(KvType type, int headDim, int valueDim) {}

    /** Rows that one thread stores: neighbours share cache lines, which threads would take from each other. */
    private static final int STORED_ROWS = BLOCK;

    private static final int PART_BLOCKS = AttentionPlan.PART / BLOCK;

    /** One worker's memory. R rows are those of all the chunk's heads. */
    private static final class Memory {
        final Scratch tile = new Scratch(); // [heads, headDim, rows]
        final Scratch scores = new Scratch(); // [STRETCH, R, BLOCK]
        final Scratch sums = new Scratch(); // [R, valueDim]
        final Scratch states = new Scratch(); // [R]
        final Scratch partSums = new Scratch(); // as sums, of one part
        final Scratch partStates = new Scratch();
        final Scratch ids = new Scratch(); // [blocks of the context + 1]
        int[] firstSeen = new int[0]; // [R] position of the first token a row sees
        int[] lastSeen = new int[0]; // [R]

        void requireRows(int rows) {
            if (firstSeen.length < rows) {
                firstSeen = new int[2 * rows];
                lastSeen = new int[2 * rows];
            }
        }
    }

    /** What a chunk works on. */
    private record Rows(int sequence, int firstHead, int numHeads, int firstRow, int numRows) {
        int all() {
            return numHeads * numRows;
        }
    }

    private final Kernels kernels;
    private final Map<CodeKey, BlockAttention> codes = new HashMap<>();
    private final Memory[] memories;
    private final AttentionPlan plan;
    private final Scratch cutSums = new Scratch(); // [plan.numPartRows(), valueDim]
    private final Scratch cutStates = new Scratch(); // [plan.numPartRows()]
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
    private final WorkerTeam.Job merging = this::mergeHead;

    @SuppressWarnings("NullAway") // run() sets what chunks read
    PackedAttention(Kernels kernels, int numWorkers) {
        this.kernels = kernels;
        plan = new AttentionPlan(numWorkers);
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
        team.run(storing, (input.numTokens() + STORED_ROWS - 1) / STORED_ROWS * stored.numKvHeads());
    }

    private void storeHead(int chunk) {
        KvLayout.Layer stored = cache.layout().layers().get(layer);
        int head = chunk % stored.numKvHeads();
        int first = chunk / stored.numKvHeads() * STORED_ROWS;
        int end = Math.min(input.numTokens(), first + STORED_ROWS);
        for (int row = first; row < end; row++) {
            storeHead(stored, row, head);
        }
    }

    private void storeHead(KvLayout.Layer stored, int row, int head) {
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
        plan.make(shape, input, code.maxRows());
        cutSums.require(4L * plan.numPartRows() * shape.valueDim());
        cutStates.require((long) plan.numPartRows() * BlockAttention.STATE_BYTES);
        team.run(this, plan.numChunks());
        if (plan.numPartRows() > 0) {
            team.run(merging, input.numSequences() * shape.numKvHeads());
        }
    }

    @Override
    public void run(int chunk, int worker) {
        int sequence = plan.sequence(chunk);
        int firstRow = plan.firstRow(sequence, chunk);
        Rows rows = new Rows(
                sequence,
                plan.firstHead(sequence, chunk),
                plan.numHeads(sequence, chunk),
                firstRow,
                plan.endRow(sequence, chunk) - firstRow);
        attend(rows, plan.firstPart(sequence, chunk), plan.endPart(sequence, chunk), memories[worker]);
    }

    /** The token that a row of the sequence belongs to, counted in the step. */
    private int token(int sequence, int row) {
        return input.queryStarts()[sequence] + row / plan.groupSize();
    }

    private int queryHead(int kvHead, int row) {
        return kvHead * plan.groupSize() + row % plan.groupSize();
    }

    private void attend(Rows rows, int firstPart, int endPart, Memory memory) {
        MemorySegment tiles = memory.tile.require(4 * rows.numHeads() * code.tileFloats(rows.numRows()));
        memory.requireRows(rows.all());
        for (int h = 0; h < rows.numHeads(); h++) {
            MemorySegment tile = tiles.asSlice(4 * h * code.tileFloats(rows.numRows()));
            for (int r = 0; r < rows.numRows(); r++) {
                int token = token(rows.sequence(), rows.firstRow() + r);
                int head = queryHead(rows.firstHead() + h, rows.firstRow() + r);
                int position = input.positions()[token];
                int at = h * rows.numRows() + r;
                memory.lastSeen[at] = position;
                memory.firstSeen[at] = shape.window() == 0 ? 0 : Math.max(0, position - shape.window() + 1);
                code.loadQuery(
                        queries.memory(), queries.at(token) + (long) head * shape.headDim(), tile, r, rows.numRows());
            }
        }
        MemorySegment ids = blockIds(rows.sequence(), memory.lastSeen[rows.numRows() - 1] / BLOCK, memory);
        if (plan.isCut(rows.sequence())) {
            for (int part = firstPart; part < endPart; part++) {
                int row = plan.partRow(rows.sequence(), part) + rows.firstHead() * rows.numRows();
                MemorySegment sums = cutSums(row);
                MemorySegment states = cutStates(row);
                start(rows.all(), states, sums);
                walk(rows, part, memory, tiles, ids, sums, states);
            }
        } else {
            attendWhole(rows, firstPart, endPart, memory, tiles, ids);
        }
    }

    private void start(int rows, MemorySegment states, MemorySegment sums) {
        for (int r = 0; r < rows; r++) {
            code.start(states, sums, r, Float.NEGATIVE_INFINITY);
        }
    }

    private void attendWhole(
            Rows rows, int firstPart, int endPart, Memory memory, MemorySegment tiles, MemorySegment ids) {
        MemorySegment sums = memory.sums.require(4L * rows.all() * shape.valueDim());
        MemorySegment states = memory.states.require((long) rows.all() * BlockAttention.STATE_BYTES);
        for (int r = 0; r < rows.all(); r++) {
            int head = queryHead(rows.firstHead() + r / rows.numRows(), rows.firstRow() + r % rows.numRows());
            code.start(states, sums, r, sink(head));
        }
        for (int part = firstPart; part < endPart; part++) {
            if (part == firstPart && shape.sinks() == null) {
                // merging with nothing changes no bit
                walk(rows, part, memory, tiles, ids, sums, states);
                continue;
            }
            MemorySegment partSums = memory.partSums.require(4L * rows.all() * shape.valueDim());
            MemorySegment partStates = memory.partStates.require((long) rows.all() * BlockAttention.STATE_BYTES);
            start(rows.all(), partStates, partSums);
            walk(rows, part, memory, tiles, ids, partSums, partStates);
            code.merge(sums, states, partSums, partStates, rows.all());
        }
        for (int r = 0; r < rows.all(); r++) {
            int row = rows.firstRow() + r % rows.numRows();
            finish(sums, states, r, token(rows.sequence(), row), queryHead(rows.firstHead() + r / rows.numRows(), row));
        }
    }

    private void finish(MemorySegment sums, MemorySegment states, int row, int token, int head) {
        code.finish(sums, row, states, out.memory(), out.at(token) + (long) head * shape.valueDim());
    }

    private MemorySegment cutSums(int row) {
        return cutSums.require(0).asSlice(4L * row * shape.valueDim());
    }

    private MemorySegment cutStates(int row) {
        return cutStates.require(0).asSlice((long) row * BlockAttention.STATE_BYTES);
    }

    /** Merges the parts of one head's rows of a sequence. */
    private void mergeHead(int chunk, int worker) {
        int sequence = chunk / shape.numKvHeads();
        int kvHead = chunk % shape.numKvHeads();
        if (!plan.isCut(sequence)) {
            return;
        }
        int rows = plan.numRows(sequence);
        Memory memory = memories[worker];
        MemorySegment sums = memory.sums.require(4L * rows * shape.valueDim());
        MemorySegment states = memory.states.require((long) rows * BlockAttention.STATE_BYTES);
        for (int r = 0; r < rows; r++) {
            code.start(states, sums, r, sink(queryHead(kvHead, r)));
        }
        for (int i = 0; i < plan.numParts(sequence); i++) {
            int row = plan.partRow(sequence, plan.firstPart(sequence) + i) + kvHead * rows;
            code.merge(sums, states, cutSums(row), cutStates(row), rows);
        }
        for (int r = 0; r < rows; r++) {
            finish(sums, states, r, token(sequence, r), queryHead(kvHead, r));
        }
    }

    private float sink(int head) {
        Buffer sinks = shape.sinks();
        return sinks == null
                ? Float.NEGATIVE_INFINITY
                : sinks.memory().getAtIndex(JAVA_FLOAT, (long) sinks.offset() + head);
    }

    /** Goes over what the rows see of a part of the context, stretch by stretch. */
    private void walk(
            Rows rows,
            int part,
            Memory memory,
            MemorySegment tiles,
            MemorySegment ids,
            MemorySegment sums,
            MemorySegment states) {
        KvLayout.Layer stored = cache.layout().layers().get(layer);
        long keyBytes = cache.blockBytes(stored, stored.headDim());
        long valueBytes = cache.blockBytes(stored, stored.valueDim());
        MemorySegment keys = cache.keys(layer).asSlice(keyBytes / stored.numKvHeads() * rows.firstHead());
        MemorySegment values = cache.values(layer).asSlice(valueBytes / stored.numKvHeads() * rows.firstHead());
        int all = rows.all();
        MemorySegment scores = memory.scores.require(4L * STRETCH * BLOCK * all);
        // positions grow from row to row of a head
        int first = memory.firstSeen[0];
        int last = Math.min(memory.lastSeen[rows.numRows() - 1], (part + 1) * AttentionPlan.PART - 1);
        int endBlock = last / BLOCK + 1;
        int firstStretch = Math.max(part * PART_BLOCKS, first / BLOCK) / STRETCH;
        for (int stretch = firstStretch; stretch * STRETCH < endBlock; stretch++) {
            int firstBlock = stretch * STRETCH;
            int numBlocks = Math.min(STRETCH, endBlock - firstBlock);
            int start = firstBlock * BLOCK;
            code.scores(tiles, rows.numRows(), rows.numHeads(), keys, keyBytes, ids, firstBlock, numBlocks, scores);
            for (int r = 0; r < all; r++) {
                if (shape.softcap() != 0) {
                    code.softcap(scores, r, all, numBlocks, shape.scale(), shape.softcap());
                }
                hide(scores, r, all, 0, Math.min(memory.firstSeen[r] - start, numBlocks * BLOCK));
                hide(scores, r, all, Math.max(memory.lastSeen[r] + 1 - start, 0), numBlocks * BLOCK);
            }
            code.softmax(scores, all, numBlocks, states, shape.softcap() == 0 ? shape.scale() : 1);
            int numTokens = Math.min(numBlocks * BLOCK, last + 1 - start);
            code.addValues(
                    scores,
                    rows.numRows(),
                    rows.numHeads(),
                    values,
                    valueBytes,
                    ids,
                    firstBlock,
                    numTokens,
                    sums,
                    states);
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
            memory.partSums.close();
            memory.partStates.close();
            memory.ids.close();
        }
        cutSums.close();
        cutStates.close();
    }
}
