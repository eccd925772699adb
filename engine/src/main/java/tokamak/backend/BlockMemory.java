package tokamak.backend;

import java.lang.foreign.MemorySegment;

/**
 * The KV blocks of a model as bytes, to be kept elsewhere and brought back. Any thread may copy a block while no step reads
 * (for {@link #copyIn}) or writes it.
 */
public interface BlockMemory {
    int numBlocks();

    /** Bytes of one block over all layers. */
    long blockBytes();

    /** Copies a whole block, keys and values of all layers, to the {@link #blockBytes} bytes of {@code target}. */
    void copyOut(int block, MemorySegment target);

    /** Copies what {@link #copyOut} gave back into any block. */
    void copyIn(int block, MemorySegment source);
}
