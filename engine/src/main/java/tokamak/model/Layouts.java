package tokamak.model;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.IntUnaryOperator;
import tokamak.tensor.Matrix;
import tokamak.tensor.Tensor;

/** Copies of tensors in the layout the decoder wants, for checkpoints that store another. */
final class Layouts {
    private final Arena arena;

    Layouts(Arena arena) {
        this.arena = arena;
    }

    /** {@code [in, out]} to {@code [out, in]}, for types of one number per block. */
    Tensor transpose(Tensor tensor) {
        if (tensor.dtype().isBlocked()) {
            throw new IllegalArgumentException("cannot transpose blocks: " + tensor);
        }
        long rows = tensor.dim(0);
        long columns = tensor.dim(1);
        int size = tensor.dtype().blockBytes();
        MemorySegment source = tensor.data();
        MemorySegment target = arena.allocate(source.byteSize(), 64);
        for (long r = 0; r < rows; r++) {
            for (long c = 0; c < columns; c++) {
                MemorySegment.copy(source, (r * columns + c) * size, target, (c * rows + r) * size, size);
            }
        }
        return new Tensor(tensor.name(), tensor.dtype(), new long[] {columns, rows}, target);
    }

    /** Rows (q, k, v of head 0; q, k, v of head 1; ...) to (q of all heads; k of all; v of all). */
    Matrix ungroupHeads(Matrix fused, int numHeads) {
        int headDim = Math.toIntExact(fused.rows()) / (3 * numHeads);
        Tensor moved = pickRows(fused.rows(0, fused.rows(), arena), row -> groupedRow(row, numHeads, headDim));
        return new SameInputs(moved, fused);
    }

    static float[] ungroupHeads(float[] fused, int numHeads) {
        int headDim = fused.length / (3 * numHeads);
        return pick(fused, row -> groupedRow(row, numHeads, headDim));
    }

    private static int groupedRow(int row, int numHeads, int headDim) {
        int which = row / (numHeads * headDim); // query, key or value
        int head = row / headDim % numHeads;
        return (head * 3 + which) * headDim + row % headDim;
    }

    /** Rows (gate 0, up 0, gate 1, up 1, ...) to (all gates; all ups). */
    Tensor separateAlternating(Tensor tensor) {
        int half = Math.toIntExact(tensor.dim(0)) / 2;
        return pickRows(tensor, row -> alternatingRow(row, half));
    }

    static float[] separateAlternating(float[] values) {
        return pick(values, row -> alternatingRow(row, values.length / 2));
    }

    private static int alternatingRow(int row, int half) {
        return row < half ? 2 * row : 2 * (row - half) + 1;
    }

    /** All rows of a matrix. */
    Tensor whole(Matrix matrix) {
        return matrix.rows(0, matrix.rows(), arena);
    }

    private Tensor pickRows(Tensor tensor, IntUnaryOperator sourceRow) {
        int rows = Math.toIntExact(tensor.dim(0));
        long rowBytes = tensor.data().byteSize() / rows;
        MemorySegment target = arena.allocate(tensor.data().byteSize(), 64);
        for (int row = 0; row < rows; row++) {
            MemorySegment.copy(tensor.data(), sourceRow.applyAsInt(row) * rowBytes, target, row * rowBytes, rowBytes);
        }
        return new Tensor(tensor.name(), tensor.dtype(), tensor.shape(), target);
    }

    private static float[] pick(float[] values, IntUnaryOperator sourceIndex) {
        float[] picked = new float[values.length];
        for (int i = 0; i < picked.length; i++) {
            picked[i] = values[sourceIndex.applyAsInt(i)];
        }
        return picked;
    }
}
