package tokamak.model;

import java.lang.foreign.Arena;
import org.jspecify.annotations.Nullable;
import tokamak.tensor.DType;
import tokamak.tensor.Matrix;
import tokamak.tensor.Tensor;

/** A matrix without its last rows. */
record FirstRows(Matrix matrix, long rows) implements Matrix {
    @Override
    public String name() {
        return matrix.name();
    }

    @Override
    public DType dtype() {
        return matrix.dtype();
    }

    @Override
    public long columns() {
        return matrix.columns();
    }

    @Override
    public Tensor rows(long from, long to, Arena arena) {
        return matrix.rows(from, to, arena);
    }

    @Override
    public int @Nullable [] inputOrder() {
        return matrix.inputOrder();
    }

    @Override
    public float @Nullable [] inputFactors() {
        return matrix.inputFactors();
    }

    @Override
    public void unload() {
        matrix.unload();
    }
}
