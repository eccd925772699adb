package tokamak.quantize;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.WritableByteChannel;
import java.util.stream.IntStream;
import tokamak.file.GgufOutput;
import tokamak.file.ModelFormatException;
import tokamak.tensor.DType;
import tokamak.tensor.Dequantizer;
import tokamak.tensor.Dequantizers;
import tokamak.tensor.Quantizer;
import tokamak.tensor.Quantizers;
import tokamak.tensor.Tensor;

/** Brings tensors into other number formats, some rows at a time on all processors; holds a few megabytes. */
final class TensorWriter {
    /** Numbers per task, and tasks at once: what a piece of work holds as floats and as blocks. */
    private static final int TASK_NUMBERS = 1 << 18;

    private static final int TASKS = 8;

    private TensorWriter() {}

    /** @throws ModelFormatException if a number is not finite */
    static void write(Tensor source, DType dtype, WritableByteChannel out) throws IOException {
        if (source.dtype() == dtype) {
            GgufOutput.writeFully(out, source.data());
            return;
        }
        Quantizer quantizer = Quantizers.of(dtype)
                .orElseThrow(() -> new IllegalArgumentException("tensors of " + dtype + " cannot be written"));
        long columns = source.columns();
        int rowsPerTask = (int) Math.max(1, TASK_NUMBERS / Math.max(1, columns));
        long rows = source.rows();
        try (Arena arena = Arena.ofShared()) {
            long taskBytes = dtype.bytes(rowsPerTask * columns);
            MemorySegment blocks = arena.allocate(taskBytes * TASKS, 64);
            for (long row = 0; row < rows; row += (long) rowsPerTask * TASKS) {
                long first = row;
                int numTasks = (int) Math.min(TASKS, (rows - first + rowsPerTask - 1) / rowsPerTask);
                IntStream.range(0, numTasks).parallel().forEach(task -> {
                    long from = first + (long) task * rowsPerTask;
                    int count = (int) (Math.min(rows, from + rowsPerTask) * columns - from * columns);
                    convert(source, from * columns, count, quantizer, blocks, task * taskBytes);
                });
                long numbers = Math.min(rows - first, (long) rowsPerTask * TASKS) * columns;
                GgufOutput.writeFully(out, blocks.asSlice(0, dtype.bytes(numbers)));
            }
        } catch (NotFinite found) {
            throw new ModelFormatException(source + ": expected finite numbers, found " + found.value + " at index "
                    + found.index + "; the model is damaged");
        }
    }

    private static void convert(
            Tensor source, long from, int count, Quantizer quantizer, MemorySegment blocks, long offset) {
        float[] numbers = new float[count];
        Dequantizer dequantizer = Dequantizers.of(source.dtype());
        dequantizer.dequantize(source.data(), source.dtype().bytes(from), numbers, 0, count);
        for (int i = 0; i < count; i++) {
            if (!Float.isFinite(numbers[i])) {
                throw new NotFinite(numbers[i], from + i);
            }
        }
        quantizer.quantize(numbers, 0, count, blocks, offset);
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
