package tokamak.schedule;

import java.util.Arrays;

/**
 * Blocks on their way from a {@link BlockStore} into memory. While they are, they belong to the load, whatever becomes of
 * the sequence that wants them.
 */
public final class BlockLoad {
    final Sequence sequence;
    /** Blocks of the sequence before the first of these. */
    final int first;

    private final int[] blocks;
    private final long[] hashes; // [blocks.length, WORDS]
    private volatile boolean abandoned;
    private int numLoaded;

    BlockLoad(Sequence sequence, int first, int[] blocks) {
        this.sequence = sequence;
        this.first = first;
        this.blocks = blocks;
        this.hashes = Arrays.copyOfRange(
                sequence.hashes(), sequence.hashIndex(first), sequence.hashIndex(first + blocks.length));
    }

    public int numBlocks() {
        return blocks.length;
    }

    public int block(int i) {
        return blocks[i];
    }

    /** Where the hash of block {@code i} begins in {@link #hashes}. */
    public int hashIndex(int i) {
        return i * BlockHasher.WORDS;
    }

    public long[] hashes() {
        return hashes;
    }

    /** Blocks before block {@code i} in its chain. */
    public int depth(int i) {
        return first + i;
    }

    /** Whether nobody waits for it any more. */
    public boolean isAbandoned() {
        return abandoned;
    }

    void abandon() {
        abandoned = true;
    }

    /** Called by the store before the load goes back to the engine thread: so many blocks, from the first on, are filled. */
    public void loaded(int count) {
        numLoaded = count;
    }

    int numLoaded() {
        return numLoaded;
    }
}
