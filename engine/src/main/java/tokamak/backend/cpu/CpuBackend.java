package tokamak.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tokamak.backend.Activation;
import tokamak.backend.AttentionShape;
import tokamak.backend.Backend;
import tokamak.backend.Buffer;
import tokamak.backend.Embedding;
import tokamak.backend.Experts;
import tokamak.backend.KvCache;
import tokamak.backend.KvLayout;
import tokamak.backend.Norm;
import tokamak.backend.Rope;
import tokamak.backend.Routing;
import tokamak.backend.StepInput;
import tokamak.backend.Weight;
import tokamak.backend.cpu.x64.Kernels;
import tokamak.tensor.Dequantizer;
import tokamak.tensor.Dequantizers;
import tokamak.tensor.Matrix;
import tokamak.tensor.Tensor;

/** The backend of this machine's processor. Checks shapes, then hands rows and tiles to a {@link WorkerTeam}. */
public final class CpuBackend implements Backend {
    private static final long ALIGNMENT = 64;

    private final Arena arena = Arena.ofShared();
    private final WorkerTeam team;
    private final @Nullable PackedRows packedRows;
    private final RowJob rowJob;
    private final @Nullable Kernels kernels;
    private final @Nullable KernelTrust trust;
    private final @Nullable PackedImage image;
    private final String arithmetic;
    private final ScalarLinear scalarLinear;
    private final PackedLinear packedLinear = new PackedLinear();
    private final ScalarAttention scalarAttention;
    private final @Nullable PackedAttention packedAttention;
    private final ExpertProducts experts;
    private float[] embeddingRow = new float[0];
    private long bytesInUse;

    /** A backend for {@code numThreads} threads, its caller being one of them, with the best kernels of this processor. */
    public CpuBackend(int numThreads) {
        this(numThreads, CpuArithmetic.best());
    }

    /** A backend for {@code numThreads} threads, its caller being one of them. Takes over the kernels. */
    public CpuBackend(int numThreads, CpuArithmetic choice) {
        this(numThreads, choice, null);
    }

    /**
     * A backend that keeps packed weights between starts. Takes over the kernels and the image.
     *
     * @param image of the model that is going to be loaded; null to pack it without one
     */
    public CpuBackend(int numThreads, CpuArithmetic choice, @Nullable PackedImage image) {
        this.image = image;
        kernels = choice.kernels();
        trust = kernels == null ? null : KernelTrust.of(kernels);
        arithmetic = choice.description();
        team = new WorkerTeam(numThreads);
        packedRows = kernels == null ? null : new PackedRows(kernels, numThreads);
        rowJob = new RowJob(numThreads, packedRows);
        scalarLinear = new ScalarLinear(numThreads);
        scalarAttention = new ScalarAttention(numThreads);
        packedAttention = kernels == null ? null : new PackedAttention(kernels, numThreads);
        experts = new ExpertProducts(this, team);
    }

    @Override
    public String describe() {
        return "CPU, " + arithmetic + ", " + team.size() + (team.size() == 1 ? " thread" : " threads");
    }

    // ---- memory ----

    @Override
    public Weight loadWeight(List<? extends Matrix> parts) {
        Weight weight = kernels == null || trust == null
                ? new ScalarWeight(parts, arena)
                : PackedWeight.load(kernels, trust, image, team, parts, arena)
                        .<Weight>map(packed -> packed)
                        .orElseGet(() -> new ScalarWeight(parts, arena));
        bytesInUse += weight instanceof PackedWeight ? weight.bytes() : 0;
        return weight;
    }

    /** Says that no weight follows: the image is brought up to date. */
    public void finishLoading() {
        if (image != null) {
            image.finish();
        }
    }

    private record TensorEmbedding(Tensor table, Dequantizer dequantizer) implements Embedding {
        @Override
        public int numRows() {
            return Math.toIntExact(table.rows());
        }

        @Override
        public int columns() {
            return Math.toIntExact(table.columns());
        }
    }

    @Override
    public Embedding loadEmbedding(Tensor table) {
        return new TensorEmbedding(table, Dequantizers.of(table.dtype()));
    }

    @Override
    public Buffer upload(float[] values, int rows, int columns) {
        Buffer buffer = allocate(rows, columns);
        MemorySegment.copy(values, 0, buffer.memory(), JAVA_FLOAT, 0, Math.multiplyExact(rows, columns));
        return buffer;
    }

    @Override
    public Buffer allocate(int rows, int columns) {
        long bytes = Math.multiplyExact((long) rows * columns, (long) Float.BYTES);
        bytesInUse += bytes;
        return new Buffer(arena.allocate(bytes, ALIGNMENT), rows, columns);
    }

    @Override
    public KvCache allocateKvCache(KvLayout layout, int numBlocks) {
        boolean tiles = packedAttention != null && PackedAttention.covers(layout);
        return new CpuKvCache(
                layout, numBlocks, tiles ? CpuKvCache.Arrangement.KEYS_IN_TILES : CpuKvCache.Arrangement.ROWS);
    }

    @Override
    public long bytesInUse() {
        return bytesInUse;
    }

