package tokamak.schedule;

import java.util.ArrayList;
import java.util.List;

/** The scheduler's side of a {@link BlockStore}: which blocks are on their way into memory, and for whom. */
final class KeptBlocks {
    private final BlockStore store;
    private final BlockPool pool;
    private final List<BlockLoad> loads = new ArrayList<>(0);

    KeptBlocks(BlockStore store, BlockPool pool) {
        this.store = store;
        this.pool = pool;
    }

    /** Whether there is a store at all. */
    boolean exists() {
        return store != BlockStore.NONE;
    }

    /** How many blocks of the sequence from block {@code first} on, below {@code limit}, seem to be kept. */
    int count(Sequence sequence, int first, int limit) {
        int count = 0;
        while (first + count < limit && store.holds(sequence.hashes(), sequence.hashIndex(first + count))) {
            count++;
        }
        return count;
    }

    /** Gives the sequence {@code count} more blocks, which must be free, and has them filled. */
    void fetch(Sequence sequence, int count) {
        int first = sequence.numBlocks();
        int[] blocks = new int[count];
        for (int i = 0; i < count; i++) {
            blocks[i] = pool.allocate();
            pool.retain(blocks[i]); // once for the sequence, once for the load
            sequence.addBlock(blocks[i]);
        }
        BlockLoad load = new BlockLoad(sequence, first, blocks);
        sequence.load = load;
        loads.add(load);
        store.load(load);
    }

    /** The store has done what it could: what was loaded can be found from now on. */
    void finish(BlockLoad load) {
        if (!loads.remove(load)) {
            throw new IllegalStateException("a load has come back twice");
        }
        for (int i = 0; i < load.numLoaded(); i++) {
            pool.register(load.block(i), load.hashes(), load.hashIndex(i));
        }
        for (int i = load.numBlocks() - 1; i >= 0; i--) {
            pool.release(load.block(i));
        }
    }

    void offer(Sequence sequence, int index) {
        store.offer(sequence.block(index), pool.generations(), sequence.hashes(), sequence.hashIndex(index), index);
    }

    /** The pool has forgotten everything: blocks that are still being filled must not be given out. */
    void claimAgain() {
        for (BlockLoad load : loads) {
            for (int i = 0; i < load.numBlocks(); i++) {
                pool.retain(load.block(i));
            }
        }
    }

    boolean isEmpty() {
        return loads.isEmpty();
    }

    void addUses(int[] usedBy) {
        for (BlockLoad load : loads) {
            for (int i = 0; i < load.numBlocks(); i++) {
                usedBy[load.block(i)]++;
            }
        }
    }
}
