package tokamak.backend.cpu.x64;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tokamak.tensor.Matrix;

/**
 * Which input each column of a matrix is multiplied with, where its columns were sorted by the groups they belong to, and what
 * that input is multiplied by first, where a checkpoint has such factors.
 */
final class InputOrder {
    private final int[] inputs;
    private final float @Nullable [] factors;

    private InputOrder(int[] inputs, float @Nullable [] factors) {
        this.inputs = inputs;
        this.factors = factors;
    }

    /** Null where column k takes input k as it is. */
    static @Nullable InputOrder of(Matrix matrix) {
        int[] inputs = matrix.inputOrder();
        float[] factors = matrix.inputFactors();
        if (inputs == null && factors == null) {
            return null;
        }
        return new InputOrder(
                inputs != null
                        ? inputs
                        : IntStream.range(0, Math.toIntExact(matrix.columns())).toArray(),
                factors);
    }

    /** Copies the floats at {@code from} in the columns' order. */
    void gather(MemorySegment x, long from, MemorySegment target, long to) {
        for (int k = 0; k < inputs.length; k++) {
            float number = x.get(JAVA_FLOAT_UNALIGNED, from + (long) inputs[k] * Float.BYTES);
            float scaled = factors == null ? number : number * factors[k];
            target.set(JAVA_FLOAT_UNALIGNED, to + (long) k * Float.BYTES, scaled);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof InputOrder order
                && Arrays.equals(inputs, order.inputs)
                && Arrays.equals(factors, order.factors);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(inputs) + Arrays.hashCode(factors);
    }
}
