package tokamak.schedule;

import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * How often each KV block has been given out. Written by the engine thread before a block is written anew, so that another
 * thread that reads the number, then the block, then the number again knows whether it saw one and the same content.
 */
public final class BlockGenerations {
    private final AtomicIntegerArray generations;

    BlockGenerations(int numBlocks) {
        generations = new AtomicIntegerArray(numBlocks);
    }

    public int of(int block) {
        return generations.get(block);
    }

    void advance(int block) {
        generations.incrementAndGet(block);
    }
}
