package tokamak;

import java.util.List;
import org.jspecify.annotations.Nullable;
import tokamak.api.FinishReason;
import tokamak.api.TokamakException;
import tokamak.api.TokenLogprobs;
import tokamak.schedule.SequenceSink;

/** Carries one sequence's results from the engine thread to its request's channel. */
final class AnswerSink implements SequenceSink {
    private final AnswerChannel channel;
    private final int answer;
    private final SequenceLife life;

    AnswerSink(AnswerChannel channel, int answer, SequenceLife life) {
        this.channel = channel;
        this.answer = answer;
        this.life = life;
    }

    @Override
    public void admitted() {
        life.admitted();
    }

    @Override
    public void preempted(int lostTokens) {
        life.preempted(lostTokens);
    }

    @Override
    public void promptDone(int cachedTokens, List<TokenLogprobs> promptLogprobs) {
        life.promptDone(cachedTokens);
        channel.write(
                answer,
                AnswerChannel.PROMPT_DONE,
                new AnswerChannel.PromptInfo(cachedTokens, promptLogprobs, life.queueTime()));
    }

    @Override
    public void token(int tokenId, @Nullable TokenLogprobs logprobs) {
        life.token();
        channel.write(answer, tokenId, logprobs);
    }

    @Override
    public void finished(FinishReason reason) {
        life.ended(reason);
        channel.write(answer, AnswerChannel.FINISHED, reason);
    }

    @Override
    public void failed(TokamakException why) {
        life.ended(FinishReason.ERROR);
        channel.write(answer, AnswerChannel.FAILED, why);
    }
}
