package tokamak.schedule;

/**
 * Keeps blocks for longer than the memory of the prefix cache does. Called by the engine thread and must not make it wait:
 * whatever takes time is done elsewhere.
 */
public interface BlockStore {
    /** Keeps nothing. */
    BlockStore NONE = new BlockStore() {
        @Override
        public boolean holds(long[] hashes, int index) {
            return false;
        }

        @Override
        public void load(BlockLoad load) {
            throw new IllegalStateException("nothing is kept here");
        }

        @Override
        public void offer(int block, BlockGenerations generations, long[] hashes, int index, int depth) {}
    };

    /** Whether it seems to keep the block with the hash at {@code index}; loading it may still find that it does not. */
    boolean holds(long[] hashes, int index);

    /** Fills the blocks of the load from the first on, as far as it can; then a {@link Command.BlocksLoaded} is sent. */
    void load(BlockLoad load);

    /**
     * A block is complete, or was of use again. It may be kept, or not if there is too much to do.
     *
     * @param generations tell whether the block still holds what is offered
     * @param hashes hold its hash at {@code index}
     * @param depth blocks before it in its chain
     */
    void offer(int block, BlockGenerations generations, long[] hashes, int index, int depth);
}
