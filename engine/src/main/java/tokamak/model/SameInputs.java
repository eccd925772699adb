package tokamak.model;

import java.lang.foreign.Arena;
import org.jspecify.annotations.Nullable;
import tokamak.tensor.DType;
import tokamak.tensor.Matrix;
import tokamak.tensor.Tensor;

/** Rows of a matrix in another order: their columns still take its inputs. */
record SameInputs(Tensor moved, Matrix original) implements Matrix {
    @Override
    public String name() {
        return moved.name();
    }

    @Override
    public DType dtype() {
        return moved.dtype();
    }

    @Override
    public long rows() {
        return moved.rows();
    }

    @Override
    public long columns() {
        return moved.columns();
    }

    @Override
    public Tensor rows(long from, long to, Arena arena) {
        return moved.rows(from, to, arena);
    }

    @Override
    public int @Nullable [] inputOrder() {
        return original.inputOrder();
    }

    @Override
    public float @Nullable [] inputFactors() {
        return original.inputFactors();
    }

    @Override
    public void unload() {
        moved.unload();
        original.unload();
    }
}
