package tokamak.tensor;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Integer codes of groups of numbers, for the layouts that keep codes, scales and zero points apart: {@code number = scale *
 * (code - zero)}. Scales are rounded to how they will be stored before the codes are chosen.
 */
public final class GroupFit {
    private final CodeFit fit;
    private final Quantizer scaleWriter;
    private final Dequantizer scaleReader;
    private final MemorySegment stored = MemorySegment.ofArray(new byte[4]);
    private final float[] read = new float[1];

    private float scale;
    private int zero;

    /**
     * @param groupSize the most numbers at once
     * @param scaleType F16, BF16 or F32
     * @param importance how much an error in each column of a row costs, positive; null: alike
     */
    public GroupFit(int groupSize, DType scaleType, float @Nullable [] importance) {
        fit = new CodeFit(groupSize, importance);
        scaleWriter = Quantizers.of(scaleType).orElseThrow();
        scaleReader = Dequantizers.of(scaleType);
    }

    /** Of the last group. */
    public float scale() {
        return scale;
    }

    /** Of the last group. */
    public int zero() {
        return zero;
    }

    /**
     * Codes {@code 0 .. levels}.
     *
     * @param column of the row in which the group begins
     */
    public void affine(float[] x, int from, int count, int column, int levels, byte[] codes, int at) {
        fit.at(column).withZeroPoint(x, from, count, levels);
        choose(fit.scale, fit.zero);
        encode(x, from, count, 0, levels, codes, at);
    }

    /** Signed codes {@code low .. high} and no zero point, stored less {@code low}; the scale is not negative. */
    public void symmetric(float[] x, int from, int count, int column, int low, int high, byte[] codes, int at) {
        fit.at(column).positive(x, from, count, low, high);
        choose(fit.scale, -low);
        encode(x, from, count, 0, high - low, codes, at);
    }

    /** The same with the scale that just covers the range: with many levels it is as good as any. */
    public void covering(float[] x, int from, int count, int high, byte[] codes, int at) {
        float max = 0;
        for (int i = from; i < from + count; i++) {
            max = Math.max(max, Math.abs(x[i]));
        }
        choose(max / high, high);
        encode(x, from, count, 0, 2 * high, codes, at);
    }

    private void choose(float wanted, int zeroPoint) {
        read[0] = wanted;
        scaleWriter.quantize(read, 0, 1, stored, 0);
        scaleReader.dequantize(stored, 0, read, 0, 1);
        scale = read[0];
        zero = zeroPoint;
    }

    private void encode(float[] x, int from, int count, int low, int high, byte[] codes, int at) {
        float inverse = CodeFit.inverse(scale);
        for (int i = 0; i < count; i++) {
            codes[at + i] = (byte) CodeFit.clamp(x[from + i] * inverse + zero, low, high);
        }
    }
}
