package tokamak;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import tokamak.api.TokenLogprobs;

/**
 * What the engine thread says about the answers of one request, in order: one writer, one reader, no lock. The writer never
 * waits: it grows its arrays, at most to the tokens that the request may generate.
 */
final class AnswerChannel {
    // Tokens are their ids.
    static final int PROMPT_DONE = -1;
    static final int FINISHED = -2;
    static final int FAILED = -3;

    record PromptInfo(int cachedTokens, List<TokenLogprobs> promptLogprobs, Duration queueTime) {}

    // Written by the engine thread before numWritten is, which makes them visible to the reader.
    private int[] codes;
    private int[] answers;
    private @Nullable Object @Nullable [] extras;
    private volatile int numWritten;

    private int numRead;
    private volatile @Nullable Thread reader;

    AnswerChannel(int capacity) {
        codes = new int[capacity];
        answers = new int[capacity];
    }

    /** @param extra what belongs to the code: logprobs, {@link PromptInfo}, a finish reason, an exception */
    void write(int answer, int code, @Nullable Object extra) {
        int index = numWritten;
        if (index == codes.length) {
            codes = Arrays.copyOf(codes, 2 * index);
            answers = Arrays.copyOf(answers, 2 * index);
        }
        codes[index] = code;
        answers[index] = answer;
        if (extra != null) {
            if (extras == null || extras.length <= index) {
                extras = extras == null ? new @Nullable Object[codes.length] : Arrays.copyOf(extras, codes.length);
            }
            extras[index] = extra;
        }
        numWritten = index + 1;
        Thread waiting = reader;
        if (waiting != null) {
            LockSupport.unpark(waiting);
        }
    }

    /**
     * Goes to the next entry, waiting for it if need be.
     *
     * @throws CancellationException if the thread is interrupted meanwhile
     */
    void next() {
        if (numWritten == numRead) {
            reader = Thread.currentThread();
            while (numWritten == numRead) {
                if (Thread.currentThread().isInterrupted()) {
                    reader = null;
                    throw new CancellationException("interrupted while waiting for a token");
                }
                LockSupport.park(this);
            }
            reader = null;
        }
        numRead++;
    }

    int answer() {
        return answers[numRead - 1];
    }

    int code() {
        return codes[numRead - 1];
    }

    @Nullable
    Object extra() {
        return extras == null || numRead > extras.length ? null : extras[numRead - 1];
    }
}
