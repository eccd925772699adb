package tokamak.backend;

import java.lang.foreign.MemorySegment;

/**
 * A matrix of float32 activations in device memory: {@code [rows, columns]}, row {@code r} starting at float
 * {@code offset + r * stride}. Holds the memory of its owner (a workspace), never its own; columns of a wider matrix are a
 * view that shares it.
 */
public record Buffer(MemorySegment memory, int rows, int columns, int offset, int stride) {
    public Buffer {
        if (rows < 0 || columns < 0 || offset < 0 || stride < columns) {
            throw new IllegalArgumentException(
                    "buffer [" + rows + ", " + columns + "] with offset " + offset + " and stride " + stride);
        }
        long floats = rows == 0 ? 0 : offset + (long) (rows - 1) * stride + columns;
        if (memory.byteSize() < floats * Float.BYTES) {
            throw new IllegalArgumentException("buffer [" + rows + ", " + columns + "] needs " + floats * Float.BYTES
                    + " bytes, its memory has " + memory.byteSize());
        }
    }

    public Buffer(MemorySegment memory, int rows, int columns) {
        this(memory, rows, columns, 0, columns);
    }

    /** View of columns {@code [from, from + count)}. */
    public Buffer columns(int from, int count) {
        if (from < 0 || count < 0 || from + count > columns) {
            throw new IndexOutOfBoundsException("columns [" + from + ", " + (from + count) + ") of " + columns);
        }
        return new Buffer(memory, rows, count, offset + from, stride);
    }

    /** Index of the first float of row {@code r}. */
    public long at(int r) {
        return offset + (long) r * stride;
    }

    /** Throws unless {@code count} rows fit. */
    public void requireRows(int count) {
        if (count < 0 || count > rows) {
            throw new IndexOutOfBoundsException(count + " rows of a buffer with " + rows);
        }
    }
}