    // ---- whole rows ----

    @Override
    public void embed(Embedding table, StepInput input, float scale, Buffer out) {
        out.requireRows(input.numTokens());
        for (int row = 0; row < input.numTokens(); row++) {
            lookUp((TensorEmbedding) table, input.tokenIds()[row], out.columns());
            for (int i = 0; i < out.columns(); i++) {
                out.memory().setAtIndex(JAVA_FLOAT, out.at(row) + i, scale * embeddingRow[i]);
            }
        }
    }

    @Override
    public void addPositions(Embedding table, StepInput input, Buffer x) {
        x.requireRows(input.numTokens());
        for (int row = 0; row < input.numTokens(); row++) {
            lookUp((TensorEmbedding) table, input.positions()[row], x.columns());
            for (int i = 0; i < x.columns(); i++) {
                float sum = x.memory().getAtIndex(JAVA_FLOAT, x.at(row) + i) + embeddingRow[i];
                x.memory().setAtIndex(JAVA_FLOAT, x.at(row) + i, sum);
            }
        }
    }

    private void lookUp(TensorEmbedding table, int row, int columns) {
        requireColumns("embedding", columns, table.columns());
        if (row < 0 || row >= table.numRows()) {
            throw new IndexOutOfBoundsException("row " + row + " of " + table.table());
        }
        if (embeddingRow.length < columns) {
            embeddingRow = new float[columns];
        }
        Tensor tensor = table.table();
        long offset = row * tensor.dtype().bytes(columns);
        table.dequantizer().dequantize(tensor.data(), offset, embeddingRow, 0, columns);
    }

    @Override
    public void gatherLogitRows(StepInput input, Buffer x, Buffer out) {
        gather(input.numLogitRows(), input.logitRows(), x, out);
    }

    @Override
    public void gatherStateRows(StepInput input, Buffer x, Buffer out) {
        gather(input.numStateRows(), input.stateRows(), x, out);
    }

    private static void gather(int numRows, int[] rows, Buffer x, Buffer out) {
        out.requireRows(numRows);
        requireColumns("gathered rows", out.columns(), x.columns());
        for (int row = 0; row < numRows; row++) {
            long from = x.at(rows[row]) * Float.BYTES;
            long bytes = (long) x.columns() * Float.BYTES;
            MemorySegment.copy(x.memory(), from, out.memory(), out.at(row) * Float.BYTES, bytes);
        }
    }

    @Override
    public void norm(Norm norm, int rows, Buffer x, Buffer out) {
        requireRows(rows, x, out);
        requireColumns("norm", x.columns(), out.columns());
        rowJob.norm = norm;
        rowJob.x = x;
        rowJob.out = out;
        rowJob.run(team, RowJob.Op.NORM, rows);
    }

    @Override
    public void headNorm(Norm norm, int rows, int headDim, Buffer x) {
        x.requireRows(rows);
        requireHeads(x, headDim);
        rowJob.norm = norm;
        rowJob.x = x;
        rowJob.headDim = headDim;
        rowJob.run(team, RowJob.Op.HEAD_NORM, rows);
    }

    @Override
    public void linear(int rows, Buffer x, Weight weight, @Nullable Buffer bias, Buffer out) {
        requireRows(rows, x, out);
        requireColumns("linear input", weight.inFeatures(), x.columns());
        requireAtLeast("linear output", weight.outFeatures(), out.columns());
        if (bias != null) {
            requireColumns("bias", weight.outFeatures(), bias.columns());
        }
        switch (weight) {
            case PackedWeight packed -> packedLinear.run(team, rows, x, packed, bias, out);
            case ScalarWeight scalar -> scalarLinear.run(team, rows, x, scalar, bias, out);
            default -> throw new IllegalArgumentException("a weight of another backend: " + weight);
        }
    }

    @Override
    public void addScaled(int rows, Buffer x, Buffer y, float scale) {
        requireRows(rows, x, y);
        requireColumns("sum", x.columns(), y.columns());
        rowJob.x = x;
        rowJob.y = y;
        rowJob.scale = scale;
        rowJob.run(team, RowJob.Op.ADD_SCALED, rows);
    }

    @Override
    public void multiplySigmoid(int rows, Buffer x, Buffer gate) {
        requireRows(rows, x, gate);
        if (gate.columns() != 1) {
            requireColumns("gate", x.columns(), gate.columns());
        }
        rowJob.x = x;
        rowJob.y = gate;
        rowJob.run(team, RowJob.Op.MULTIPLY_SIGMOID, rows);
    }

    @Override
    public void activateGated(Activation activation, int rows, Buffer gateUp, Buffer out) {
        requireRows(rows, gateUp, out);
        requireColumns("gate and up", 2 * out.columns(), gateUp.columns());
        rowJob.activation = activation;
        rowJob.x = gateUp;
        rowJob.out = out;
        rowJob.run(team, RowJob.Op.ACTIVATE_GATED, rows);
    }

