package tokamak.quantize;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.WritableByteChannel;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tokamak.file.GgufOutput;
import tokamak.file.ModelFormatException;
import tokamak.tensor.DType;
import tokamak.tensor.Matrix;
import tokamak.tensor.Quantizer;
import tokamak.tensor.Quantizers;

/** Brings matrices into other number formats, some rows at a time on all processors; holds a few megabytes. */
final class MatrixWriter {
    /** Numbers per task, and tasks at once: what a piece of work holds as floats and as blocks. */
    private static final int TASK_NUMBERS = 1 << 18;

    private static final int TASKS = 8;

    private final Matrix source;
    private final DType dtype;
    private final float @Nullable [] importance;
    private final int rowsPerTask;

    private MatrixWriter(Matrix source, DType dtype, float @Nullable [] importance) {
        this.source = source;
        this.dtype = dtype;
        this.importance = importance;
        this.rowsPerTask = (int) Math.max(1, TASK_NUMBERS / Math.max(1, source.columns()));
    }

    /**
     * @param importance of the columns; null: alike
     * @throws ModelFormatException if a number is not finite
     */
    static void write(Matrix source, DType dtype, float @Nullable [] importance, WritableByteChannel out)
            throws IOException {
        MatrixWriter writer = new MatrixWriter(source, dtype, importance);
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
        Quantizer quantizer = (importance == null ? Quantizers.of(dtype) : Quantizers.of(dtype, importance))
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
        } catch (MatrixRows.NotFinite found) {
            throw found.asFormatException();
        }
    }

    private void convert(long from, long to, Quantizer quantizer, MemorySegment blocks, long offset) {
        float[] numbers = MatrixRows.read(source, from, to);
        quantizer.quantize(numbers, 0, numbers.length, blocks, offset);
    }
}
