package tokamak.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
import java.util.function.IntUnaryOperator;
import tokamak.backend.KvType;

/**
 * One token's key or value of one head in a KV block: what {@link KvType} says about numbers, in plain Java.
 *
 * @param part what the block has of this head: a float, or two halves, per token for types with scales (with INT4 all scales
 *     and then all minima), then the numbers
 * @param order which of those numbers each one is; of half bytes the lower comes first
 */
record StoredVector(MemorySegment part, KvType type, int blockSize, int tokenInBlock, int dim, IntUnaryOperator order) {
    private static final float LARGEST_INT8 = 127;
    private static final float LARGEST_INT4 = 15;

    /** Byte at which the numbers begin. */
    private long numbers() {
        return switch (type) {
            case F32, F16 -> 0;
            case INT8, INT4 -> (long) blockSize * Float.BYTES;
        };
    }

    private long minimum() {
        return (long) (blockSize + tokenInBlock) * Short.BYTES;
    }

    /** Copies the vector to the first numbers of {@code target}. */
    void load(float[] target) {
        for (int i = 0; i < dim; i++) {
            int at = order.applyAsInt(i);
            target[i] = switch (type) {
                case F32 -> part.get(JAVA_FLOAT, numbers() + (long) at * Float.BYTES);
                case F16 -> half(numbers() + (long) at * Short.BYTES);
                case INT8 -> part.getAtIndex(JAVA_FLOAT, tokenInBlock) * part.get(JAVA_BYTE, numbers() + at);
                case INT4 -> {
                    int code = part.get(JAVA_BYTE, numbers() + at / 2) >> at % 2 * 4 & 15;
                    yield half(minimum()) + half((long) tokenInBlock * Short.BYTES) * code;
                }
            };
        }
    }

    private float half(long at) {
        return Float.float16ToFloat(part.get(JAVA_SHORT, at));
    }

    /** Takes the vector from the first numbers of {@code source}. */
    void store(float[] source) {
        switch (type) {
            case F32 -> {
                for (int i = 0; i < dim; i++) {
                    part.set(JAVA_FLOAT, (long) order.applyAsInt(i) * Float.BYTES, source[i]);
                }
            }
            case F16 -> {
                for (int i = 0; i < dim; i++) {
                    part.set(JAVA_SHORT, (long) order.applyAsInt(i) * Short.BYTES, Float.floatToFloat16(source[i]));
                }
            }
            case INT8 -> storeInt8(source);
            case INT4 -> storeInt4(source);
        }
    }

    private void storeInt8(float[] source) {
        float largest = 0;
        for (int i = 0; i < dim; i++) {
            largest = Math.max(largest, Math.abs(source[i]));
        }
        // of numbers that aren't finite no scale is, so that they reach the result
        part.setAtIndex(JAVA_FLOAT, tokenInBlock, largest / LARGEST_INT8 + (largest - largest));
        float inverse = Math.min(LARGEST_INT8 / largest, Float.MAX_VALUE);
        for (int i = 0; i < dim; i++) {
            part.set(JAVA_BYTE, numbers() + order.applyAsInt(i), (byte) Math.rint(source[i] * inverse));
        }
    }

    private void storeInt4(float[] source) {
        float least = Float.POSITIVE_INFINITY;
        float most = Float.NEGATIVE_INFINITY;
        float nothing = 0;
        for (int i = 0; i < dim; i++) {
            least = Math.min(least, source[i]);
            most = Math.max(most, source[i]);
            nothing += source[i] - source[i];
        }
        short scaleBits = Float.floatToFloat16((most - least) / LARGEST_INT4 + nothing);
        short minimumBits = Float.floatToFloat16(least);
        part.set(JAVA_SHORT, (long) tokenInBlock * Short.BYTES, scaleBits);
        part.set(JAVA_SHORT, minimum(), minimumBits);
        // codes are for the scale and minimum that are read back
        float minimum = Float.float16ToFloat(minimumBits);
        float inverse = Math.min(1 / Float.float16ToFloat(scaleBits), Float.MAX_VALUE);
        for (int i = 0; i < dim; i++) {
            float level = (source[i] - minimum) * inverse;
            storeHalfByte(order.applyAsInt(i), (int) Math.rint(Math.min(Math.max(level, 0), LARGEST_INT4)));
        }
    }

    private void storeHalfByte(int at, int code) {
        long place = numbers() + at / 2;
        int shift = at % 2 * 4;
        part.set(JAVA_BYTE, place, (byte) (part.get(JAVA_BYTE, place) & ~(15 << shift) | code << shift));
    }
}
