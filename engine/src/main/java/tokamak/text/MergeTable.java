package tokamak.text;

/** Pairs of token ids that byte-pair encoding may join, with their rank and what they become. */
final class MergeTable {
    /** The rank of pairs that cannot be joined. */
    static final int NONE = Integer.MAX_VALUE;

    private final long[] keys; // left id << 32 | right id, or -1
    private final int[] ranks;
    private final int[] results;
    private int size;

    /** Room for so many merges. */
    MergeTable(int capacity) {
        int slots = Integer.highestOneBit(Math.max(4, capacity) * 3 / 2) << 1;
        keys = new long[slots];
        java.util.Arrays.fill(keys, -1);
        ranks = new int[slots];
        results = new int[slots];
    }

    /** Of equal pairs the last one counts. */
    void put(int left, int right, int rank, int result) {
        int slot = slot(left, right);
        if (keys[slot] == -1) {
            size++;
        }
        keys[slot] = (long) left << 32 | right;
        ranks[slot] = rank;
        results[slot] = result;
    }

    int size() {
        return size;
    }

    /** The slot that holds the pair, or the free one where it would be. */
    int slot(int left, int right) {
        long key = (long) left << 32 | right;
        int mask = keys.length - 1;
        long mixed = key * 0x9E3779B97F4A7C15L;
        int slot = (int) (mixed >>> 40) & mask;
        if (mask > 0xFFFFFF) {
            slot = (int) (mixed >>> 32) & mask;
        }
        while (keys[slot] != key && keys[slot] != -1) {
            slot = (slot + 1) & mask;
        }
        return slot;
    }

    /** The rank of the pair in this slot, or {@link #NONE}. */
    int rank(int slot) {
        return keys[slot] == -1 ? NONE : ranks[slot];
    }

    int result(int slot) {
        return results[slot];
    }
}
