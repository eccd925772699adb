package tokamak.schedule;

import java.util.Arrays;

/**
 * The books of the KV cache: which block is used by how many sequences, which free block is given out next, and which
 * block holds the tokens of which hash.
 *
 * <p>A block is in use (reference count above 0) or free. A free block that has a hash is a cached one: it can be found
 * and used again until it is given out for something else. The free list is in eviction order: blocks without a hash go
 * to its head, blocks with one to its tail.
 */
final class BlockPool {
    /** No block. */
    static final int NONE = -1;

    private final int numBlocks;
    private final int[] refCounts; // [numBlocks]
    // The free list is doubly linked and circular; index numBlocks is its sentinel.
    private final int[] next; // [numBlocks + 1]
    private final int[] previous; // [numBlocks + 1]
    private int numFree;

    private final long[] hashes; // [numBlocks, WORDS]
    private final boolean[] hashed; // [numBlocks]
    // Open addressing with linear probing: block ids by hash.
    private final int[] table;
    private int numHashed;
    private final BlockGenerations generations;

    BlockPool(int numBlocks) {
        this.numBlocks = numBlocks;
        refCounts = new int[numBlocks];
        next = new int[numBlocks + 1];
        previous = new int[numBlocks + 1];
        hashes = new long[numBlocks * BlockHasher.WORDS];
        hashed = new boolean[numBlocks];
        table = new int[Math.max(16, Integer.highestOneBit(numBlocks) << 2)];
        generations = new BlockGenerations(numBlocks);
        clear();
    }

    /** Forgets everything: all blocks are free and none is cached. */
    void clear() {
        Arrays.fill(refCounts, 0);
        Arrays.fill(hashed, false);
        Arrays.fill(table, NONE);
        numHashed = 0;
        for (int i = 0; i < numBlocks; i++) {
            generations.advance(i);
        }
        for (int i = 0; i <= numBlocks; i++) {
            next[i] = i == numBlocks ? 0 : i + 1;
            previous[i] = i == 0 ? numBlocks : i - 1;
        }
        numFree = numBlocks;
    }

    BlockGenerations generations() {
        return generations;
    }

    int numBlocks() {
        return numBlocks;
    }

    /** Free blocks, cached ones included. */
    int numFree() {
        return numFree;
    }

    int numUsed() {
        return numBlocks - numFree;
    }

    int numHashed() {
        return numHashed;
    }

    boolean isFree(int block) {
        return refCounts[block] == 0;
    }

    /** Takes the free block that is next in eviction order, with one reference; {@link #NONE} if none is free. */
    int allocate() {
        if (numFree == 0) {
            return NONE;
        }
        int block = next[numBlocks];
        unlink(block);
        if (hashed[block]) {
            forget(block);
        }
        refCounts[block] = 1;
        generations.advance(block);
        return block;
    }

    /** One more sequence uses the block. */
    void retain(int block) {
        if (refCounts[block]++ == 0) {
            unlink(block);
        }
    }

    /** One sequence less uses the block. A sequence gives its blocks back last one first, so that a chain loses its tail first. */
    void release(int block) {
        if (refCounts[block] <= 0) {
            throw new IllegalStateException("block " + block + " is released but not in use");
        }
        if (--refCounts[block] == 0) {
            int before = hashed[block] ? previous[numBlocks] : numBlocks;
            link(block, before);
        }
    }

    /** The block with this hash, in use or cached; {@link #NONE} if there is none. */
    int find(long[] hash, int index) {
        for (int slot = slotOf(hash, index); table[slot] != NONE; slot = after(slot)) {
            if (hasHash(table[slot], hash, index)) {
                return table[slot];
            }
        }
        return NONE;
    }

    /**
     * The block now holds the tokens of this hash. Where another block holds them already, this one stays nameless: block
     * tables are never rewritten.
     */
    void register(int block, long[] hash, int index) {
        if (hashed[block]) {
            throw new IllegalStateException("block " + block + " has a hash already");
        }
        if (find(hash, index) != NONE) {
            return;
        }
        System.arraycopy(hash, index, hashes, block * BlockHasher.WORDS, BlockHasher.WORDS);
        hashed[block] = true;
        numHashed++;
        insert(block);
    }

    private void insert(int block) {
        int slot = slotOf(hashes, block * BlockHasher.WORDS);
        while (table[slot] != NONE) {
            slot = after(slot);
        }
        table[slot] = block;
    }

    private void forget(int block) {
        int slot = slotOf(hashes, block * BlockHasher.WORDS);
        while (table[slot] != block) {
            slot = after(slot);
        }
        table[slot] = NONE;
        hashed[block] = false;
        numHashed--;
        // Whatever was pushed past this slot moves up, or it could not be found any more.
        for (int other = after(slot); table[other] != NONE; other = after(other)) {
            int moved = table[other];
            table[other] = NONE;
            insert(moved);
        }
    }

    private boolean hasHash(int block, long[] hash, int index) {
        return Arrays.equals(
                hashes,
                block * BlockHasher.WORDS,
                (block + 1) * BlockHasher.WORDS,
                hash,
                index,
                index + BlockHasher.WORDS);
    }

    private int slotOf(long[] hash, int index) {
        return (int) hash[index] & table.length - 1;
    }

    private int after(int slot) {
        return slot + 1 & table.length - 1;
    }

    private void unlink(int block) {
        next[previous[block]] = next[block];
        previous[next[block]] = previous[block];
        numFree--;
    }

    private void link(int block, int before) {
        int behind = next[before];
        previous[block] = before;
        next[block] = behind;
        next[before] = block;
        previous[behind] = block;
        numFree++;
    }

    /**
     * Checks that the books balance.
     *
     * @param usedBy [numBlocks] how many sequences say they use each block
     * @throws IllegalStateException naming the first block that is wrong
     */
    void checkIntegrity(int[] usedBy) {
        boolean[] listed = new boolean[numBlocks];
        int count = 0;
        for (int block = next[numBlocks]; block != numBlocks; block = next[block]) {
            require(!listed[block], block, "is in the free list twice");
            require(previous[next[block]] == block, block, "is linked one way only");
            require(refCounts[block] == 0, block, "is in the free list and in use");
            listed[block] = true;
            count++;
        }
        require(count == numFree, NONE, "free list holds " + count + ", counted " + numFree);
        int countHashed = 0;
        for (int block = 0; block < numBlocks; block++) {
            require(
                    refCounts[block] == usedBy[block],
                    block,
                    "has " + refCounts[block] + " references but " + usedBy[block] + " users");
            require(listed[block] == (refCounts[block] == 0), block, "is free but not in the free list");
            if (hashed[block]) {
                countHashed++;
                require(find(hashes, block * BlockHasher.WORDS) == block, block, "is not found by its hash");
            }
        }
        int inTable = 0;
        for (int block : table) {
            if (block != NONE) {
                require(hashed[block], block, "is in the hash table without a hash");
                inTable++;
            }
        }
        require(
                inTable == countHashed && countHashed == numHashed,
                NONE,
                "hash table holds " + inTable + ", blocks with a hash " + countHashed + ", counted " + numHashed);
    }

    private static void require(boolean holds, int block, String what) {
        if (!holds) {
            throw new IllegalStateException("block " + block + ": " + what);
        }
    }
}
