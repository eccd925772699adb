package tokamak.sample;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tokamak.api.SamplingParams;
import tokamak.grammar.Matcher;

/** What sampling knows of one sequence: its parameters in the sampler's form, and what depends on its answer so far. */
public final class TokenSampling {
    private static final double MAX_INVERSE_TEMPERATURE = 1e15;

    final boolean isGreedy;
    final double inverseTemperature;
    final double topP;
    final int topK;
    final double minP;

    /** Natural logarithm of minP; minus infinity where it is off. */
    final double logMinP;

    final long seed;
    private final LogitsProcessor[] processors;
    private final @Nullable Matcher matcher;

    /**
     * @param stopIds every token id that ends this answer
     * @param seed of this answer
     * @param promptIds [promptLength] and maybe more
     * @param matcher follows this answer's guide; null if it has none
     */
    public TokenSampling(
            SamplingParams params,
            int[] stopIds,
            long seed,
            int[] promptIds,
            int promptLength,
            @Nullable Matcher matcher) {
        this.isGreedy = params.isGreedy();
        // Bounded, or 0 times infinity would be no number.
        this.inverseTemperature = Math.min(1 / params.temperature(), MAX_INVERSE_TEMPERATURE);
        this.topP = params.topP();
        this.topK = params.topK() <= 0 ? Integer.MAX_VALUE : params.topK();
        this.minP = params.minP();
        this.logMinP = StrictMath.log(params.minP());
        this.seed = seed;
        this.matcher = matcher;
        this.processors = processors(params, stopIds, promptIds, promptLength, matcher);
    }

    // The order is vLLM's: what is forbidden first, then biases, then penalties.
    private static LogitsProcessor[] processors(
            SamplingParams params, int[] stopIds, int[] promptIds, int promptLength, @Nullable Matcher matcher) {
        List<LogitsProcessor> list = new ArrayList<>();
        if (matcher != null) {
            list.add(new GuideMask(matcher));
        }
        if (!params.allowedTokenIds().isEmpty()) {
            list.add(new AllowedTokens(params.allowedTokenIds()));
        }
        if (!params.badWordIds().isEmpty()) {
            list.add(new BadWords(params.badWordIds()));
        }
        if (params.minTokens() > 0) {
            list.add(new MinTokens(stopIds, params.minTokens()));
        }
        if (!params.logitBias().isEmpty()) {
            list.add(new LogitBias(params.logitBias()));
        }
        if (params.repetitionPenalty() != 1 || params.frequencyPenalty() != 0 || params.presencePenalty() != 0) {
            list.add(new Penalties(
                    params.repetitionPenalty(),
                    params.frequencyPenalty(),
                    params.presencePenalty(),
                    promptIds,
                    promptLength));
        }
        return list.toArray(LogitsProcessor[]::new);
    }

    /** Whether {@link #process} does anything. */
    boolean processes() {
        return processors.length > 0;
    }

    void process(float[] logits) {
        for (LogitsProcessor processor : processors) {
            processor.apply(logits);
        }
    }

    /** The matcher of which {@link Matcher#prepare} has something to do before the next token is chosen; null if none has. */
    public @Nullable Matcher unprepared() {
        return matcher == null || matcher.isPrepared() ? null : matcher;
    }

    /** The token that comes next whatever the model says; {@link Matcher#NO_TOKEN} if the model is to be asked. */
    public int forcedToken() {
        return matcher == null ? Matcher.NO_TOKEN : matcher.forcedToken();
    }

    /** Whether the answer is all that its guide describes, and nothing can follow. */
    public boolean isFinished() {
        return matcher != null && matcher.isFinished();
    }

    /** {@code tokenId} has been appended to the answer. */
    public void accept(int tokenId) {
        for (LogitsProcessor processor : processors) {
            processor.accept(tokenId);
        }
    }
}
