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
    RowJob(int numWorkers) {
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
            case NORM -> RowOps.norm(norm, x.memory(), x.at(row), out.memory(), out.at(row), x.columns());
            case HEAD_NORM -> {
                for (int head = 0; head < x.columns(); head += headDim) {
                    RowOps.norm(norm, x.memory(), x.at(row) + head, x.memory(), x.at(row) + head, headDim);
                }
            }
            case ADD_SCALED -> RowOps.addScaled(x, y, scale, row);
            case MULTIPLY_SIGMOID -> RowOps.multiplySigmoid(x, y, row);
            case ACTIVATE_GATED -> RowOps.activateGated(activation, x, out, row);
            case ACTIVATE -> RowOps.activate(activation, x, row);
            case SCALE_LOGITS -> RowOps.scaleLogits(x, scale, cap, row);
            case ROPE_ANGLES -> RowOps.ropeAngles(rope, input, out, row);
            case ROPE -> RowOps.rope(rope, headDim, y, x, row);
            case ROUTE -> routers[worker].route(routing, x, y, out, row);
        }
    }
}
