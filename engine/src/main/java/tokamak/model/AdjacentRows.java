package tokamak.model;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import tokamak.tensor.DType;
import tokamak.tensor.Matrix;
import tokamak.tensor.Tensor;

/**
 * A query or key matrix whose rows lie, within each head, as the pairs that rotate together: rows 0 and half, 1 and half + 1
 * ... of the original. That is how GGUF files of the llama family have them.
 */
record AdjacentRows(Matrix original, int headDim) implements Matrix {
    private static long originalRow(long row, int headDim) {
        long head = row / headDim;
        long within = row % headDim;
        return head * headDim + within / 2 + within % 2 * (headDim / 2);
    }

    static float[] reorder(float[] values, int headDim) {
        float[] reordered = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            reordered[i] = values[(int) originalRow(i, headDim)];
        }
        return reordered;
    }

    @Override
    public String name() {
        return original.name();
    }

    @Override
    public DType dtype() {
        return original.dtype();
    }

    @Override
    public long rows() {
        return original.rows();
    }

    @Override
    public long columns() {
        return original.columns();
    }

    @Override
    public Tensor rows(long from, long to, Arena arena) {
        long rowBytes = dtype().bytes(columns());
        MemorySegment bytes = arena.allocate((to - from) * rowBytes, 64);
        for (long row = from; row < to; row++) {
            long source = originalRow(row, headDim);
            MemorySegment.copy(
                    original.rows(source, source + 1, arena).data(), 0, bytes, (row - from) * rowBytes, rowBytes);
        }
        return new Tensor(name(), dtype(), new long[] {to - from, columns()}, bytes);
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
        original.unload();
    }
}
