package tokamak.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tokamak.backend.Activation;
import tokamak.backend.AttentionShape;
import tokamak.backend.Buffer;
import tokamak.backend.Experts;
import tokamak.backend.KvCache;
import tokamak.backend.KvLayout;
import tokamak.backend.KvType;
import tokamak.backend.Norm;
import tokamak.backend.Rope;
import tokamak.backend.Routing;
import tokamak.backend.StepInput;
import tokamak.backend.Weight;
import tokamak.tensor.DType;
import tokamak.tensor.Tensor;

/** The operations against formulas written down once more, on random shapes. */
class ScalarTruthTest {
    private final CpuBackend backend = new CpuBackend(2);
    private final Arena arena = Arena.ofShared();
    private final SplittableRandom random = new SplittableRandom(42);

    @AfterEach
    void close() {
        backend.close();
        arena.close();
    }

    @Test
    void linearIsTheSumOfProductsWhateverTheShape() {
        for (int round = 0; round < 30; round++) {
            int rows = 1 + random.nextInt(9);
            int in = 1 + random.nextInt(70);
            int first = 1 + random.nextInt(40);
            int second = 1 + random.nextInt(40);
            Tensor a = matrix(first, in);
            Tensor b = matrix(second, in);
            Buffer x = randomBuffer(rows, in);
            Buffer bias = randomBuffer(1, first + second);
            Buffer out = backend.allocate(rows, first + second);
            backend.linear(rows, x, backend.loadWeight(List.of(a, b)), bias, out);
            for (int r = 0; r < rows; r++) {
                for (int n = 0; n < first + second; n++) {
                    Tensor part = n < first ? a : b;
                    double expected = at(bias, 0, n);
                    for (int k = 0; k < in; k++) {
                        expected += at(x, r, k)
                                * part.data().getAtIndex(JAVA_FLOAT, (long) (n < first ? n : n - first) * in + k);
                    }
                    assertThat((double) at(out, r, n)).isCloseTo(expected, within(1e-4));
                }
            }
        }
    }

    @Test
    void attentionSeesTheWindowOfItsOwnSequenceThroughTheBlockTable() {
        for (int round = 0; round < 20; round++) {
            int kvHeads = 1 + random.nextInt(3);
            int heads = kvHeads * (1 + random.nextInt(3));
            int headDim = 4 * (1 + random.nextInt(4));
            int valueDim = 4 * (1 + random.nextInt(4));
            int window = random.nextInt(3) == 0 ? 1 + random.nextInt(10) : 0;
            float softcap = random.nextInt(3) == 0 ? 3 : 0;
            Buffer sinks = random.nextInt(3) == 0 ? randomBuffer(1, heads) : null;
            AttentionShape shape = new AttentionShape(heads, kvHeads, headDim, valueDim, 0.3f, softcap, window, sinks);
            checkAttention(shape, 1 + random.nextInt(3));
        }
    }

    private void checkAttention(AttentionShape shape, int numSequences) {
        int blockSize = 4;
        int[] lengths = random.ints(numSequences, 1, 20).toArray();
        int total = IntStream.of(lengths).sum();
        int stride = 5;
        int[] blocks = IntStream.range(0, numSequences * stride)
                .map(i -> numSequences * stride - 1 - i)
                .toArray();
        int[] starts = new int[numSequences + 1];
        int[] positions = new int[total];
        int[] slots = new int[total];
        for (int s = 0, row = 0; s < numSequences; s++) {
            for (int p = 0; p < lengths[s]; p++, row++) {
                positions[row] = p;
                slots[row] = blocks[s * stride + p / blockSize] * blockSize + p % blockSize;
            }
            starts[s + 1] = row;
        }
        StepInput input = new StepInput(
                total, numSequences, 0, new int[total], positions, starts, lengths, slots, blocks, stride, new int[0]);
        KvLayout layout = new KvLayout(
                List.of(new KvLayout.Layer(shape.numKvHeads(), shape.headDim(), shape.valueDim())),
                KvType.F32,
                blockSize);
        Buffer queries = randomBuffer(total, shape.numHeads() * shape.headDim());
        Buffer keys = randomBuffer(total, shape.numKvHeads() * shape.headDim());
        Buffer values = randomBuffer(total, shape.numKvHeads() * shape.valueDim());
        Buffer out = backend.allocate(total, shape.numHeads() * shape.valueDim());
        try (KvCache cache = backend.allocateKvCache(layout, blocks.length)) {
            backend.storeKv(cache, 0, input, keys, values);
            backend.attention(shape, cache, 0, input, queries, out);
        }
        for (int s = 0; s < numSequences; s++) {
            for (int row = starts[s]; row < starts[s + 1]; row++) {
                for (int head = 0; head < shape.numHeads(); head++) {
                    double[] expected = naive(shape, queries, keys, values, starts[s], row, head);
                    for (int i = 0; i < shape.valueDim(); i++) {
                        assertThat((double) at(out, row, head * shape.valueDim() + i))
                                .isCloseTo(expected[i], within(1e-5));
                    }
                }
            }
        }
    }

