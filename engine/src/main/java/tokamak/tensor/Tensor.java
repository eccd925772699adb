package tokamak.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * A named, typed, shaped view of bytes that somebody else owns: a checkpoint's mapping, or an arena.
 *
 * @param name the name in the file it came from; messages quote it
 * @param dtype how the numbers are stored
 * @param shape outermost dimension first: a linear layer's weight is {@code [outFeatures, inFeatures]} whatever the file's
 *     own order is; the last dimension is contiguous. Empty for a scalar.
 * @param data exactly the tensor's bytes, row after row
 */
public record Tensor(String name, DType dtype, long[] shape, MemorySegment data) implements Matrix {
    public Tensor {
        shape = shape.clone();
        long expected = byteSize(dtype, shape);
        if (data.byteSize() != expected) {
            throw new IllegalArgumentException("tensor '" + name + "' " + dtype + Arrays.toString(shape) + " needs "
                    + expected + " bytes, found " + data.byteSize());
        }
    }

    /**
     * Bytes that a tensor of this shape needs.
     *
     * @throws IllegalArgumentException if a dimension is negative or a row is not a whole number of blocks
     * @throws ArithmeticException if the result does not fit a long
     */
    public static long byteSize(DType dtype, long[] shape) {
        if (shape.length > 0 && shape[shape.length - 1] % dtype.blockSize() != 0) {
            throw new IllegalArgumentException(
                    dtype + Arrays.toString(shape) + ": a row is not a whole number of blocks of " + dtype.blockSize());
        }
        return dtype.bytes(count(shape));
    }

    /** Number of elements. */
    public long count() {
        return count(shape);
    }

    @Override
    public long[] shape() {
        return shape.clone();
    }

    public int rank() {
        return shape.length;
    }

    /** Length of dimension {@code axis}, outermost first. */
    public long dim(int axis) {
        return shape[axis];
    }

    /** Length of the last, contiguous dimension (1 for a scalar). */
    @Override
    public long columns() {
        return shape.length == 0 ? 1 : shape[shape.length - 1];
    }

    /** Product of all dimensions but the last. */
    @Override
    public long rows() {
        return columns() == 0 ? 0 : count() / columns();
    }

    /** The same bytes under another shape of the same element count. */
    public Tensor reshape(long... newShape) {
        return new Tensor(name, dtype, newShape, data);
    }

    /**
     * Slice {@code [from, to)} of the outermost dimension; shares the bytes.
     *
     * @throws IllegalArgumentException if a slice of a vector does not begin and end at a block
     */
    public Tensor slice(long from, long to) {
        if (shape.length == 0 || from < 0 || to < from || to > shape[0]) {
            throw new IndexOutOfBoundsException("[" + from + ", " + to + ") of " + this);
        }
        long[] sliced = shape.clone();
        sliced[0] = 1;
        long inner = count(sliced);
        sliced[0] = to - from;
        long begin = dtype.bytes(from * inner);
        return new Tensor(name, dtype, sliced, data.asSlice(begin, dtype.bytes(to * inner) - begin));
    }

    @Override
    public Tensor rows(long from, long to, Arena arena) {
        return (rank() == 2 ? this : reshape(rows(), columns())).slice(from, to);
    }

    @Override
    public void unload() {
        if (data.isMapped()) {
            data.unload();
        }
    }

    private static long count(long[] shape) {
        long count = 1;
        for (long dim : shape) {
            if (dim < 0) {
                throw new IllegalArgumentException("negative dimension in shape " + Arrays.toString(shape));
            }
            count = Math.multiplyExact(count, dim);
        }
        return count;
    }

    @Override
    public String toString() {
        return name + " " + dtype + Arrays.toString(shape);
    }
}
