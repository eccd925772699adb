package tokamak;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tokamak.api.FinishReason;
import tokamak.api.TokamakException;
import tokamak.api.TokenLogprobs;
import tokamak.schedule.SequenceSink;

/** Carries one sequence's results from the engine thread to its request's channel, and keeps the queue's count. */
final class AnswerSink implements SequenceSink {
    private final AnswerChannel channel;
    private final int answer;
    private final QueueLimits queue;
    private final StatsBoard board;
    private final int promptTokens;
    private final long submittedNanos;
    private boolean queued = true;
    private long queuedNanos;

    AnswerSink(AnswerChannel channel, int answer, QueueLimits queue, StatsBoard board, int promptTokens) {
        this.channel = channel;
        this.answer = answer;
        this.queue = queue;
        this.board = board;
        this.promptTokens = promptTokens;
        this.submittedNanos = board.nanoTime();
    }

    @Override
    public void admitted() {
        leaveQueue();
    }

    @Override
    public void promptDone(int cachedTokens, List<TokenLogprobs> promptLogprobs) {
        channel.write(
                answer,
                AnswerChannel.PROMPT_DONE,
                new AnswerChannel.PromptInfo(cachedTokens, promptLogprobs, Duration.ofNanos(queuedNanos)));
    }

    @Override
    public void token(int tokenId, @Nullable TokenLogprobs logprobs) {
        channel.write(answer, tokenId, logprobs);
    }

    @Override
    public void finished(FinishReason reason) {
        end(AnswerChannel.FINISHED, reason);
    }

    @Override
    public void failed(TokamakException why) {
        end(AnswerChannel.FAILED, why);
    }

    private void end(int code, Object extra) {
        leaveQueue();
        board.numOpenAnswers.decrementAndGet();
        channel.write(answer, code, extra);
    }

    private void leaveQueue() {
        if (queued) {
            queued = false;
            queuedNanos = board.nanoTime() - submittedNanos;
            queue.leave(promptTokens);
        }
    }
}