    private static double[] naive(
            AttentionShape shape, Buffer queries, Buffer keys, Buffer values, int start, int row, int head) {
        int kvHead = head * shape.numKvHeads() / shape.numHeads();
        int first = shape.window() == 0 ? start : Math.max(start, row - shape.window() + 1);
        double[] sum = new double[shape.valueDim()];
        double total = shape.sinks() == null ? 0 : Math.exp(at(shape.sinks(), 0, head));
        for (int p = first; p <= row; p++) {
            double score = 0;
            for (int i = 0; i < shape.headDim(); i++) {
                score += at(queries, row, head * shape.headDim() + i) * at(keys, p, kvHead * shape.headDim() + i);
            }
            score *= shape.scale();
            score = shape.softcap() == 0 ? score : shape.softcap() * Math.tanh(score / shape.softcap());
            double weight = Math.exp(score);
            total += weight;
            for (int i = 0; i < shape.valueDim(); i++) {
                sum[i] += weight * at(values, p, kvHead * shape.valueDim() + i);
            }
        }
        for (int i = 0; i < sum.length; i++) {
            sum[i] /= total;
        }
        return sum;
    }

    @Test
    void rotationKeepsLengthsAndDependsOnDistanceOnly() {
        for (Rope.Pairing pairing : Rope.Pairing.values()) {
            Rope rope = new Rope(new double[] {1, 0.3, 0.01}, 1, pairing);
            Buffer vectors = backend.allocate(4, 8);
            for (int i = 0; i < 8; i++) { // rows 0, 2 and 1, 3 are the same vectors
                set(vectors, 0, i, random.nextFloat());
                set(vectors, 1, i, random.nextFloat());
                set(vectors, 2, i, at(vectors, 0, i));
                set(vectors, 3, i, at(vectors, 1, i));
            }
            double length = dot(vectors, 0, 0);
            Buffer angles = backend.allocate(4, 6);
            backend.ropeAngles(rope, positions(3, 10, 103, 110), angles);
            backend.rope(rope, 4, 8, angles, vectors);
            assertThat(dot(vectors, 0, 0)).isCloseTo(length, within(1e-5));
            assertThat(dot(vectors, 0, 1)).isCloseTo(dot(vectors, 2, 3), within(1e-5));
        }
    }

    @Test
    void normsGiveUnitVarianceAndLayerNormZeroMean() {
        Buffer x = randomBuffer(5, 37);
        Buffer out = backend.allocate(5, 37);
        backend.norm(new Norm(Norm.Kind.RMS, null, null, 0), 5, x, out);
        for (int row = 0; row < 5; row++) {
            assertThat(dot(out, row, row) / 37).isCloseTo(1, within(1e-5));
        }
        backend.norm(new Norm(Norm.Kind.LAYER, null, null, 0), 5, x, out);
        for (int row = 0; row < 5; row++) {
            double sum = 0;
            for (int i = 0; i < 37; i++) {
                sum += at(out, row, i);
            }
            assertThat(sum).isCloseTo(0, within(1e-4));
            assertThat(dot(out, row, row) / 37).isCloseTo(1, within(1e-5));
        }
    }

    @Test
    void errorFunctionHasItsKnownValues() {
        double[] x = {0, 0.1, 0.5, 1, 1.5, 2, 2.4999, 2.5001, 3, 4, 5, 13};
        double[] known = {
            1,
            0.88753708398171505,
            0.47950012218695346,
            0.15729920705028513,
            0.033894853524689274,
            0.0046777349810472658,
            0.00040716990033345138,
            0.00040673424347067972,
            2.2090496998585441e-5,
            1.5417257900280018e-8,
            1.5374597944280349e-12,
            1.7395573154667246e-75
        };
        for (int i = 0; i < x.length; i++) {
            assertThat(RowOps.erfc(x[i])).as("erfc(%s)", x[i]).isCloseTo(known[i], withinPercentage(1e-7));
        }
    }

