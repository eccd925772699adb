package tokamak.backend.cpu.x64;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** Which input each column of a matrix is multiplied with, where its columns were sorted by the groups they belong to. */
final class InputOrder {
    private final int[] inputs;

    InputOrder(int[] inputs) {
        this.inputs = inputs;
    }

    /** Copies the floats at {@code from} in the columns' order. */
    void gather(MemorySegment x, long from, MemorySegment target, long to) {
        for (int k = 0; k < inputs.length; k++) {
            float number = x.get(JAVA_FLOAT_UNALIGNED, from + (long) inputs[k] * Float.BYTES);
            target.set(JAVA_FLOAT_UNALIGNED, to + (long) k * Float.BYTES, number);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof InputOrder order && Arrays.equals(inputs, order.inputs);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(inputs);
    }
}
