package tokamak.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import tokamak.backend.Buffer;
import tokamak.backend.Experts;
import tokamak.backend.Weight;

/**
 * A mixture of experts as matrix products: the rows that chose an expert are gathered, run through it together, and their
 * results kept apart until each token adds its own, in the order in which it chose.
 */
final class ScalarExperts {
    private final CpuBackend backend;
    private int[] assignments = new int[0]; // [rows * numUsed] row * numUsed + choice, grouped by expert
    private int[] starts = new int[0]; // [numExperts + 1]
    private @Nullable Buffer gathered; // [rows * numUsed, hiddenSize]
    private @Nullable Buffer gateUp; // [rows * numUsed, 2 * intermediateSize]
    private @Nullable Buffer activated; // [rows * numUsed, intermediateSize]
    private @Nullable Buffer results; // [rows * numUsed, hiddenSize]

    ScalarExperts(CpuBackend backend) {
        this.backend = backend;
    }

    void run(Experts experts, int rows, Buffer x, Buffer expertIds, Buffer expertWeights, Buffer out) {
        int numUsed = expertIds.columns();
        int numExperts = experts.gateUp().size();
        int intermediateSize = experts.down().getFirst().inFeatures();
        int capacity = x.rows() * numUsed;
        gathered = require(gathered, capacity, x.columns());
        gateUp = require(gateUp, capacity, 2 * intermediateSize);
        activated = require(activated, capacity, intermediateSize);
        results = require(results, capacity, out.columns());
        group(numExperts, rows, numUsed, expertIds);
        for (int e = 0; e < numExperts; e++) {
            int count = starts[e + 1] - starts[e];
            if (count > 0) {
                runExpert(experts, e, count, x, numUsed);
            }
        }
        combine(rows, numUsed, expertWeights, out);
    }

    /** Counting sort of the choices by expert; within an expert by row. */
    private void group(int numExperts, int rows, int numUsed, Buffer expertIds) {
        if (starts.length < numExperts + 2) {
            starts = new int[numExperts + 2];
        }
        if (assignments.length < rows * numUsed) {
            assignments = new int[rows * numUsed];
        }
        java.util.Arrays.fill(starts, 0);
        for (int i = 0; i < rows * numUsed; i++) {
            starts[expert(expertIds, i, numUsed) + 2]++;
        }
        for (int e = 2; e < numExperts + 2; e++) {
            starts[e] += starts[e - 1];
        }
        for (int i = 0; i < rows * numUsed; i++) {
            assignments[starts[expert(expertIds, i, numUsed) + 1]++] = i;
        }
    }

    private static int expert(Buffer expertIds, int assignment, int numUsed) {
        return (int)
                expertIds.memory().getAtIndex(JAVA_FLOAT, expertIds.at(assignment / numUsed) + assignment % numUsed);
    }

    @SuppressWarnings("NullAway") // run() has set the buffers
    private void runExpert(Experts experts, int expert, int count, Buffer x, int numUsed) {
        for (int i = 0; i < count; i++) {
            copyRow(x, assignments[starts[expert] + i] / numUsed, gathered, i);
        }
        Weight gateUpWeight = experts.gateUp().get(expert);
        Buffer gateUpBias =
                experts.gateUpBias().isEmpty() ? null : experts.gateUpBias().get(expert);
        Buffer downBias =
                experts.downBias().isEmpty() ? null : experts.downBias().get(expert);
        backend.linear(count, gathered, gateUpWeight, gateUpBias, gateUp);
        backend.activateGated(experts.activation(), count, gateUp, activated);
        // The gathered inputs are used up: their buffer takes the expert's outputs.
        backend.linear(count, activated, experts.down().get(expert), downBias, gathered);
        for (int i = 0; i < count; i++) {
            copyRow(gathered, i, results, assignments[starts[expert] + i]);
        }
    }

    @SuppressWarnings("NullAway")
    private void combine(int rows, int numUsed, Buffer expertWeights, Buffer out) {
        for (int row = 0; row < rows; row++) {
            for (int i = 0; i < out.columns(); i++) {
                double sum = 0;
                for (int choice = 0; choice < numUsed; choice++) {
                    double weight = expertWeights.memory().getAtIndex(JAVA_FLOAT, expertWeights.at(row) + choice);
                    sum += weight * results.memory().getAtIndex(JAVA_FLOAT, results.at(row * numUsed + choice) + i);
                }
                out.memory().setAtIndex(JAVA_FLOAT, out.at(row) + i, (float) sum);
            }
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
}
