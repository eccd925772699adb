package tokamak.text;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The pieces of a vocabulary, spelled in UTF-8: one blob of bytes and an open-addressed table, so that 150,000 tokens
 * cost a few megabytes and a look-up makes no garbage. Several spellings may share an id; of equal spellings the last
 * one counts.
 */
final class Pieces {
    private static final byte[] NOTHING = {};

    private final byte[] blob;
    private final int[] offsets; // [numEntries + 1], entry -> start in blob
    private final int[] ids; // [numEntries]
    private final int[] entryOf; // [size], id -> entry or -1
    private final int[] slots; // power of two, entry + 1 or 0
    private final int longest;

    private Pieces(byte[] blob, int[] offsets, int[] ids, int size) {
        this.blob = blob;
        this.offsets = offsets;
        this.ids = ids;
        entryOf = new int[size];
        Arrays.fill(entryOf, -1);
        slots = new int[Integer.highestOneBit(Math.max(4, ids.length) * 2 - 1) << 1];
        int max = 0;
        for (int entry = 0; entry < ids.length; entry++) {
            entryOf[ids[entry]] = entry;
            insert(entry);
            max = Math.max(max, offsets[entry + 1] - offsets[entry]);
        }
        longest = max;
    }

    /** Pieces and their ids, side by side; ids are checked by the caller to be in [0, size). */
    static Pieces of(String[] pieces, int[] ids, int size) {
        int[] offsets = new int[pieces.length + 1];
        byte[] blob = new byte[Math.max(16, pieces.length * 8)];
        int used = 0;
        for (int i = 0; i < pieces.length; i++) {
            byte[] bytes = pieces[i].getBytes(StandardCharsets.UTF_8);
            if (used + bytes.length > blob.length) {
                blob = Arrays.copyOf(blob, Math.max(used + bytes.length, blob.length * 2));
            }
            System.arraycopy(bytes, 0, blob, used, bytes.length);
            used += bytes.length;
            offsets[i + 1] = used;
        }
        return new Pieces(Arrays.copyOf(blob, used), offsets, ids, size);
    }

    private void insert(int entry) {
        int mask = slots.length - 1;
        int slot = hash(blob, offsets[entry], offsets[entry + 1]) & mask;
        while (slots[slot] != 0) {
            int other = slots[slot] - 1;
            if (Arrays.equals(blob, offsets[other], offsets[other + 1], blob, offsets[entry], offsets[entry + 1])) {
                break;
            }
            slot = (slot + 1) & mask;
        }
        slots[slot] = entry + 1;
    }

    private static int hash(byte[] bytes, int from, int to) {
        int h = to - from;
        for (int i = from; i < to; i++) {
            h = h * 31 + bytes[i];
        }
        h *= 0x9E3779B9;
        return h ^ (h >>> 15);
    }

    /** One more than the largest id. */
    int size() {
        return entryOf.length;
    }

    /** Bytes of the longest piece. */
    int longest() {
        return longest;
    }

    /** The id of the piece spelled by these UTF-8 bytes, or -1. */
    int find(byte[] bytes, int from, int to) {
        if (to - from > longest) {
            return -1;
        }
        int mask = slots.length - 1;
        int slot = hash(bytes, from, to) & mask;
        while (slots[slot] != 0) {
            int entry = slots[slot] - 1;
            if (Arrays.equals(blob, offsets[entry], offsets[entry + 1], bytes, from, to)) {
                return ids[entry];
            }
            slot = (slot + 1) & mask;
        }
        return -1;
    }

    int find(String piece) {
        byte[] bytes = piece.getBytes(StandardCharsets.UTF_8);
        return find(bytes, 0, bytes.length);
    }

    boolean has(int id) {
        return id >= 0 && id < entryOf.length && entryOf[id] >= 0;
    }

    byte[] bytes(int id) {
        return has(id) ? Arrays.copyOfRange(blob, offsets[entryOf[id]], offsets[entryOf[id] + 1]) : NOTHING;
    }

    String text(int id) {
        if (!has(id)) {
            return "";
        }
        int from = offsets[entryOf[id]];
        return new String(blob, from, offsets[entryOf[id] + 1] - from, StandardCharsets.UTF_8);
    }
}
