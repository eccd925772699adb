package tokamak.backend.cpu.x64;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import tokamak.backend.KvType;

/**
 * Attention over paged keys and values for tiles of query rows that share a key and value head: the typed face of
 * {@link ScoreKernels}, {@link SoftmaxKernels} and {@link ValueKernels}. A tile goes {@link #loadQuery}, {@link #start}, then
 * per stretch of blocks {@link #scores}, {@link #softmax} and {@link #addValues}, and at last {@link #finish}.
 *
 * <p>A row's result depends on its own query and the keys and values it may see, not on the tile. Immutable; scratch
 * memory is the caller's.
 */
public final class BlockAttention {
    /** Tokens of a KV block. */
    public static final int BLOCK = KvNumbers.BLOCK;

    /** Bytes of a row's running state. */
    public static final int STATE_BYTES = RowState.BYTES;

    /** Where a running maximum starts: finite, so that the difference of two maxima is a number. */
    private static final float LOWEST = -1e30f;

    private record ScoreKey(KvType type, int rows, int headDim) {}

    private record SoftcapKey() {}

    private record SoftmaxKey() {}

    private record ValueKey(KvType type, int rows, int valueDim) {}

    private record HeadsValueKey(KvType type, int rows, int valueDim) {}

    private record MergeKey() {}

    private record ScaleKey() {}

    private record TransposeKey() {}

    private record StoreKey(KvType type, int dim, int step) {}

    private final int headDim;
    private final int valueDim;
    private final KvType type;
    private final KvNumbers numbers;
    private final int maxRows;
    private final LazyRoutines scores;
    private final LazyRoutines values;
    private final LazyRoutines valuesOfHeads;
    private final Routine softcap;
    private final Routine merge;
    private final Routine softmax;
    private final Routine scale;
    private final Routine transpose;
    private final Routine storeKeys;
    private final Routine storeValues;

    /** Whether there are kernels for such a cache. */
    public static boolean covers(int headDim, int valueDim, int blockSize) {
        return blockSize == BLOCK && headDim % BLOCK == 0 && valueDim % BLOCK == 0;
    }

    public BlockAttention(Kernels kernels, KvType type, int headDim, int valueDim) {
        if (!covers(headDim, valueDim, BLOCK)) {
            throw new IllegalArgumentException(
                    "no attention kernel for heads of " + headDim + " and " + valueDim + " numbers");
        }
        Isa isa = kernels.isa();
        OperatingSystem system = kernels.system();
        this.headDim = headDim;
        this.valueDim = valueDim;
        this.type = type;
        this.numbers = new KvNumbers(type);
        this.maxRows = ScoreKernels.maxRows(isa);
        this.scores = new LazyRoutines(
                maxRows,
                rows -> kernels.routine(
                        new ScoreKey(type, rows, headDim),
                        key -> ScoreKernels.scores(isa, system, key.type(), key.rows(), key.headDim())));
        this.values = new LazyRoutines(
                maxRows,
                rows -> kernels.routine(
                        new ValueKey(type, rows, valueDim),
                        key -> ValueKernels.values(isa, system, key.type(), key.rows(), key.valueDim())));
        this.valuesOfHeads = new LazyRoutines(
                maxRows,
                rows -> kernels.routine(
                        new HeadsValueKey(type, rows, valueDim),
                        key -> ValueKernels.valuesOfHeads(isa, system, key.type(), key.rows(), key.valueDim())));
        this.merge = kernels.routine(new MergeKey(), _ -> SoftmaxKernels.merge(isa, system));
        this.softcap = kernels.routine(new SoftcapKey(), _ -> SoftmaxKernels.softcap(isa, system));
        this.softmax = kernels.routine(new SoftmaxKey(), _ -> SoftmaxKernels.softmax(isa, system));
        this.scale = kernels.routine(new ScaleKey(), _ -> SoftmaxKernels.scaleRow(isa, system));
        this.transpose = kernels.routine(new TransposeKey(), _ -> TransposeKernel.generate(system));
        this.storeKeys = store(kernels, type, headDim, BLOCK);
        this.storeValues = store(kernels, type, valueDim, 1);
    }

