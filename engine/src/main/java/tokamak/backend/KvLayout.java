package tokamak.backend;

import java.util.List;

/**
 * What a KV cache has to hold.
 *
 * @param layers one entry per layer that keeps keys and values
 * @param type how numbers are stored
 * @param blockSize tokens per block
 */
public record KvLayout(List<Layer> layers, KvType type, int blockSize) {
    /** Heads and numbers per head of one layer. */
    public record Layer(int numKvHeads, int headDim, int valueDim) {
        long bytesPerToken(KvType type) {
            return numKvHeads * (type.vectorBytes(headDim) + type.vectorBytes(valueDim));
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
        long bytes = 0;
        for (Layer layer : layers) {
            bytes += layer.bytesPerToken(type);
        }
        return Math.multiplyExact(bytes, (long) blockSize);
    }
}
