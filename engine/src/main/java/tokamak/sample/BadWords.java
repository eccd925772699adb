package tokamak.sample;

import java.util.List;

/** Forbids the last token of a word whose other tokens are the end of the answer. */
final class BadWords implements LogitsProcessor {
    private final int[][] words;
    /** The answer's last tokens, oldest first: as many as the longest word has before its last. */
    private final int[] tail;

    private int tailLength;

    BadWords(List<List<Integer>> words) {
        this.words = words.stream()
                .map(word -> word.stream().mapToInt(Integer::intValue).toArray())
                .toArray(int[][]::new);
        int longest = words.stream().mapToInt(List::size).max().orElse(1);
        this.tail = new int[longest - 1];
    }

    @Override
    public void apply(float[] logits) {
        for (int[] word : words) {
            if (tailEndsWithStartOf(word)) {
                logits[word[word.length - 1]] = Float.NEGATIVE_INFINITY;
            }
        }
    }

    private boolean tailEndsWithStartOf(int[] word) {
        int length = word.length - 1;
        if (length > tailLength) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (tail[tailLength - length + i] != word[i]) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void accept(int tokenId) {
        if (tail.length == 0) {
            return;
        }
        if (tailLength == tail.length) {
            System.arraycopy(tail, 1, tail, 0, tailLength - 1);
            tailLength--;
        }
        tail[tailLength++] = tokenId;
    }
}