    private static Routine store(Kernels kernels, KvType type, int dim, int step) {
        return kernels.routine(
                new StoreKey(type, dim, step),
                key -> KvStoreKernel.generate(kernels.system(), key.type(), key.dim(), key.step()));
    }

    /** Bytes of one head's part of a block. */
    private long partBytes(int dim) {
        return BLOCK * type.vectorBytes(dim);
    }

    /** Query rows of the largest tile. */
    public int maxRows() {
        return maxRows;
    }

    /** Index of number {@code i} of a token's key in its block's part for one head; of half bytes the lower comes first. */
    public static int keyIndex(KvType type, int tokenInBlock, int i) {
        return switch (type) {
            case F32, F16, INT8 -> i * BLOCK + tokenInBlock;
            // a byte has two numbers of one token: sixteen tokens are sixteen bytes
            case INT4 -> (i / 2 * BLOCK + tokenInBlock) * 2 + i % 2;
        };
    }

    /** As {@link #keyIndex}, of a value of {@code valueDim} numbers. */
    public static int valueIndex(KvType type, int valueDim, int tokenInBlock, int i) {
        int run = tokenInBlock * valueDim + i / BLOCK * BLOCK;
        int inRun = i % BLOCK;
        return switch (type) {
            case F32, F16, INT8 -> run + inRun;
            // eight bytes in all pairs of lanes: the even lane shifts the first four, the odd lane the last four
            case INT4 -> run + inRun / 2 + inRun % 2 * (BLOCK / 2);
        };
    }

    /**
     * Stores the keys of one token.
     *
     * @param x {@code [numHeads, headDim]} floats from index {@code at} on
     * @param block the block's keys: {@code [numHeads]} parts
     */
    public void storeKeys(MemorySegment x, long at, int numHeads, MemorySegment block, int tokenInBlock) {
        store(storeKeys, x, at, numHeads, headDim, block, tokenInBlock, keyIndex(type, tokenInBlock, 0));
    }

    /** As {@link #storeKeys}. */
    public void storeValues(MemorySegment x, long at, int numHeads, MemorySegment block, int tokenInBlock) {
        store(storeValues, x, at, numHeads, valueDim, block, tokenInBlock, valueIndex(type, valueDim, tokenInBlock, 0));
    }

    private void store(
            Routine routine,
            MemorySegment x,
            long at,
            int numHeads,
            int dim,
            MemorySegment block,
            int tokenInBlock,
            int firstNumber) {
        requireFloats("x", x, at, (long) numHeads * dim);
        requireBytes("block", block, numHeads * partBytes(dim));
        if (tokenInBlock < 0 || tokenInBlock >= BLOCK || numHeads < 1) {
            throw new IndexOutOfBoundsException("token " + tokenInBlock + " of a block, " + numHeads + " heads");
        }
        routine.call(
                x.address() + at * Float.BYTES,
                block.address() + numbers.headerBytes() + numbers.bytes(firstNumber),
                numHeads,
                partBytes(dim),
                block.address() + tokenInBlock * numbers.scaleBytes(),
                0,
                0,
                0);
        Reference.reachabilityFence(x);
        Reference.reachabilityFence(block);
    }

    /** Floats of a query tile. */
    public long tileFloats(int rows) {
        return rows * (headDim + (type == KvType.INT4 ? 1L : 0));
    }

