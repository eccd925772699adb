package tokamak.schedule;

import java.util.List;

/** Finds the beginnings of sequences in the pool, or has them brought back from where they are kept, and enters new blocks. */
final class PrefixCache {
    private final boolean enabled;
    private final int blockSize;
    private final BlockPool pool;
    private final KeptBlocks kept;
    private final BlockHasher hasher;
    private final SchedulerStats stats;

    PrefixCache(boolean enabled, int blockSize, BlockPool pool, KeptBlocks kept, SchedulerStats stats) {
        this.enabled = enabled;
        this.blockSize = blockSize;
        this.pool = pool;
        this.kept = kept;
        this.hasher = new BlockHasher(blockSize);
        this.stats = stats;
    }

    /** Blocks from the start that are in the cache. The last token must be computed in any case: it chooses the next. */
    int countHits(Sequence sequence) {
        if (!isReadBy(sequence)) {
            return 0;
        }
        int limit = limitOfHits(sequence);
        int hits = 0;
        while (hits < limit && pool.find(sequence.hashes(), sequence.hashIndex(hits)) != BlockPool.NONE) {
            hits++;
        }
        return hits;
    }

    private int limitOfHits(Sequence sequence) {
        return Math.min(sequence.numBlockHashes(), (sequence.numTokens() - 1) / blockSize);
    }

    private boolean isReadBy(Sequence sequence) {
        return enabled && !sequence.needsEveryToken();
    }

    /** Whether a running sequence is about to compute the very block this one misses: then it is worth waiting for. */
    boolean isBeingComputed(Sequence sequence, int firstMiss, List<Sequence> running) {
        if (!isReadBy(sequence) || firstMiss >= (sequence.numTokens() - 1) / blockSize) {
            return false;
        }
        for (int i = 0; i < running.size(); i++) {
            Sequence other = running.get(i);
            if (other.numRegistered <= firstMiss && sequence.sharesHash(firstMiss, other)) {
                return true;
            }
        }
        return false;
    }

    /** Gives a sequence that starts the blocks that were found, and has those fetched that are kept elsewhere. */
    void take(Sequence sequence, int numHits) {
        for (int i = 0; i < numHits; i++) {
            int block = pool.find(sequence.hashes(), sequence.hashIndex(i));
            pool.retain(block);
            sequence.addBlock(block);
            kept.offer(sequence, i);
        }
        found(sequence, numHits);
        if (!isReadBy(sequence)) {
            return;
        }
        if (!sequence.admitted) {
            noteFirstLookup(sequence, numHits);
        }
        int numKept = kept.count(sequence, numHits, limitOfHits(sequence));
        if (numKept > 0) {
            kept.fetch(sequence, numKept);
        }
    }

    /** The sequence's first blocks need not be computed. */
    private void found(Sequence sequence, int numBlocks) {
        sequence.numRegistered = numBlocks;
        sequence.numComputed = numBlocks * blockSize;
        sequence.numCharged = Math.max(sequence.numCharged, sequence.numComputed);
    }

    private void noteFirstLookup(Sequence sequence, int numHits) {
        if (kept.exists()) {
            stats.numStoreQueriedTokens += sequence.promptLength - numHits * blockSize;
        }
        int next = numHits + 1;
        boolean endsBlock = sequence.promptLength == next * blockSize && next <= sequence.numBlockHashes();
        if (endsBlock && pool.find(sequence.hashes(), sequence.hashIndex(numHits)) != BlockPool.NONE) {
            // The last token must be computed to choose the next, and with it its block, though that is in the cache.
            stats.numRecomputedTokens += blockSize;
        }
    }

    /** Blocks that were kept elsewhere are in memory, as many as could be had; the rest is computed. */
    void finish(BlockLoad load) {
        kept.finish(load);
        Sequence sequence = load.sequence;
        if (sequence.load == load) {
            sequence.load = null;
            found(sequence, load.first + load.numLoaded());
            stats.numLoadedBlocks += load.numLoaded();
            noteCached(sequence);
        }
    }

    /** Nothing more is on its way: what the sequence has now came from the cache. */
    void noteCached(Sequence sequence) {
        if (sequence.cachedTokens < 0) {
            sequence.cachedTokens = sequence.numComputed;
            stats.numCachedTokens += sequence.numComputed;
        }
    }

    /** Blocks of the sequence that have become full can be found from now on. */
    void registerFullBlocks(Sequence sequence) {
        int numFull = sequence.numComputed / blockSize;
        if (!enabled || numFull == sequence.numRegistered) {
            return;
        }
        sequence.extendHashes(hasher, blockSize, numFull);
        for (int i = sequence.numRegistered; i < numFull; i++) {
            pool.register(sequence.block(i), sequence.hashes(), sequence.hashIndex(i));
            kept.offer(sequence, i);
        }
        sequence.numRegistered = numFull;
    }
}
