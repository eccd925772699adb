package tokamak.quantize;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.WritableByteChannel;
import java.util.stream.IntStream;
import tokamak.file.GgufOutput;
import tokamak.file.ModelFormatException;
import tokamak.tensor.DType;
import tokamak.tensor.Dequantizers;
import tokamak.tensor.Matrix;
import tokamak.tensor.Quantizer;
import tokamak.tensor.Quantizers;
import tokamak.tensor.Tensor;

/** Brings matrices into other number formats, some rows at a time on all processors; holds a few megabytes. */
final class MatrixWriter {
    /** Numbers per task, and tasks at once: what a piece of work holds as floats and as blocks. */
    private static final int TASK_NUMBERS = 1 << 18;

    private static final int TASKS = 8;

    private final Matrix source;
    private final DType dtype;
    private final int rowsPerTask;

    private MatrixWriter(Matrix source, DType dtype) {
        this.source = source;
        this.dtype = dtype;
        this.rowsPerTask = (int) Math.max(1, TASK_NUMBERS / Math.max(1, source.columns()));
    }

    /** @throws ModelFormatException if a number is not finite */
    static void write(Matrix source, DType dtype, WritableByteChannel out) throws IOException {
        MatrixWriter writer = new MatrixWriter(source, dtype);
        if (source.dtype() == dtype && source.inputOrder() == null && source.inputFactors() == null) {
            writer.copy(out);
        } else {
            writer.convert(out);
        }
        source.unload();
    }

    private void copy(WritableByteChannel out) throws IOException {
        for (long row = 0; row < source.rows(); row += rowsPerTask) {
            try (Arena arena = Arena.ofConfined()) {
                long end = Math.min(source.rows(), row + rowsPerTask);
                GgufOutput.writeFully(out, source.rows(row, end, arena).data());
            }
        }
    }

    private void convert(WritableByteChannel out) throws IOException {
        Quantizer quantizer = Quantizers.of(dtype)
                .orElseThrow(() -> new IllegalArgumentException("tensors of " + dtype + " cannot be written"));
        long taskBytes = dtype.bytes(rowsPerTask * source.columns());
        long step = (long) rowsPerTask * TASKS;
        try (Arena arena = Arena.ofShared()) {
            MemorySegment blocks = arena.allocate(taskBytes * TASKS, 64);
            for (long row = 0; row < source.rows(); row += step) {
                long first = row;
                long end = Math.min(source.rows(), first + step);
                int numTasks = (int) ((end - first + rowsPerTask - 1) / rowsPerTask);
                IntStream.range(0, numTasks).parallel().forEach(task -> {
                    long from = first + (long) task * rowsPerTask;
                    convert(from, Math.min(end, from + rowsPerTask), quantizer, blocks, task * taskBytes);
                });
                GgufOutput.writeFully(out, blocks.asSlice(0, dtype.bytes((end - first) * source.columns())));
            }
        } catch (NotFinite found) {
            throw new ModelFormatException(source.name() + ": expected finite numbers, found " + found.value
                    + " at index " + found.index + "; the model is damaged");
        }
    }

    private void convert(long from, long to, Quantizer quantizer, MemorySegment blocks, long offset) {
        float[] numbers = new float[(int) ((to - from) * source.columns())];
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
                throw new NotFinite(ordered[i], from * source.columns() + i);
            }
        }
        quantizer.quantize(ordered, 0, ordered.length, blocks, offset);
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
    private static final class NotFinite extends RuntimeException {
        private final float value;
        private final long index;

        NotFinite(float value, long index) {
            super(null, null, false, false);
            this.value = value;
            this.index = index;
        }
    }
}
