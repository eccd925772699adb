package tokamak.server.openai;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import tokamak.api.SamplingParams;

/**
 * A request for completions.
 *
 * @param echo the prompt is part of the answer
 * @param onlyEcho nothing is to be generated: the request is about the prompt's log-probabilities
 * @param logprobs how many of the best tokens to show
 * @param structured what the answers must be
 */
record CompletionRequest(
        ServedModels.Choice choice,
        List<TextPrompts.TextPrompt> prompts,
        SamplingParams params,
        AnswerOptions options,
        boolean echo,
        boolean onlyEcho,
        OptionalInt logprobs,
        Optional<StructuredFields> structured) {
    private static final int DEFAULT_MAX_TOKENS = 16;

    static CompletionRequest read(Fields request, ServedModels models, String requestId) {
        ServedModels.Choice choice = models.choose(request);
        SamplingFields.refuseUnsupported(request);
        if (request.string("suffix").filter(suffix -> !suffix.isEmpty()).isPresent()) {
            throw ApiException.unsupported("suffix", "suffix is not supported: the model writes forward only");
        }
        AnswerOptions options = AnswerOptions.read(request, requestId);
        boolean echo = request.flag("echo", false);
        OptionalInt maxTokens = request.int32("max_tokens");
        boolean onlyEcho = echo && maxTokens.orElse(1) == 0;
        int contextLength = choice.model().engine().contextLength();
        int wanted = onlyEcho ? 1 : maxTokens.orElse(DEFAULT_MAX_TOKENS);
        PromptCut cut = PromptCut.read(request, contextLength - wanted);
        List<TextPrompts.TextPrompt> prompts =
                TextPrompts.read(request, "prompt", choice.model().engine(), cut);
        if (maxTokens.isEmpty()) {
            int longest = prompts.stream()
                    .mapToInt(prompt -> prompt.ids().length)
                    .max()
                    .orElse(0);
            wanted = Math.clamp(contextLength - (long) longest, 1, DEFAULT_MAX_TOKENS);
        }
        OptionalInt logprobs = request.int32("logprobs");
        SamplingParams params = params(request, choice.model(), wanted, logprobs, echo);
        if (options.stream() && params.bestOf() > params.n()) {
            throw ApiException.invalid("best_of", "best_of greater than n can't be streamed");
        }
        return new CompletionRequest(
                choice, prompts, params, options, echo, onlyEcho, logprobs, StructuredFields.read(request));
    }

    private static SamplingParams params(
            Fields request, ServedModel model, int maxTokens, OptionalInt logprobs, boolean echo) {
        SamplingParams.Builder builder =
                SamplingFields.read(request, model.sampling()).maxTokens(maxTokens);
        request.int32("best_of").ifPresent(builder::bestOf);
        logprobs.ifPresent(builder::logprobs);
        if (echo && logprobs.isPresent()) {
            builder.promptLogprobs(Math.max(
                    logprobs.getAsInt(), request.int32("prompt_logprobs").orElse(0)));
        }
        return builder.build();
    }
}
