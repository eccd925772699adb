package tokamak.backend.cpu.x64;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tokamak.tensor.DType;
import tokamak.tensor.Matrix;
import tokamak.tensor.Tensor;

/**
 * A linear layer's matrix in the kernels' order, and the product with it. The bytes belong to the arena that was given.
 *
 * <p>A product has two steps: {@link #prepare} once per token, then {@link #multiply} over disjoint ranges of rows; both
 * may be spread over threads. A token's result is the same bit for bit in any batch and under any split.
 */
public final class PackedMatrix {
    /** Raised whenever a matrix's packed bytes become others, under any instruction set: stored ones are then made anew. */
    public static final int LAYOUT_VERSION = 1;

    private record BiasKey() {}

    private final LinearCode code;
    private final Routine addBias;
    private final MemorySegment data;
    private final long rows;
    private final long columns;
    private final @Nullable InputOrder order;

    private PackedMatrix(Kernels kernels, LinearCode code, MemorySegment data, Matrix shape) {
        this.code = code;
        this.addBias = kernels.routine(
                new BiasKey(), _ -> RowKernels.addBias(kernels.isa().width(), kernels.system()));
        this.data = data;
        this.rows = shape.rows();
        this.columns = shape.columns();
        this.order = InputOrder.of(shape);
    }

    /** The formats that have kernels. */
    public static List<DType> formats() {
        return Stream.concat(
                        Arrays.stream(FloatFormat.values()).map(format -> format.dtype),
                        Arrays.stream(QuantFormat.values()).map(format -> format.dtype))
                .toList();
    }

    /** What the format's kernel does to activations. */
    public static Rounding rounding(Kernels kernels, DType dtype) {
        if (QuantFormat.of(dtype).isPresent()) {
            return Rounding.BYTES;
        }
        return dtype == DType.BF16 && kernels.isa() == Isa.AVX512_BF16 ? Rounding.BFLOAT16 : Rounding.NONE;
    }

    /** Whether there is a kernel for the tensor's format and numbers. */
    public static boolean covers(Kernels kernels, Matrix matrix) {
        return matrix.rows() > 0
                && matrix.columns() > 0
                && LinearCode.of(matrix.dtype(), kernels)
                        .filter(code -> canPack(code, matrix))
                        .isPresent();
    }

    /** Who brings numbers into a format of ours has looked at them. */
    private static boolean canPack(LinearCode code, Matrix matrix) {
        return !(matrix instanceof Tensor tensor) || code.canPack(tensor.data());
    }

    /**
     * A matrix of the tensor's shape without its numbers: {@link #pack} brings them in.
     *
     * @param tensor {@code [outFeatures, inFeatures]}, {@link #covers covered}
     * @throws IllegalArgumentException if no kernel covers the tensor's format
     */
    public static PackedMatrix allocate(Kernels kernels, Matrix tensor, Arena arena) {
        LinearCode code = code(kernels, tensor);
        MemorySegment data = LargeMemory.allocate(arena, bytes(code, tensor));
        return new PackedMatrix(kernels, code, data, tensor);
    }

    /**
     * A matrix over bytes that were packed before, from the same tensor under the same instruction set and layout.
     *
     * @param packed native memory; whoever owns it keeps it for as long as the matrix is used
     * @throws IllegalArgumentException if it is not as large as the tensor's packed form
     */
    public static PackedMatrix of(Kernels kernels, Matrix tensor, MemorySegment packed) {
        LinearCode code = code(kernels, tensor);
        if (!packed.isNative() || packed.byteSize() != bytes(code, tensor)) {
            throw new IllegalArgumentException(
                    tensor + " takes " + bytes(code, tensor) + " bytes of native memory, found " + packed);
        }
        return new PackedMatrix(kernels, code, packed, tensor);
    }

    private static LinearCode code(Kernels kernels, Matrix tensor) {
        return LinearCode.of(tensor.dtype(), kernels)
                .orElseThrow(() -> new IllegalArgumentException("no kernel for " + tensor));
    }

    private static long bytes(LinearCode code, Matrix tensor) {
        long numPanels = (tensor.rows() + code.panelRows() - 1) / code.panelRows();
        return Math.multiplyExact(numPanels, code.panelBytes(tensor.columns()));
    }

