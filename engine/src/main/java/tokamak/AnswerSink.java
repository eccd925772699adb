package tokamak;

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
    private boolean queued = true;

    AnswerSink(AnswerChannel channel, int answer, QueueLimits queue, StatsBoard board, int promptTokens) {
        this.channel = channel;
        this.answer = answer;
        this.queue = queue;
        this.board = board;
        this.promptTokens = promptTokens;
    }

    @Override
    public void admitted() {
        leaveQueue();
    }

    @Override
    public void promptDone(int cachedTokens, List<TokenLogprobs> promptLogprobs) {
        channel.write(answer, AnswerChannel.PROMPT_DONE, new AnswerChannel.PromptInfo(cachedTokens, promptLogprobs));
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
            queue.leave(promptTokens);
        }
    }
}
