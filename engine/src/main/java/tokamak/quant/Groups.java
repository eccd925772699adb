package tokamak.quant;

import org.jspecify.annotations.Nullable;

/**
 * What codes mean: {@code value = scale * (code - zero)}, where scale and zero belong to the row's band and the column's
 * group.
 *
 * @param rowsPerBand rows that share scales
 * @param groupOfColumn {@code [columns]}; groups may lie anywhere
 * @param scales {@code [bands, numGroups]}, finite
 * @param zeros {@code [bands, numGroups]} unsigned bytes; null where all are half the codes' range
 */
record Groups(int rowsPerBand, int numGroups, int[] groupOfColumn, float[] scales, byte @Nullable [] zeros) {
    /** Groups of {@code size} neighbouring columns. */
    static int[] consecutive(int columns, int size) {
        int[] groups = new int[columns];
        for (int k = 0; k < columns; k++) {
            groups[k] = k / size;
        }
        return groups;
    }

    /** Without zero points that say nothing. */
    static byte @Nullable [] unlessAll(byte[] zeros, int half) {
        for (byte zero : zeros) {
            if ((zero & 0xFF) != half) {
                return zeros;
            }
        }
        return null;
    }

    /** The same scales for columns in these groups. */
    Groups reordered(int[] groups) {
        return new Groups(rowsPerBand, numGroups, groups, scales, zeros);
    }

    private int index(int row, int group) {
        return row / rowsPerBand * numGroups + group;
    }

    float scale(int row, int group) {
        return scales[index(row, group)];
    }

    int zero(int row, int group, int half) {
        return zeros == null ? half : zeros[index(row, group)] & 0xFF;
    }
}