    @Test
    void expertsAreTheWeightedSumOfTheChosenOnes() {
        int hidden = 6;
        int intermediate = 10;
        List<Weight> gateUp = IntStream.range(0, 5)
                .mapToObj(e -> backend.loadWeight(List.of(matrix(2 * intermediate, hidden))))
                .toList();
        List<Weight> down = IntStream.range(0, 5)
                .mapToObj(e -> backend.loadWeight(List.of(matrix(hidden, intermediate))))
                .toList();
        Experts experts = new Experts(gateUp, List.of(), down, List.of(), Activation.SILU);
        int rows = 7;
        Buffer x = randomBuffer(rows, hidden);
        Buffer ids = backend.allocate(rows, 2);
        Buffer weights = backend.allocate(rows, 2);
        Routing routing = new Routing(5, 2, Routing.Gating.SOFTMAX, true, 1, null, 1, 1);
        backend.route(routing, rows, randomBuffer(rows, 5), ids, weights);
        Buffer out = backend.allocate(rows, hidden);
        backend.experts(experts, rows, x, ids, weights, out);
        Buffer gu = backend.allocate(rows, 2 * intermediate);
        Buffer act = backend.allocate(rows, intermediate);
        Buffer single = backend.allocate(rows, hidden);
        double[][] expected = new double[rows][hidden];
        for (int choice = 0; choice < 2; choice++) {
            for (int row = 0; row < rows; row++) {
                int expert = (int) at(ids, row, choice);
                backend.linear(rows, x, gateUp.get(expert), null, gu);
                backend.activateGated(Activation.SILU, rows, gu, act);
                backend.linear(rows, act, down.get(expert), null, single);
                for (int i = 0; i < hidden; i++) {
                    expected[row][i] += at(weights, row, choice) * at(single, row, i);
                }
            }
        }
        for (int row = 0; row < rows; row++) {
            assertThat(at(weights, row, 0) + at(weights, row, 1)).isCloseTo(1, within(1e-6f));
            for (int i = 0; i < hidden; i++) {
                assertThat((double) at(out, row, i)).isCloseTo(expected[row][i], within(1e-5));
            }
        }
    }

    @Test
    void shapesThatDoNotFitAreRefused() {
        Buffer x = randomBuffer(2, 8);
        Weight weight = backend.loadWeight(List.of(matrix(4, 6)));
        assertThatThrownBy(() -> backend.linear(2, x, weight, null, backend.allocate(2, 4)))
                .hasMessageContaining("expected 6 columns, found 8");
        assertThatThrownBy(() -> backend.norm(new Norm(Norm.Kind.RMS, null, null, 0), 3, x, x))
                .hasMessageContaining("3 rows");
    }

    private StepInput positions(int... positions) {
        int n = positions.length;
        int[] starts = {0, n};
        return new StepInput(
                n, 1, 0, new int[n], positions, starts, new int[] {200}, new int[n], new int[0], 0, new int[0]);
    }

    private Tensor matrix(int rows, int columns) {
        MemorySegment data = arena.allocate((long) rows * columns * Float.BYTES, 64);
        for (long i = 0; i < (long) rows * columns; i++) {
            data.setAtIndex(JAVA_FLOAT, i, random.nextFloat() - 0.5f);
        }
        return new Tensor("m", DType.F32, new long[] {rows, columns}, data);
    }

    private Buffer randomBuffer(int rows, int columns) {
        float[] values = new float[rows * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = 2 * random.nextFloat() - 1;
        }
        return backend.upload(values, rows, columns);
    }

    private static float at(Buffer buffer, int row, int column) {
        return buffer.memory().getAtIndex(JAVA_FLOAT, buffer.at(row) + column);
    }

    private static void set(Buffer buffer, int row, int column, float value) {
        buffer.memory().setAtIndex(JAVA_FLOAT, buffer.at(row) + column, value);
    }

    private static double dot(Buffer buffer, int a, int b) {
        double sum = 0;
        for (int i = 0; i < buffer.columns(); i++) {
            sum += (double) at(buffer, a, i) * at(buffer, b, i);
        }
        return sum;
    }
}
