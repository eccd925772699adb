package tokamak.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import tokamak.backend.AttentionShape;
import tokamak.backend.Buffer;
import tokamak.backend.KvLayout;
import tokamak.backend.StepInput;

/**
 * Causal attention over paged keys and values in plain Java: for every query and head all scores, their maximum, the
 * softmax, the weighted sum of values; tokens in order of position, so that a result depends on its sequence alone.
 */
final class ScalarAttention implements WorkerTeam.Job {
    private final Scratch[] scratch;
    private int layer;
    private int sequence;
    private @Nullable AttentionShape shape;
    private @Nullable CpuKvCache cache;
    private @Nullable StepInput input;
    private @Nullable Buffer queries;
    private @Nullable Buffer out;

    /** One worker's memory. */
    private static final class Scratch {
        float[] scores = new float[0];
        float[] query = new float[0];
        float[] vector = new float[0];
        double[] sum = new double[0];

        void require(int contextLen, int headDim, int valueDim) {
            if (scores.length < contextLen) {
                scores = new float[contextLen + contextLen / 2];
            }
            if (query.length < headDim) {
                query = new float[headDim];
            }
            if (vector.length < Math.max(headDim, valueDim)) {
                vector = new float[Math.max(headDim, valueDim)];
                sum = new double[Math.max(headDim, valueDim)];
            }
        }
    }

    ScalarAttention(int numWorkers) {
        scratch = new Scratch[numWorkers];
        for (int i = 0; i < numWorkers; i++) {
            scratch[i] = new Scratch();
        }
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
        for (sequence = 0; sequence < input.numSequences(); sequence++) {
            int numQueries = input.queryStarts()[sequence + 1] - input.queryStarts()[sequence];
            team.run(this, numQueries * shape.numHeads());
        }
    }

    @Override
    @SuppressWarnings("NullAway") // run() has set the fields
    public void run(int chunk, int worker) {
        AttentionShape shape = this.shape;
        int row = input.queryStarts()[sequence] + chunk / shape.numHeads();
        int head = chunk % shape.numHeads();
        int kvHead = head / (shape.numHeads() / shape.numKvHeads());
        int position = input.positions()[row];
        int first = shape.window() == 0 ? 0 : Math.max(0, position - shape.window() + 1);

        Scratch s = scratch[worker];
        s.require(position + 1, shape.headDim(), shape.valueDim());
        MemorySegment.copy(
                queries.memory(),
                JAVA_FLOAT,
                (queries.at(row) + (long) head * shape.headDim()) * Float.BYTES,
                s.query,
                0,
                shape.headDim());

        float max = score(shape, kvHead, first, position, s);
        double sinkLogit = Double.NEGATIVE_INFINITY;
        if (shape.sinks() != null) {
            Buffer sinks = shape.sinks();
            sinkLogit = sinks.memory().getAtIndex(JAVA_FLOAT, sinks.offset() + head);
        }
        weighValues(shape, kvHead, first, position, Math.max(max, sinkLogit), sinkLogit, s);
        long outAt = out.at(row) + (long) head * shape.valueDim();
        for (int i = 0; i < shape.valueDim(); i++) {
            out.memory().setAtIndex(JAVA_FLOAT, outAt + i, (float) s.sum[i]);
        }
    }

    /** Fills {@code s.scores[first .. position]} and returns their maximum. */
    @SuppressWarnings("NullAway")
    private float score(AttentionShape shape, int kvHead, int first, int position, Scratch s) {
        float max = Float.NEGATIVE_INFINITY;
        for (int p = first; p <= position; p++) {
            cache.key(layer, slot(p), kvHead).load(s.vector);
            float score = ScalarLinear.dot(s.query, 0, s.vector, 0, shape.headDim()) * shape.scale();
            if (shape.softcap() != 0) {
                score = (float) (shape.softcap() * Math.tanh(score / shape.softcap()));
            }
            s.scores[p] = score;
            max = Math.max(max, score);
        }
        return max;
    }

    /** Leaves the softmax-weighted sum of values in {@code s.sum}. */
    @SuppressWarnings("NullAway")
    private void weighValues(
            AttentionShape shape, int kvHead, int first, int position, double max, double sinkLogit, Scratch s) {
        java.util.Arrays.fill(s.sum, 0, shape.valueDim(), 0);
        double total = Math.exp(sinkLogit - max);
        for (int p = first; p <= position; p++) {
            double weight = Math.exp(s.scores[p] - max);
            total += weight;
            cache.value(layer, slot(p), kvHead).load(s.vector);
            for (int i = 0; i < shape.valueDim(); i++) {
                s.sum[i] += weight * s.vector[i];
            }
        }
        for (int i = 0; i < shape.valueDim(); i++) {
            s.sum[i] /= total;
        }
    }

    @SuppressWarnings("NullAway")
    private int slot(int position) {
        int blockSize = cache.layout().blockSize();
        int block = input.blockTables()[sequence * input.blockTableStride() + position / blockSize];
        return block * blockSize + position % blockSize;
    }

    /** Stores one token's keys and values of one layer. */
    static void store(CpuKvCache cache, int layer, StepInput input, Buffer keys, Buffer values, int row) {
        KvLayout.Layer shape = cache.layout().layers().get(layer);
        int slot = input.slotMapping()[row];
        float[] vector = new float[Math.max(shape.headDim(), shape.valueDim())];
        for (int head = 0; head < shape.numKvHeads(); head++) {
            copy(keys, row, head, shape.headDim(), vector);
            cache.key(layer, slot, head).store(vector);
            copy(values, row, head, shape.valueDim(), vector);
            cache.value(layer, slot, head).store(vector);
        }
    }

    private static void copy(Buffer heads, int row, int head, int dim, float[] vector) {
        long from = (heads.at(row) + (long) head * dim) * Float.BYTES;
        MemorySegment.copy(heads.memory(), JAVA_FLOAT, from, vector, 0, dim);
    }
}
