package tokamak.quantize;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import tokamak.tensor.DType;
import tokamak.tensor.GroupFit;
import tokamak.tensor.LittleEndian;
import tokamak.tensor.Quantizers;

/** The codes of a whole layer, with a scale, and perhaps a zero point, for each group of columns of a row. */
final class GroupCodes {
    /** How numbers become codes. */
    private interface Fitter {
        void fit(GroupFit fit, float[] numbers, int from, int column, byte[] codes, int at);
    }

    final int rows;
    final int columns;
    final int numGroups;
    final byte[] codes; // [rows, columns]
    final float[] scales; // [rows, numGroups]
    final byte[] zeros; // [rows, numGroups]

    private GroupCodes(LinearRows source, int groupSize) {
        rows = source.rows();
        columns = source.columns();
        numGroups = columns / groupSize;
        codes = new byte[Math.multiplyExact(rows, columns)];
        scales = new float[rows * numGroups];
        zeros = new byte[rows * numGroups];
    }

    /** Four bits and a zero point. */
    static GroupCodes affine(LinearRows source, int groupSize, DType scaleType, float @Nullable [] importance) {
        return fit(
                source,
                groupSize,
                scaleType,
                importance,
                (fit, numbers, from, column, codes, at) -> fit.affine(numbers, from, groupSize, column, 15, codes, at));
    }

    /** Four bits, stored more 8 than they mean. */
    static GroupCodes symmetric(LinearRows source, int groupSize, DType scaleType, float @Nullable [] importance) {
        return fit(
                source,
                groupSize,
                scaleType,
                importance,
                (fit, numbers, from, column, codes, at) ->
                        fit.symmetric(numbers, from, groupSize, column, -8, 7, codes, at));
    }

    private static GroupCodes fit(
            LinearRows source, int groupSize, DType scaleType, float @Nullable [] importance, Fitter fitter) {
        GroupCodes result = new GroupCodes(source, groupSize);
        int columns = result.columns;
        source.forEach(1, (first, end, numbers) -> {
            GroupFit fit = new GroupFit(groupSize, scaleType, importance);
            for (int row = first; row < end; row++) {
                for (int group = 0; group < result.numGroups; group++) {
                    int column = group * groupSize;
                    int at = row * columns + column;
                    fitter.fit(fit, numbers, (row - first) * columns + column, column, result.codes, at);
                    result.scales[row * result.numGroups + group] = fit.scale();
                    result.zeros[row * result.numGroups + group] = (byte) fit.zero();
                }
            }
        });
        return result;
    }

    /** Eight codes along a row in each word, the first lowest. */
    void packRows(MemorySegment words) {
        for (int i = 0; i < codes.length; i += 8) {
            int word = 0;
            for (int j = 0; j < 8; j++) {
                word |= codes[i + j] << 4 * j;
            }
            words.set(LittleEndian.INT, (long) i / 2, word);
        }
    }

    void writeScales(DType scaleType, MemorySegment target) {
        Quantizers.of(scaleType).orElseThrow().quantize(scales, 0, scales.length, target, 0);
    }
}