    /**
     * Brings one query row, {@code headDim} floats from index {@code at} on, into a tile of {@code [headDim][rows]}, below
     * which stands a row of sums where keys have minima: {@code q · (min + scale * codes)} is {@code min} times that sum and
     * {@code scale} times a product.
     */
    public void loadQuery(MemorySegment queries, long at, MemorySegment tile, int row, int rows) {
        requireRow(row, rows);
        requireFloats("queries", queries, at, headDim);
        requireFloats("query tile", tile, 0, tileFloats(rows));
        transpose.call(
                queries.address() + at * Float.BYTES,
                tile.address() + (long) row * Float.BYTES,
                headDim,
                (long) rows * Float.BYTES,
                0,
                0,
                0,
                0);
        Reference.reachabilityFence(queries);
        if (type == KvType.INT4) {
            float sum = 0;
            for (int i = 0; i < headDim; i++) {
                sum += queries.get(JAVA_FLOAT_UNALIGNED, (at + i) * Float.BYTES);
            }
            tile.set(JAVA_FLOAT_UNALIGNED, ((long) headDim * rows + row) * Float.BYTES, sum);
        }
    }

    /**
     * Sets a row's state and sums to nothing seen.
     *
     * @param sink a further logit of the softmax, or negative infinity for none
     */
    public void start(MemorySegment states, MemorySegment sums, int row, float sink) {
        boolean hasSink = sink != Float.NEGATIVE_INFINITY;
        states.asSlice((long) row * STATE_BYTES, STATE_BYTES).fill((byte) 0);
        states.setAtIndex(JAVA_FLOAT, (long) row * STATE_BYTES / Float.BYTES, hasSink ? sink : LOWEST);
        states.setAtIndex(JAVA_FLOAT, (long) row * STATE_BYTES / Float.BYTES + 1, hasSink ? 1 : 0);
        sums.asSlice((long) row * valueDim * Float.BYTES, (long) valueDim * Float.BYTES)
                .fill((byte) 0);
    }

    /**
     * {@code scores[b][h][r][t] = query r of head h · key of token t of block b}.
     *
     * @param tile {@code [heads]} query tiles
     * @param rows query rows of each head
     * @param heads key and value heads that follow each other
     * @param keys the first head's keys in block 0 and on to the cache's end
     * @param blockBytes bytes from block to block
     * @param ids block numbers from {@code firstId} on, and one more that is only asked for ahead; the caller has checked
     *     that they are in the cache
     */
    public void scores(
            MemorySegment tile,
            int rows,
            int heads,
            MemorySegment keys,
            long blockBytes,
            MemorySegment ids,
            int firstId,
            int numBlocks,
            MemorySegment scores) {
        requireRows(rows, heads);
        requireFloats("query tile", tile, 0, heads * tileFloats(rows));
        requireFloats("scores", scores, 0, (long) numBlocks * heads * rows * BLOCK);
        requireBytes("block ids", ids, (firstId + numBlocks + 1L) * Integer.BYTES);
        this.scores
                .of(rows)
                .call(
                        tile.address(),
                        keys.address(),
                        ids.address() + (long) firstId * Integer.BYTES,
                        numBlocks,
                        scores.address(),
                        blockBytes,
                        heads,
                        0);
        Reference.reachabilityFence(keys);
    }

    /** One row's scores, of {@code rows} in all, become {@code cap * tanh(factor * score / cap)}. */
    public void softcap(MemorySegment scores, int row, int rows, int numBlocks, float factor, float cap) {
        requireFloats("scores", scores, row, (long) numBlocks * rows * BLOCK - row);
        softcap.call(
                scores.address() + (long) row * BLOCK * Float.BYTES,
                numBlocks,
                (long) rows * BLOCK * Float.BYTES,
                Float.floatToRawIntBits(2 * factor / cap),
                Float.floatToRawIntBits(cap),
                0,
                0,
                0);
    }

    /**
     * All scores, times {@code factor}, become softmax weights; the rows' states move on.
     *
     * @param rows of all heads
     */
    public void softmax(MemorySegment scores, int rows, int numBlocks, MemorySegment states, float factor) {
        requireRows(1, rows);
        requireFloats("scores", scores, 0, (long) numBlocks * rows * BLOCK);
        requireBytes("states", states, (long) rows * STATE_BYTES);
        softmax.call(
                scores.address(),
                numBlocks,
                (long) rows * BLOCK * Float.BYTES,
                states.address(),
                Float.floatToRawIntBits(factor),
                rows,
                0,
                0);
    }

