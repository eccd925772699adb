package tokamak.quantize;

import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tokamak.tensor.Matrix;

/**
 * The rows of a linear layer as they are to be stored: columns multiplied and rows divided by what others were divided and
 * multiplied by.
 *
 * @param columnFactors null: 1
 * @param rowDivisors null: 1
 */
record LinearRows(Matrix matrix, float @Nullable [] columnFactors, float @Nullable [] rowDivisors) {
    private static final int TASK_NUMBERS = 1 << 18;

    interface Task {
        /** @param numbers rows {@code [from, to)}, one after another */
        void run(int from, int to, float[] numbers);
    }

    int rows() {
        return Math.toIntExact(matrix.rows());
    }

    int columns() {
        return Math.toIntExact(matrix.columns());
    }

    float[] read(int from, int to) {
        float[] numbers = MatrixRows.read(matrix, from, to);
        int columns = columns();
        for (int i = 0; i < numbers.length; i++) {
            float factor = columnFactors == null ? 1 : columnFactors[i % columns];
            float divisor = rowDivisors == null ? 1 : rowDivisors[from + i / columns];
            numbers[i] = numbers[i] * factor / divisor;
        }
        return numbers;
    }

    /** Hands over all rows, several tasks at once; each begins at a multiple of {@code step} rows. */
    void forEach(int step, Task task) {
        int size = Math.max(1, TASK_NUMBERS / Math.max(1, columns()) / step) * step;
        int numTasks = (rows() + size - 1) / size;
        IntStream.range(0, numTasks).parallel().forEach(i -> {
            int from = i * size;
            int to = Math.min(rows(), from + size);
            task.run(from, to, read(from, to));
        });
    }
}
