package tokamak.sample;

import java.util.Arrays;

/**
 * Makes tokens that were there before less likely. Repetition looks at prompt and answer, divides positive logits and
 * multiplies negative ones (Keskar et al., CTRL); frequency and presence look at the answer only and subtract
 * {@code count * frequency + presence} (OpenAI's definition). Repetition comes first, as in vLLM.
 */
final class Penalties implements LogitsProcessor {
    private static final int FREE = -1;

    private final float repetition;
    private final float frequency;
    private final float presence;
    // Open addressing: token id -> how often it is in the answer (0: in the prompt only).
    private int[] ids;
    private int[] counts;
    private int size;

    Penalties(double repetition, double frequency, double presence, int[] tokenIds, int promptLength) {
        this.repetition = (float) repetition;
        this.frequency = (float) frequency;
        this.presence = (float) presence;
        ids = new int[64];
        counts = new int[64];
        Arrays.fill(ids, FREE);
        if (repetition != 1) {
            for (int i = 0; i < promptLength; i++) {
                add(tokenIds[i], 0);
            }
        }
    }

    @Override
    public void apply(float[] logits) {
        for (int slot = 0; slot < ids.length; slot++) {
            int id = ids[slot];
            if (id == FREE) {
                continue;
            }
            float logit = logits[id];
            logit = logit > 0 ? logit / repetition : logit * repetition;
            if (counts[slot] > 0) {
                logit -= counts[slot] * frequency;
                logit -= presence;
            }
            logits[id] = logit;
        }
    }

    @Override
    public void accept(int tokenId) {
        add(tokenId, 1);
    }

    private void add(int id, int count) {
        int slot = slotOf(ids, id);
        if (ids[slot] == FREE) {
            if (2 * (size + 1) > ids.length) {
                grow();
                slot = slotOf(ids, id);
            }
            ids[slot] = id;
            size++;
        }
        counts[slot] += count;
    }

    private static int slotOf(int[] table, int id) {
        int mask = table.length - 1;
        int slot = (id * 0x9E3779B9) >>> 7 & mask;
        while (table[slot] != FREE && table[slot] != id) {
            slot = slot + 1 & mask;
        }
        return slot;
    }

    private void grow() {
        int[] newIds = new int[ids.length * 2];
        int[] newCounts = new int[newIds.length];
        Arrays.fill(newIds, FREE);
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] != FREE) {
                int slot = slotOf(newIds, ids[i]);
                newIds[slot] = ids[i];
                newCounts[slot] = counts[i];
            }
        }
        ids = newIds;
        counts = newCounts;
    }
}
