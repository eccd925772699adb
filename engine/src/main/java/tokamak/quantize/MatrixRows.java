package tokamak.quantize;

import java.lang.foreign.Arena;
import tokamak.file.ModelFormatException;
import tokamak.tensor.Dequantizers;
import tokamak.tensor.Matrix;
import tokamak.tensor.Tensor;

/** Rows of a matrix as numbers, whatever it is stored as; column k is for input k. */
final class MatrixRows {
    private MatrixRows() {}

    /** @throws NotFinite if a number is not finite */
    static float[] read(Matrix source, long from, long to) {
        float[] numbers = new float[Math.toIntExact((to - from) * source.columns())];
        // Matrices that are made when asked for make them here, on this task's thread.
        try (Arena arena = Arena.ofConfined()) {
            Tensor rows = source.rows(from, to, arena);
            Dequantizers.of(rows.dtype()).dequantize(rows.data(), 0, numbers, 0, numbers.length);
        }
        float[] factors = source.inputFactors();
        for (int i = 0; factors != null && i < numbers.length; i++) {
            numbers[i] *= factors[i % factors.length];
        }
        int[] inputOrder = source.inputOrder();
        float[] ordered = inputOrder == null ? numbers : inOrder(numbers, inputOrder);
        for (int i = 0; i < ordered.length; i++) {
            if (!Float.isFinite(ordered[i])) {
                throw new NotFinite(source, ordered[i], from * source.columns() + i);
            }
        }
        return ordered;
    }

    private static float[] inOrder(float[] numbers, int[] inputOrder) {
        float[] ordered = new float[numbers.length];
        for (int row = 0; row < numbers.length; row += inputOrder.length) {
            for (int k = 0; k < inputOrder.length; k++) {
                ordered[row + inputOrder[k]] = numbers[row + k];
            }
        }
        return ordered;
    }

    /** Leaves a parallel loop. */
    static final class NotFinite extends RuntimeException {
        NotFinite(Matrix source, float value, long index) {
            super(
                    source.name() + ": expected finite numbers, found " + value + " at index " + index
                            + "; the model is damaged",
                    null,
                    false,
                    false);
        }

        ModelFormatException asFormatException() {
            return new ModelFormatException(String.valueOf(getMessage()));
        }
    }
}