    /** Packs the panels {@code [fromPanel, toPanel)} of the matrix. Threads may share the panels out among them. */
    public void pack(Matrix source, int fromPanel, int toPanel) {
        if (source.rows() != rows || source.columns() != columns || source.dtype() != code.dtype()) {
            throw new IllegalArgumentException(source + " is not what the matrix was allocated for");
        }
        long firstRow = (long) fromPanel * code.panelRows();
        long endRow = Math.min((long) toPanel * code.panelRows(), rows);
        long bytes = code.panelBytes(columns);
        try (Arena arena = Arena.ofConfined()) {
            Tensor stretch = source.rows(firstRow, endRow, arena);
            for (int panel = fromPanel; panel < toPanel; panel++) {
                MemorySegment target = data.asSlice(panel * bytes, bytes);
                long row = (long) panel * code.panelRows() - firstRow;
                code.packPanel(stretch.data(), endRow - firstRow, columns, row, target);
            }
        }
    }

    /** The packed bytes, for whoever stores them. */
    public MemorySegment memory() {
        return data;
    }

    public long rows() {
        return rows;
    }

    public long columns() {
        return columns;
    }

    /** Bytes of the packed matrix. */
    public long bytes() {
        return data.byteSize();
    }

    /** Rows per panel: ranges given to {@link #multiply} begin at multiples of it. */
    public int panelRows() {
        return code.panelRows();
    }

    public int numPanels() {
        return Math.toIntExact((rows + code.panelRows() - 1) / code.panelRows());
    }

    /** Bytes that {@link #prepare} fills for a batch. */
    public long activationBytes(int tokens) {
        long ordered = order == null ? 0 : columns * Float.BYTES;
        return Math.multiplyExact(code.activationBytes(columns) + ordered, (long) tokens);
    }

    /** Equal for matrices of equal columns that can share prepared activations. */
    public Object activationForm() {
        return order == null ? code.activationForm() : new OrderedForm(code.activationForm(), order);
    }

    /** Tiles that a batch is prepared and multiplied in: tokens of one lie side by side in the same cache lines. */
    public int numTiles(int tokens) {
        return TokenTiles.of(tokens, code.maxTokens()).numTiles();
    }

    /** The first token of a tile; for {@code tile == numTiles} the batch's end. */
    public int firstTokenOfTile(int tokens, int tile) {
        return TokenTiles.of(tokens, code.maxTokens()).firstTokenOf(tile);
    }

    /**
     * Prepares the activations of tokens {@code [from, to)} of a batch. Threads had better share tiles than tokens out among them.
     *
     * @param x floats, a row per token
     * @param xStart byte offset of the batch's first row
     * @param xStride bytes from row to row
     * @param tokens the whole batch: it decides the order in {@code prepared}
     * @param prepared at least {@link #activationBytes} bytes
     */
    public void prepare(
            MemorySegment x, long xStart, long xStride, int tokens, int from, int to, MemorySegment prepared) {
        requireRange("tokens", from, to, tokens);
        requireRows("x", x, xStart, xStride, tokens, columns);
        requireBytes("prepared activations", prepared, activationBytes(tokens));
        TokenTiles tiles = TokenTiles.of(tokens, code.maxTokens());
        for (int token = from; token < to; token++) {
            int tile = tiles.tileOf(token);
            int first = tiles.firstTokenOf(tile);
            long target = prepared.address()
                    + first * code.activationBytes(columns)
                    + (token - first) * code.tokenOffset(columns);
            long row = x.address() + xStart + token * xStride;
            if (order != null) {
                // behind what is prepared
                long place = tokens * code.activationBytes(columns) + token * columns * Float.BYTES;
                order.gather(x, xStart + token * xStride, prepared, place);
                row = prepared.address() + place;
            }
            code.prepare(row, columns, target, tiles.tokensOf(tile));
        }
        Reference.reachabilityFence(x);
        Reference.reachabilityFence(prepared);
    }

    /**
     * {@code y[t][n] = x[t] · w[n]} for all tokens of a batch and the rows of panels {@code [fromPanel, toPanel)}.
     *
     * @param prepared what {@link #prepare} made of the batch
     * @param y floats, a row per token
     * @param yStart byte offset of the result of weight row 0 for the first token
     * @param yStride bytes from token to token
     */
    public void multiply(
            MemorySegment prepared,
            int tokens,
            MemorySegment y,
            long yStart,
            long yStride,
            int fromPanel,
            int toPanel) {
        multiply(prepared, tokens, null, 0, y, yStart, yStride, fromPanel, toPanel);
    }

