package tokamak.schedule;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import tokamak.api.TokenLogprobs;

/** Who is served in a step and with how many tokens; after the step, what came of it. Kept and reused. */
final class Batch {
    /** No token was chosen: the sequence has more to compute first. */
    static final int NO_TOKEN = -1;

    private final Sequence[] sequences;
    private final int[] numTokensOf;
    private final int[] chosen;
    private final @Nullable TokenLogprobs[] logprobs;
    private final @Nullable Throwable[] failures;
    private int size;
    private int numTokens;

    Batch(int maxNumSeqs) {
        sequences = new Sequence[maxNumSeqs];
        numTokensOf = new int[maxNumSeqs];
        chosen = new int[maxNumSeqs];
        logprobs = new @Nullable TokenLogprobs[maxNumSeqs];
        failures = new @Nullable Throwable[maxNumSeqs];
    }

    void clear() {
        Arrays.fill(logprobs, 0, size, null);
        Arrays.fill(failures, 0, size, null);
        size = 0;
        numTokens = 0;
    }

    void add(Sequence sequence, int count) {
        sequences[size] = sequence;
        numTokensOf[size] = count;
        chosen[size] = NO_TOKEN;
        size++;
        numTokens += count;
    }

    /** Takes a sequence out again, if it is in. */
    void remove(Sequence sequence) {
        for (int i = 0; i < size; i++) {
            if (sequences[i] == sequence) {
                numTokens -= numTokensOf[i];
                int moved = size - i - 1;
                System.arraycopy(sequences, i + 1, sequences, i, moved);
                System.arraycopy(numTokensOf, i + 1, numTokensOf, i, moved);
                size--;
                return;
            }
        }
    }

    int size() {
        return size;
    }

    int numTokens() {
        return numTokens;
    }

    /** Sequences with one token in this step. */
    int numSingles() {
        int count = 0;
        for (int i = 0; i < size; i++) {
            count += numTokensOf[i] == 1 ? 1 : 0;
        }
        return count;
    }

    /** Tokens before each token of the sequences with more than one in this step, on average; 0 if there are none. */
    double meanDepth() {
        long sum = 0;
        long count = 0;
        for (int i = 0; i < size; i++) {
            long n = numTokensOf[i];
            if (n > 1) {
                sum += n * sequences[i].numComputed + n * (n - 1) / 2;
                count += n;
            }
        }
        return count == 0 ? 0 : (double) sum / count;
    }

    Sequence sequence(int index) {
        return sequences[index];
    }

    /** Tokens of the sequence computed in this step. */
    int numTokens(int index) {
        return numTokensOf[index];
    }

    void choose(int index, int tokenId, @Nullable TokenLogprobs itsLogprobs) {
        chosen[index] = tokenId;
        logprobs[index] = itsLogprobs;
    }

    int chosen(int index) {
        return chosen[index];
    }

    @Nullable
    TokenLogprobs logprobs(int index) {
        return logprobs[index];
    }

    void fail(int index, Throwable why) {
        failures[index] = why;
    }

    @Nullable
    Throwable failure(int index) {
        return failures[index];
    }
}
