package tokamak.backend.cpu;

import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tokamak.backend.Activation;
import tokamak.backend.Buffer;
import tokamak.backend.Norm;
import tokamak.backend.Rope;
import tokamak.backend.Routing;
import tokamak.backend.StepInput;
import tokamak.backend.Weight;
import tokamak.tensor.DType;
import tokamak.tensor.Tensor;

/** Whatever works row by row, on rows that fill registers and rows that don't. */
final class RowChecks {
    private static final int ROWS = 5;
    private static final int[] COLUMNS = {1, 7, 16, 64, 131};

    /** Wide enough for exponentials to overflow and vanish. */
    private static final double WIDE = 120;

    private final Twins twins;

    RowChecks(Twins twins) {
        this.twins = twins;
    }

    Deviation norm(Norm.Kind kind) {
        Deviation deviation = new Deviation();
        for (int columns : COLUMNS) {
            for (boolean parameters : List.of(true, false)) {
                compareNorms(deviation, kind, columns, parameters ? columns : 0, side -> side.random(ROWS, columns, 3));
                compareNorms(deviation, kind, columns, parameters ? columns : 0, side -> side.wild(ROWS, columns, 3));
            }
            twins.compare(deviation, side -> {
                Buffer x = side.random(ROWS, 3 * columns, 1e-2);
                side.backend().headNorm(norm(kind, columns, side), ROWS, columns, x);
                return x;
            });
        }
        return deviation;
    }

    private void compareNorms(
            Deviation deviation, Norm.Kind kind, int columns, int numParameters, Function<Twins.Side, Buffer> input) {
        twins.compare(deviation, side -> {
            Buffer x = input.apply(side);
            Buffer out = side.empty(ROWS, columns);
            side.backend().norm(norm(kind, numParameters, side), ROWS, x, out);
            return out;
        });
    }

    private static Norm norm(Norm.Kind kind, int numParameters, Twins.Side side) {
        @Nullable Buffer weight = numParameters == 0 ? null : side.parameters(numParameters);
        @Nullable Buffer bias = numParameters == 0 || kind == Norm.Kind.RMS ? null : side.parameters(numParameters);
        return new Norm(kind, weight, bias, 1e-5f);
    }

    Deviation rope() {
        Deviation deviation = new Deviation();
        for (Rope.Pairing pairing : Rope.Pairing.values()) {
            for (int headDim : new int[] {6, 16, 64, 80, 128}) {
                for (int rotated : new int[] {2, headDim / 4 * 2, headDim}) {
                    twins.compare(deviation, side -> rotate(side, pairing, headDim, rotated));
                }
            }
        }
        return deviation;
    }

    private static Buffer rotate(Twins.Side side, Rope.Pairing pairing, int headDim, int rotated) {
        double[] frequencies = new double[rotated / 2];
        for (int i = 0; i < frequencies.length; i++) {
            frequencies[i] = Math.pow(10000, -2.0 * i / rotated);
        }
        Rope rope = new Rope(frequencies, 1.1, pairing);
        Buffer angles = side.backend().allocate(ROWS, rotated);
        side.backend().ropeAngles(rope, step(side, 100_000), angles);
        Buffer x = side.random(ROWS, 3 * headDim, 2);
        side.backend().rope(rope, ROWS, headDim, angles, x);
        return x;
    }

    private static StepInput step(Twins.Side side, int maxPosition) {
        int[] positions = side.random().ints(ROWS, 0, maxPosition).toArray();
        return new StepInput(
                ROWS,
                1,
                0,
                new int[ROWS],
                positions,
                new int[] {0, ROWS},
                new int[] {ROWS},
                new int[ROWS],
                new int[] {0},
                1,
                new int[0]);
    }

    Deviation activateGated(Activation activation) {
        return overColumns((side, columns) -> {
            Buffer gateUp = numbers(side, 2 * columns);
            Buffer out = side.empty(ROWS, columns);
            side.backend().activateGated(activation, ROWS, gateUp, out);
            return out;
        });
    }

    private static Buffer numbers(Twins.Side side, int columns) {
        return switch (side.random().nextInt(3)) {
            case 0 -> side.random(ROWS, columns, 5);
            case 1 -> side.random(ROWS, columns, WIDE);
            default -> side.wild(ROWS, columns, 5);
        };
    }

    Deviation activate(Activation activation) {
        return overColumns((side, columns) -> {
            Buffer x = numbers(side, columns);
            side.backend().activate(activation, ROWS, x);
            return x;
        });
    }

    Deviation addScaled() {
        return overColumns((side, columns) -> {
            Buffer x = side.random(ROWS, columns, 2);
            side.backend()
                    .addScaled(
                            ROWS,
                            x,
                            side.random(ROWS, columns, 2),
                            side.random().nextFloat());
            return x;
        });
    }

    Deviation multiplySigmoid() {
        return overColumns((side, columns) -> {
            Buffer x = side.random(ROWS, columns, 2);
            boolean onePerRow = side.random().nextBoolean();
            side.backend().multiplySigmoid(ROWS, x, numbers(side, onePerRow ? 1 : columns));
            return x;
        });
    }

    /** Added to products with matrices of one column. */
    Deviation bias() {
        return overColumns((side, columns) -> {
            Buffer column = side.parameters(columns);
            Tensor tensor = new Tensor("column", DType.F32, new long[] {columns, 1}, column.memory());
            Weight weight = side.backend().loadWeight(List.of(tensor));
            Buffer out = side.empty(ROWS, columns);
            side.backend().linear(ROWS, side.random(ROWS, 1, 2), weight, side.parameters(columns), out);
            return out;
        });
    }

    Deviation scaleLogits() {
        return overColumns((side, columns) -> {
            Buffer x = numbers(side, columns);
            side.backend().scaleLogits(ROWS, x, 0.7f, side.random().nextBoolean() ? 30 : 0);
            return x;
        });
    }

    Deviation route() {
        Deviation deviation = new Deviation();
        for (Routing.Gating gating : Routing.Gating.values()) {
            for (int numGroups : new int[] {1, 4}) {
                Function<Twins.Side, Buffer> work = side -> {
                    Routing routing = new Routing(
                            24, 5, gating, true, 1.5f, side.parameters(24), numGroups, Math.max(1, numGroups / 2));
                    Buffer weights = side.empty(ROWS, 5);
                    side.backend().route(routing, ROWS, side.random(ROWS, 24, 4), side.empty(ROWS, 5), weights);
                    return weights;
                };
                twins.compare(deviation, work);
            }
        }
        return deviation;
    }

    private interface Work {
        Buffer on(Twins.Side side, int columns);
    }

    /** A few times, for work that varies by chance. */
    private Deviation overColumns(Work work) {
        Deviation deviation = new Deviation();
        for (int columns : COLUMNS) {
            for (int round = 0; round < 6; round++) {
                twins.compare(deviation, side -> work.on(side, columns));
            }
        }
        return deviation;
    }
}
