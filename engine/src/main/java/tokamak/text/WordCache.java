package tokamak.text;

import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Remembers the ids of short words. Bounded: a new word takes the place of an old one with the same slot. Threads may
 * share it: entries never change.
 */
final class WordCache {
    private static final int SLOTS = 1 << 14;
    private static final int MAX_CHARS = 24;

    private record Entry(String word, int[] ids) {}

    private final AtomicReferenceArray<@Nullable Entry> entries = new AtomicReferenceArray<>(SLOTS);

    /** Appends the ids of a word, from memory or by the model. */
    void encode(TokenModel model, String text, int from, int to, Scratch scratch) {
        int length = to - from;
        if (length > MAX_CHARS) {
            model.encode(text, from, to, scratch);
            return;
        }
        int hash = length;
        for (int i = from; i < to; i++) {
            hash = hash * 31 + text.charAt(i);
        }
        int slot = (hash * 0x9E3779B9) >>> 18;
        Entry entry = entries.getPlain(slot);
        if (entry != null && entry.word.length() == length && text.startsWith(entry.word, from)) {
            scratch.out.addAll(entry.ids);
            return;
        }
        int before = scratch.out.size();
        model.encode(text, from, to, scratch);
        entries.setRelease(slot, new Entry(text.substring(from, to), scratch.out.from(before)));
    }
}
