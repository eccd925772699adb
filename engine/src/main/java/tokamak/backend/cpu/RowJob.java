package tokamak.backend.cpu;

import org.jspecify.annotations.Nullable;
import tokamak.backend.Activation;
import tokamak.backend.Buffer;
import tokamak.backend.Norm;
import tokamak.backend.Rope;
import tokamak.backend.Routing;
import tokamak.backend.StepInput;

/**
 * The arguments of a row-wise operation and its body, one chunk per row. One reusable object: an engine step makes no
 * garbage. The caller sets what the operation needs and runs it.
 */
final class RowJob implements WorkerTeam.Job {
    enum Op {
        NORM,
        HEAD_NORM,
        ADD_SCALED,
        MULTIPLY_SIGMOID,
        ACTIVATE_GATED,
        ACTIVATE,
        SCALE_LOGITS,
        ROPE_ANGLES,
        ROPE,
        ROUTE
    }

    private final Router[] routers;
    private final @Nullable PackedRows packed;
    Norm norm;
    Rope rope;
    Routing routing;
    Activation activation;
    StepInput input;
    Buffer x;
    Buffer y;
    Buffer out;
    float scale;
    float cap;
    int headDim;
    private @Nullable Op op;

    @SuppressWarnings("NullAway") // each operation sets the fields it reads
    RowJob(int numWorkers, @Nullable PackedRows packed) {
        this.packed = packed;
        routers = new Router[numWorkers];
        for (int i = 0; i < numWorkers; i++) {
            routers[i] = new Router();
        }
    }

    void run(WorkerTeam team, Op op, int rows) {
        this.op = op;
        team.run(this, rows);
    }

    @Override
    @SuppressWarnings("NullAway") // run() has set op
    public void run(int row, int worker) {
        switch (op) {
            case NORM -> norm(row, x.columns(), out, worker);
            case HEAD_NORM -> norm(row, headDim, x, worker);
            case ADD_SCALED -> {
                if (packed == null) {
                    RowOps.addScaled(x, y, scale, row);
                } else {
                    packed.addScaled(x, y, scale, row, worker);
                }
            }
            case MULTIPLY_SIGMOID -> {
                if (packed == null) {
                    RowOps.multiplySigmoid(x, y, row);
                } else {
                    packed.multiplySigmoid(x, y, row, worker);
                }
            }
            case ACTIVATE_GATED -> {
                if (packed == null) {
                    RowOps.activateGated(activation, x, out, row);
                } else {
                    packed.activateGated(activation, x, out, row);
                }
            }
            case ACTIVATE -> {
                if (packed == null) {
                    RowOps.activate(activation, x, row);
                } else {
                    packed.activate(activation, x, row);
                }
            }
            case SCALE_LOGITS -> {
                if (packed == null) {
                    RowOps.scaleLogits(x, scale, cap, row);
                } else {
                    packed.scaleLogits(x, scale, cap, row, worker);
                }
            }
            case ROPE_ANGLES -> RowOps.ropeAngles(rope, input, out, row);
            case ROPE -> {
                if (packed == null) {
                    RowOps.rope(rope, headDim, y, x, row);
                } else {
                    packed.rope(rope, headDim, y, x, row);
                }
            }
            case ROUTE -> routers[worker].route(routing, x, y, out, row);
        }
    }

    /** Normalises every {@code count} numbers of a row by themselves. */
    private void norm(int row, int count, Buffer target, int worker) {
        int vectors = x.columns() / count;
        Buffer weight = norm.weight();
        boolean ownWeights = weight != null && weight.columns() > count;
        if (packed != null && !ownWeights) {
            packed.norm(norm, x, target, row, count, vectors, worker);
            return;
        }
        for (int i = 0; i < vectors; i++) {
            long at = (long) i * count;
            RowOps.norm(
                    norm,
                    ownWeights ? i * count : 0,
                    x.memory(),
                    x.at(row) + at,
                    target.memory(),
                    target.at(row) + at,
                    count);
        }
    }
}
