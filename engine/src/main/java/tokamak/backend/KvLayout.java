package tokamak.backend;

import java.util.List;
import tokamak.tensor.DType;

/**
 * What a KV cache has to hold.
 *
 * @param layers one entry per layer that keeps keys and values
 * @param dtype how numbers are stored: F32 or F16
 * @param blockSize tokens per block
 */
public record KvLayout(List<Layer> layers, DType dtype, int blockSize) {
    /** Heads and numbers per head of one layer. */
    public record Layer(int numKvHeads, int headDim, int valueDim) {
        long numbersPerToken() {
            return (long) numKvHeads * (headDim + valueDim);
        }
    }

    public KvLayout {
        layers = List.copyOf(layers);
        if (blockSize <= 0) {
            throw new IllegalArgumentException("KV block of " + blockSize + " tokens");
        }
    }

    /** Bytes of one block over all layers. */
    public long blockBytes() {
        long numbers = 0;
        for (Layer layer : layers) {
            numbers += layer.numbersPerToken();
        }
        return Math.multiplyExact(dtype.bytes(numbers), (long) blockSize);
    }
}
