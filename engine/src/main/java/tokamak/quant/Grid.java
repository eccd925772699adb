package tokamak.quant;

import java.util.Arrays;
import tokamak.file.ModelFormatException;
import tokamak.tensor.Tensor;

/** Small tables of scales and zero points. */
final class Grid {
    private Grid() {}

    /** A configured group size as one that fits; all columns for -1. */
    static int groupSize(Parts parts, int columns, int configured) throws ModelFormatException {
        if (configured == -1 || configured == 0) {
            return columns;
        }
        if (configured < 0 || columns > configured && columns % configured != 0) {
            throw parts.error("'" + parts.module() + "' has " + columns + " inputs, which groups of " + configured
                    + " do not divide; the group size in the configuration may be another one's");
        }
        return Math.min(configured, columns);
    }

    static Tensor shaped(Parts parts, Tensor tensor, long... shape) throws ModelFormatException {
        if (!Arrays.equals(tensor.shape(), shape)) {
            throw parts.error(tensor + ": expected the shape " + Arrays.toString(shape));
        }
        return tensor;
    }

    /** {@code [rows, columns]} to {@code [columns, rows]}. */
    static float[] transpose(float[] values, int rows, int columns) {
        float[] transposed = new float[values.length];
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                transposed[column * rows + row] = values[row * columns + column];
            }
        }
        return transposed;
    }

    /** Code number {@code index} of words that hold codes one after another without gaps. */
    static int code(int[] words, int wordsFrom, long index, int bits) {
        long bit = index * bits;
        int at = wordsFrom + (int) (bit >> 5);
        int shift = (int) bit & 31;
        int code = words[at] >>> shift;
        if (shift + bits > 32) {
            code |= words[at + 1] << 32 - shift;
        }
        return code & (1 << bits) - 1;
    }
}
