package tokamak.file;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.OptionalLong;
import tokamak.tensor.DType;
import tokamak.tensor.Tensor;

/**
 * One line of a file's table of tensors, not yet trusted.
 *
 * @param shape outermost first
 * @param begin absolute offset of the first byte in the file
 * @param end absolute offset after the last byte
 */
record TensorEntry(String name, DType dtype, long[] shape, long begin, long end) {
    static final int MAX_NAME_LENGTH = 1024;

    String describe(Path file) {
        return file + ": tensor '" + name + "' " + dtype + Arrays.toString(shape);
    }

    /** Bytes that the shape needs; empty if that is not a number of bytes a file can have. */
    static OptionalLong bytes(DType dtype, long[] shape) {
        try {
            return OptionalLong.of(Tensor.byteSize(dtype, shape));
        } catch (IllegalArgumentException | ArithmeticException impossible) {
            return OptionalLong.empty();
        }
    }
}