    /**
     * As the other {@code multiply}, plus {@code bias[n]}, which is added while the results are in a near cache.
     *
     * @param bias floats; null: none
     * @param biasStart byte offset of weight row 0's
     */
    public void multiply(
            MemorySegment prepared,
            int tokens,
            @Nullable MemorySegment bias,
            long biasStart,
            MemorySegment y,
            long yStart,
            long yStride,
            int fromPanel,
            int toPanel) {
        requireRange("panels", fromPanel, toPanel, numPanels());
        requireBytes("prepared activations", prepared, activationBytes(tokens));
        requireRows("y", y, yStart, yStride, tokens, rows);
        if (bias != null) {
            requireRows("bias", bias, biasStart, rows * Float.BYTES, 1, rows);
        }
        if (fromPanel == toPanel) {
            return;
        }
        TokenTiles tiles = TokenTiles.of(tokens, code.maxTokens());
        long perToken = code.activationBytes(columns);
        int tilesAtOnce = (int) Math.max(1, code.nearActivationBytes() / (perToken * code.maxTokens()));
        for (int tile = 0; tile < tiles.numTiles(); ) {
            int tilesOfOneSize = tile < tiles.numWide() ? tiles.numWide() : tiles.numTiles();
            int end = Math.min(tile + tilesAtOnce, tilesOfOneSize);
            int firstToken = tiles.firstTokenOf(tile);
            int tokensOfTile = tiles.tokensOf(tile);
            long results = y.address() + yStart + firstToken * yStride;
            multiplyTiles(
                    tokensOfTile,
                    end - tile,
                    prepared.address() + firstToken * perToken,
                    results,
                    yStride,
                    fromPanel,
                    toPanel);
            if (bias != null) {
                int count = (end - tile) * tokensOfTile;
                addBias(bias.address() + biasStart, results, count, yStride, fromPanel, toPanel);
            }
            tile = end;
        }
        Reference.reachabilityFence(prepared);
        Reference.reachabilityFence(bias);
        Reference.reachabilityFence(y);
    }

    private void addBias(long bias, long y, int tokens, long yStride, int fromPanel, int toPanel) {
        long firstRow = (long) fromPanel * code.panelRows();
        long endRow = Math.min((long) toPanel * code.panelRows(), rows);
        addBias.call(
                y + firstRow * Float.BYTES, bias + firstRow * Float.BYTES, endRow - firstRow, tokens, yStride, 0, 0, 0);
    }

    private void multiplyTiles(
            int tokensOfTile, int numTiles, long prepared, long y, long yStride, int fromPanel, int toPanel) {
        long firstRow = (long) fromPanel * code.panelRows();
        long endRow = Math.min((long) toPanel * code.panelRows(), rows);
        code.product(tokensOfTile)
                .call(
                        data.address() + fromPanel * code.panelBytes(columns),
                        prepared,
                        y + firstRow * Float.BYTES,
                        code.steps(columns),
                        yStride,
                        endRow - firstRow,
                        numTiles,
                        0);
        Reference.reachabilityFence(data);
    }

    private record OrderedForm(Object form, InputOrder order) {}

    private static void requireRange(String what, int from, int to, int end) {
        if (from < 0 || to < from || to > end) {
            throw new IndexOutOfBoundsException("[" + from + ", " + to + ") of " + end + " " + what);
        }
    }

    private static void requireBytes(String what, MemorySegment segment, long needed) {
        if (!segment.isNative() || segment.byteSize() < needed) {
            throw new IllegalArgumentException(
                    what + ": " + needed + " bytes of native memory needed, found " + segment);
        }
    }

    private static void requireRows(
            String what, MemorySegment segment, long start, long stride, int rows, long columns) {
        if (rows < 1 || start < 0 || stride < columns * Float.BYTES) {
            throw new IllegalArgumentException(what + ": " + rows + " rows of " + columns + " floats at byte " + start
                    + " don't fit a stride of " + stride);
        }
        requireBytes(what, segment, start + (rows - 1) * stride + columns * Float.BYTES);
    }
}
