package tokamak.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Writes the blocks that {@link SimpleBlocks} and {@link MicroscalingBlocks} read. */
final class QuantizeSimple {
    private static final int SIZE = 32;
    private static final float[] E2M1 = {0, 0.5f, 1, 1.5f, 2, 3, 4, 6};

    private QuantizeSimple() {}

    static void q4x0(float[] x, int index, CodeFit fit, MemorySegment target, long block) {
        fit.symmetric(x, index, SIZE, -8, 7);
        float d = putScale(target, block, fit.scale);
        float inverse = CodeFit.inverse(d);
        nibbles(target, block + 2, i -> CodeFit.clamp(x[index + i] * inverse, -8, 7) + 8);
    }

    static void q4x1(float[] x, int index, CodeFit fit, MemorySegment target, long block) {
        fit.affine(x, index, SIZE, 15, Float.POSITIVE_INFINITY);
        float d = putScale(target, block, fit.scale);
        float m = putScale(target, block + 2, fit.offset);
        float inverse = CodeFit.inverse(d);
        nibbles(target, block + 4, i -> CodeFit.clamp((x[index + i] - m) * inverse, 0, 15));
    }

    static void q5x0(float[] x, int index, CodeFit fit, MemorySegment target, long block) {
        fit.symmetric(x, index, SIZE, -16, 15);
        float d = putScale(target, block, fit.scale);
        float inverse = CodeFit.inverse(d);
        fiveBits(target, block + 2, i -> CodeFit.clamp(x[index + i] * inverse, -16, 15) + 16);
    }

    static void q5x1(float[] x, int index, CodeFit fit, MemorySegment target, long block) {
        fit.affine(x, index, SIZE, 31, Float.POSITIVE_INFINITY);
        float d = putScale(target, block, fit.scale);
        float m = putScale(target, block + 2, fit.offset);
        float inverse = CodeFit.inverse(d);
        fiveBits(target, block + 4, i -> CodeFit.clamp((x[index + i] - m) * inverse, 0, 31));
    }

    /** With so many levels, the scale that covers the range is as good as any. */
    static void q8x0(float[] x, int index, CodeFit fit, MemorySegment target, long block) {
        float max = 0;
        for (int i = 0; i < SIZE; i++) {
            max = Math.max(max, Math.abs(x[index + i]));
        }
        float inverse = CodeFit.inverse(putScale(target, block, max / 127));
        for (int i = 0; i < SIZE; i++) {
            int code = CodeFit.clamp(x[index + i] * inverse, -127, 127);
            target.set(ValueLayout.JAVA_BYTE, block + 2 + i, (byte) code);
        }
    }

    /** The power of two, among those next to the one that covers the range, whose squared error is least. */
    static void mxfp4(float[] x, int index, CodeFit fit, MemorySegment target, long block) {
        float max = 0;
        for (int i = 0; i < SIZE; i++) {
            max = Math.max(max, Math.abs(x[index + i]));
        }
        int covering = max == 0 ? 0 : Math.getExponent(max) - 2;
        int best = covering;
        double smallestError = Double.POSITIVE_INFINITY;
        for (int exponent = covering - 1; exponent <= covering + 1; exponent++) {
            float scale = Math.scalb(1f, exponent);
            double error = 0;
            for (int i = 0; i < SIZE; i++) {
                float value = x[index + i];
                double difference = Math.abs(value) - scale * E2M1[nearestE2M1(Math.abs(value) / scale)];
                error += fit.importance(i) * difference * difference;
            }
            if (error < smallestError) {
                smallestError = error;
                best = exponent;
            }
        }
        int stored = Math.clamp(best + 127, 0, 254);
        float inverse = Math.scalb(1f, 127 - stored);
        target.set(ValueLayout.JAVA_BYTE, block, (byte) stored);
        nibbles(target, block + 1, i -> {
            float value = x[index + i];
            return nearestE2M1(Math.abs(value) * inverse) | (value < 0 ? 8 : 0);
        });
    }

    private static int nearestE2M1(float magnitude) {
        int code = 0;
        while (code < 7 && magnitude > (E2M1[code] + E2M1[code + 1]) / 2) {
            code++;
        }
        return code;
    }

    /** Stores a float16; returns what will be read. */
    private static float putScale(MemorySegment target, long offset, float scale) {
        target.set(LittleEndian.SHORT, offset, Float.floatToFloat16(scale));
        return CodeFit.asFloat16(scale);
    }

    private interface Codes {
        int at(int i);
    }

    private static void nibbles(MemorySegment target, long offset, Codes codes) {
        for (int i = 0; i < 16; i++) {
            target.set(ValueLayout.JAVA_BYTE, offset + i, (byte) (codes.at(i) | codes.at(i + 16) << 4));
        }
    }

    private static void fiveBits(MemorySegment target, long offset, Codes codes) {
        int[] all = new int[SIZE];
        int fifths = 0;
        for (int i = 0; i < SIZE; i++) {
            all[i] = codes.at(i);
            fifths |= all[i] >> 4 << i;
        }
        target.set(LittleEndian.INT, offset, fifths);
        nibbles(target, offset + 4, i -> all[i] & 15);
    }
}
