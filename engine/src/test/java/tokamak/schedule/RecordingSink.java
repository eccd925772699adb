package tokamak.schedule;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tokamak.api.FinishReason;
import tokamak.api.TokamakException;
import tokamak.api.TokenLogprobs;

/** Keeps what a sequence says, and insists on the order in which it may say it. */
final class RecordingSink implements SequenceSink {
    final List<Integer> tokenIds = new ArrayList<>();
    final List<TokenLogprobs> logprobs = new ArrayList<>();
    List<TokenLogprobs> promptLogprobs = List.of();
    int cachedTokens = -1;
    int numAdmitted;
    int numPreempted;

    @Nullable
    FinishReason finished;

    @Nullable
    TokamakException failure;

    boolean isDone() {
        return finished != null || failure != null;
    }

    private void requireOpen() {
        if (isDone()) {
            throw new IllegalStateException("a sequence that is done goes on");
        }
    }

    @Override
    public void admitted() {
        requireOpen();
        numAdmitted++;
    }

    @Override
    public void preempted(int lostTokens) {
        requireOpen();
        numPreempted++;
    }

    @Override
    public void promptDone(int cached, List<TokenLogprobs> itsLogprobs) {
        requireOpen();
        if (cachedTokens >= 0) {
            throw new IllegalStateException("the prompt is done twice");
        }
        cachedTokens = cached;
        promptLogprobs = List.copyOf(itsLogprobs);
    }

    @Override
    public void token(int tokenId, @Nullable TokenLogprobs itsLogprobs) {
        requireOpen();
        if (cachedTokens < 0) {
            throw new IllegalStateException("a token before the prompt is done");
        }
        tokenIds.add(tokenId);
        if (itsLogprobs != null) {
            logprobs.add(itsLogprobs);
        }
    }

    @Override
    public void finished(FinishReason reason) {
        requireOpen();
        finished = reason;
    }

    @Override
    public void failed(TokamakException why) {
        requireOpen();
        failure = why;
    }
}