    /**
     * Adds the weighted values of {@code numTokens} tokens to {@code sums[heads][rows][valueDim]}.
     *
     * @param values as the keys of {@link #scores}
     */
    public void addValues(
            MemorySegment weights,
            int rows,
            int heads,
            MemorySegment values,
            long blockBytes,
            MemorySegment ids,
            int firstId,
            int numTokens,
            MemorySegment sums,
            MemorySegment states) {
        requireRows(rows, heads);
        int numBlocks = (numTokens + BLOCK - 1) / BLOCK;
        requireFloats("weights", weights, 0, (long) numBlocks * heads * rows * BLOCK);
        requireFloats("sums", sums, 0, (long) heads * rows * valueDim);
        requireBytes("states", states, (long) heads * rows * STATE_BYTES);
        requireBytes("block ids", ids, (firstId + numBlocks + 1L) * Integer.BYTES);
        Routine routine = (heads == 1 ? this.values : valuesOfHeads).of(rows);
        routine.call(
                weights.address(),
                values.address(),
                ids.address() + (long) firstId * Integer.BYTES,
                numTokens,
                sums.address(),
                blockBytes,
                states.address(),
                heads);
        Reference.reachabilityFence(values);
    }

    /**
     * Takes what rows came to in a later part of the context into what they came to before: as if both had been one, but for
     * rounding. A part in which nothing was seen changes nothing, and is replaced as a whole by what comes.
     */
    public void merge(
            MemorySegment sums, MemorySegment states, MemorySegment laterSums, MemorySegment laterStates, int rows) {
        requireRows(1, rows);
        requireFloats("sums", sums, 0, (long) rows * valueDim);
        requireFloats("later sums", laterSums, 0, (long) rows * valueDim);
        requireBytes("states", states, (long) rows * STATE_BYTES);
        requireBytes("later states", laterStates, (long) rows * STATE_BYTES);
        merge.call(sums.address(), laterSums.address(), states.address(), laterStates.address(), valueDim, rows, 0, 0);
    }

    /** Writes a row's result: its sums over the sum of its weights. */
    public void finish(MemorySegment sums, int row, MemorySegment states, MemorySegment out, long at) {
        requireFloats("sums", sums, (long) row * valueDim, valueDim);
        requireFloats("out", out, at, valueDim);
        float total = states.getAtIndex(JAVA_FLOAT, (long) row * STATE_BYTES / Float.BYTES + 1);
        scale.call(
                sums.address() + (long) row * valueDim * Float.BYTES,
                out.address() + at * Float.BYTES,
                valueDim,
                Float.floatToRawIntBits(1 / total));
        Reference.reachabilityFence(out);
    }

    private void requireRows(int rows, int heads) {
        requireRow(0, rows);
        if (heads < 1) {
            throw new IndexOutOfBoundsException(heads + " heads; at least 1");
        }
    }

    private void requireRow(int row, int rows) {
        if (rows < 1 || rows > maxRows || row < 0 || row >= rows) {
            throw new IndexOutOfBoundsException("row " + row + " of " + rows + "; at most " + maxRows);
        }
    }

    private static void requireFloats(String what, MemorySegment segment, long at, long count) {
        if (at < 0) {
            throw new IndexOutOfBoundsException(what + " at " + at);
        }
        requireBytes(what, segment, (at + count) * Float.BYTES);
    }

    private static void requireBytes(String what, MemorySegment segment, long needed) {
        if (!segment.isNative() || segment.byteSize() < needed) {
            throw new IllegalArgumentException(
                    what + ": " + needed + " bytes of native memory needed, found " + segment);
        }
    }
}
