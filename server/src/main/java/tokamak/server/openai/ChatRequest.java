package tokamak.server.openai;

import java.util.OptionalInt;
import tokamak.api.SamplingParams;

/**
 * A request for the next message of a chat.
 *
 * @param logprobs whether to show log-probabilities
 * @param topLogprobs how many of the best tokens to show with them
 */
record ChatRequest(
        ServedModels.Choice choice,
        int[] promptIds,
        SamplingParams params,
        AnswerOptions options,
        boolean logprobs,
        int topLogprobs) {
    private static final int MAX_TOP_LOGPROBS = 20;

    static ChatRequest read(Fields request, ServedModels models, String requestId) {
        ServedModels.Choice choice = models.choose(request);
        SamplingFields.refuseUnsupported(request);
        refuseTools(request);
        AnswerOptions options = AnswerOptions.read(request, requestId);
        boolean logprobs = request.flag("logprobs", false);
        int topLogprobs = topLogprobs(request, logprobs);
        OptionalInt maxTokens = request.int32("max_completion_tokens");
        if (maxTokens.isEmpty()) {
            maxTokens = request.int32("max_tokens");
        }
        SamplingParams.Builder builder =
                SamplingFields.read(request, choice.model().sampling());
        maxTokens.ifPresent(builder::maxTokens);
        if (logprobs) {
            builder.logprobs(topLogprobs);
        }
        SamplingParams params = builder.build();
        int room = choice.model().engine().contextLength() - maxTokens.orElse(1);
        int[] ids = PromptCut.read(request, room)
                .apply(ChatPrompt.ids(request, choice.model().engine()));
        return new ChatRequest(choice, ids, params, options, logprobs, topLogprobs);
    }

    private static int topLogprobs(Fields request, boolean logprobs) {
        OptionalInt wanted = request.int32("top_logprobs");
        if (wanted.isEmpty()) {
            return 0;
        }
        if (!logprobs) {
            throw ApiException.invalid("top_logprobs", "top_logprobs needs logprobs to be true");
        }
        if (wanted.getAsInt() < 0 || wanted.getAsInt() > MAX_TOP_LOGPROBS) {
            throw ApiException.invalid(
                    "top_logprobs",
                    "top_logprobs must be in [0, " + MAX_TOP_LOGPROBS + "], found " + wanted.getAsInt());
        }
        return wanted.getAsInt();
    }

    private static void refuseTools(Fields request) {
        boolean none = request.get("tool_choice")
                .filter(choice -> choice.isString() && choice.stringValue().equals("none"))
                .isPresent();
        for (String name : new String[] {"tools", "functions"}) {
            if (!none && request.array(name).filter(tools -> !tools.isEmpty()).isPresent()) {
                throw ApiException.unsupported(
                        name, "tool calls are not supported; leave " + name + " out or set tool_choice to 'none'");
            }
        }
        if (request.flag("echo", false)) {
            throw ApiException.unsupported("echo", "echo is not supported for chats");
        }
    }
}