    @Override
    public void activate(Activation activation, int rows, Buffer x) {
        x.requireRows(rows);
        rowJob.activation = activation;
        rowJob.x = x;
        rowJob.run(team, RowJob.Op.ACTIVATE, rows);
    }

    @Override
    public void scaleLogits(int rows, Buffer logits, float scale, float cap) {
        logits.requireRows(rows);
        if (scale == 1 && cap == 0) {
            return;
        }
        rowJob.x = logits;
        rowJob.scale = scale;
        rowJob.cap = cap;
        rowJob.run(team, RowJob.Op.SCALE_LOGITS, rows);
    }

    // ---- attention ----

    @Override
    public void ropeAngles(Rope rope, StepInput input, Buffer out) {
        out.requireRows(input.numTokens());
        requireColumns("rope angles", rope.rotated(), out.columns());
        rowJob.rope = rope;
        rowJob.input = input;
        rowJob.out = out;
        rowJob.run(team, RowJob.Op.ROPE_ANGLES, input.numTokens());
    }

    @Override
    public void rope(Rope rope, int rows, int headDim, Buffer angles, Buffer x) {
        requireRows(rows, angles, x);
        requireHeads(x, headDim);
        requireAtLeast("head", rope.rotated(), headDim);
        rowJob.rope = rope;
        rowJob.headDim = headDim;
        rowJob.x = x;
        rowJob.y = angles;
        rowJob.run(team, RowJob.Op.ROPE, rows);
    }

    @Override
    public void storeKv(KvCache cache, int layer, StepInput input, Buffer keys, Buffer values) {
        requireRows(input.numTokens(), keys, values);
        KvLayout.Layer shape = cache.layout().layers().get(layer);
        requireColumns("keys", shape.numKvHeads() * shape.headDim(), keys.columns());
        requireColumns("values", shape.numKvHeads() * shape.valueDim(), values.columns());
        CpuKvCache blocks = (CpuKvCache) cache;
        if (layer == 0) {
            blocks.willStore(input);
        }
        if (packedAttention != null && blocks.arrangement() == CpuKvCache.Arrangement.KEYS_IN_TILES) {
            packedAttention.store(team, blocks, layer, input, keys, values);
            return;
        }
        for (int row = 0; row < input.numTokens(); row++) {
            ScalarAttention.store(blocks, layer, input, keys, values, row);
        }
    }

    @Override
    public void attention(AttentionShape shape, KvCache cache, int layer, StepInput input, Buffer queries, Buffer out) {
        requireRows(input.numTokens(), queries, out);
        requireColumns("queries", shape.numHeads() * shape.headDim(), queries.columns());
        requireAtLeast("attention output", shape.numHeads() * shape.valueDim(), out.columns());
        CpuKvCache blocks = (CpuKvCache) cache;
        if (packedAttention != null && blocks.arrangement() == CpuKvCache.Arrangement.KEYS_IN_TILES) {
            packedAttention.run(team, shape, blocks, layer, input, queries, out);
        } else {
            scalarAttention.run(team, shape, blocks, layer, input, queries, out);
        }
    }

    // ---- mixture of experts ----

    @Override
    public void route(Routing routing, int rows, Buffer routerLogits, Buffer expertIds, Buffer expertWeights) {
        requireRows(rows, routerLogits, expertIds);
        expertWeights.requireRows(rows);
        requireColumns("router logits", routing.numExperts(), routerLogits.columns());
        requireColumns("expert ids", routing.numUsed(), expertIds.columns());
        requireColumns("expert weights", routing.numUsed(), expertWeights.columns());
        rowJob.routing = routing;
        rowJob.x = routerLogits;
        rowJob.y = expertIds;
        rowJob.out = expertWeights;
        rowJob.run(team, RowJob.Op.ROUTE, rows);
    }

    @Override
    public void experts(Experts experts, int rows, Buffer x, Buffer expertIds, Buffer expertWeights, Buffer out) {
        requireRows(rows, x, out);
        requireRows(rows, expertIds, expertWeights);
        this.experts.run(experts, rows, x, expertIds, expertWeights, out);
    }

    @Override
    public void close() {
        team.close();
        if (image != null) {
            image.close();
        }
        packedLinear.close();
        experts.close();
        if (packedAttention != null) {
            packedAttention.close();
        }
        if (packedRows != null) {
            packedRows.close();
        }
        arena.close();
        if (kernels != null) {
            kernels.close();
        }
    }

    private static void requireRows(int rows, Buffer first, Buffer second) {
        first.requireRows(rows);
        second.requireRows(rows);
    }

    private static void requireHeads(Buffer x, int headDim) {
        if (headDim <= 0 || x.columns() % headDim != 0) {
            throw new IllegalArgumentException(x.columns() + " columns are not a whole number of heads of " + headDim);
        }
    }

    private static void requireColumns(String what, int expected, int found) {
        if (expected != found) {
            throw new IllegalArgumentException(what + ": expected " + expected + " columns, found " + found);
        }
    }

    private static void requireAtLeast(String what, int expected, int found) {
        if (found < expected) {
            throw new IllegalArgumentException(what + ": expected at least " + expected + " columns, found " + found);
        }
    }
}
