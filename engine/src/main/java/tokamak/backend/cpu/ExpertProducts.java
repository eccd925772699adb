package tokamak.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tokamak.backend.Buffer;
import tokamak.backend.Experts;
import tokamak.backend.Weight;

/**
 * A mixture of experts as matrix products: the rows that chose an expert are gathered, run through it together, and their
 * results kept apart until each token adds its own, in the order in which it chose. Every stage is one job of the team over all
 * experts: with a hundred of them, a few rows each, threads would wait for each other longer than they compute.
 */
final class ExpertProducts implements AutoCloseable {
    private final CpuBackend backend;
    private final WorkerTeam team;
    private final GroupedLinear groupedLinear = new GroupedLinear();
    private final double[][] sums; // [worker][hiddenSize]
    private int[] assignments = new int[0]; // [rows * numUsed] row * numUsed + choice, grouped by expert
    private int[] places = new int[0]; // [rows * numUsed] where an assignment stands among the grouped ones
    private int[] starts = new int[0]; // [numExperts + 1]
    private @Nullable Buffer gathered; // [rows * numUsed, hiddenSize]
    private @Nullable Buffer gateUp; // [rows * numUsed, 2 * intermediateSize]
    private @Nullable Buffer activated; // [rows * numUsed, intermediateSize]

    /** @param backend whose memory is used, and its products where a weight has no kernel */
    ExpertProducts(CpuBackend backend, WorkerTeam team) {
        this.backend = backend;
        this.team = team;
        sums = new double[team.size()][0];
    }

    void run(Experts experts, int rows, Buffer x, Buffer expertIds, Buffer expertWeights, Buffer out) {
        int numUsed = expertIds.columns();
        int intermediateSize = experts.down().getFirst().inFeatures();
        int capacity = x.rows() * numUsed;
        Buffer gathered = this.gathered = require(this.gathered, capacity, x.columns());
        Buffer gateUp = this.gateUp = require(this.gateUp, capacity, 2 * intermediateSize);
        Buffer activated = this.activated = require(this.activated, capacity, intermediateSize);
        int count = rows * numUsed;
        group(experts.gateUp().size(), count, numUsed, expertIds);
        team.run((place, worker) -> copyRow(x, assignments[place] / numUsed, gathered, place), count);
        linear(gathered, experts.gateUp(), experts.gateUpBias(), gateUp);
        backend.activateGated(experts.activation(), count, gateUp, activated);
        // The gathered inputs are used up: their buffer takes the experts' outputs.
        linear(activated, experts.down(), experts.downBias(), gathered);
        team.run((row, worker) -> combine(row, numUsed, gathered, expertWeights, out, worker), rows);
    }

    /** Counting sort of the choices by expert; within an expert by row. */
    private void group(int numExperts, int count, int numUsed, Buffer expertIds) {
        if (starts.length != numExperts + 2) {
            starts = new int[numExperts + 2];
        }
        if (assignments.length < count) {
            assignments = new int[count];
            places = new int[count];
        }
        Arrays.fill(starts, 0);
        for (int i = 0; i < count; i++) {
            starts[expert(expertIds, i, numUsed) + 2]++;
        }
        for (int e = 2; e < numExperts + 2; e++) {
            starts[e] += starts[e - 1];
        }
        for (int i = 0; i < count; i++) {
            int place = starts[expert(expertIds, i, numUsed) + 1]++;
            assignments[place] = i;
            places[i] = place;
        }
    }

    private static int expert(Buffer expertIds, int assignment, int numUsed) {
        return (int)
                expertIds.memory().getAtIndex(JAVA_FLOAT, expertIds.at(assignment / numUsed) + assignment % numUsed);
    }

    /** @param biases one per weight; empty for none */
    private void linear(Buffer x, List<Weight> weights, List<Buffer> biases, Buffer out) {
        if (GroupedLinear.covers(weights)) {
            groupedLinear.run(team, starts, x, weights, biases, out);
            return;
        }
        for (int e = 0; e < weights.size(); e++) {
            int count = starts[e + 1] - starts[e];
            if (count > 0) {
                Buffer bias = biases.isEmpty() ? null : biases.get(e);
                backend.linear(count, rows(x, starts[e], count), weights.get(e), bias, rows(out, starts[e], count));
            }
        }
    }

    private static Buffer rows(Buffer buffer, int from, int count) {
        return new Buffer(buffer.memory(), count, buffer.columns(), Math.toIntExact(buffer.at(from)), buffer.stride());
    }

    /** In double and in the order of the choices: what the other rows chose makes no difference. */
    private void combine(int row, int numUsed, Buffer results, Buffer expertWeights, Buffer out, int worker) {
        int columns = out.columns();
        if (sums[worker].length < columns) {
            sums[worker] = new double[columns];
        }
        double[] sum = sums[worker];
        Arrays.fill(sum, 0, columns, 0);
        for (int choice = 0; choice < numUsed; choice++) {
            double weight = expertWeights.memory().getAtIndex(JAVA_FLOAT, expertWeights.at(row) + choice);
            long from = results.at(places[row * numUsed + choice]);
            for (int i = 0; i < columns; i++) {
                sum[i] += weight * results.memory().getAtIndex(JAVA_FLOAT, from + i);
            }
        }
        for (int i = 0; i < columns; i++) {
            out.memory().setAtIndex(JAVA_FLOAT, out.at(row) + i, (float) sum[i]);
        }
    }

    private Buffer require(@Nullable Buffer buffer, int rows, int columns) {
        return buffer != null && buffer.rows() >= rows && buffer.columns() == columns
                ? buffer
                : backend.allocate(rows, columns);
    }

    private static void copyRow(Buffer from, int fromRow, Buffer to, int toRow) {
        MemorySegment.copy(
                from.memory(),
                from.at(fromRow) * Float.BYTES,
                to.memory(),
                to.at(toRow) * Float.BYTES,
                (long) from.columns() * Float.BYTES);
    }

    @Override
    public void close() {
        groupedLinear.close();
    }
}
