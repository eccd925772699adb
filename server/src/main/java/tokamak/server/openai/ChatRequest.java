package tokamak.server.openai;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import tokamak.Engine;
import tokamak.RenderedChat;
import tokamak.api.GenerationRequest;
import tokamak.api.Guide;
import tokamak.api.SamplingParams;
import tokamak.chat.AnswerRules;
import tokamak.chat.ChatFormat;
import tokamak.chat.OutputParser;
import tokamak.server.access.Caller;

/**
 * A request for the next message of a chat.
 *
 * @param start what the answer begins with
 * @param rules what is asked of its form
 * @param calls how calls are shown
 * @param guideField the field that asks for most of it, for errors
 * @param reasoningShown whether reasoning is part of the answer
 * @param logprobs whether to show log-probabilities
 * @param topLogprobs how many of the best tokens to show with them
 */
record ChatRequest(
        ServedModels.Choice choice,
        int[] promptIds,
        SamplingParams params,
        AnswerOptions options,
        ChatFormat.Start start,
        AnswerRules rules,
        CallStyle calls,
        String guideField,
        boolean reasoningShown,
        boolean logprobs,
        int topLogprobs) {
    private static final int MAX_TOP_LOGPROBS = 20;

    static ChatRequest read(Fields given, ServedModels models, String requestId) {
        CallStyle calls = OldFunctions.style(given);
        Fields request = OldFunctions.modern(given);
        ServedModels.Choice choice = models.choose(request);
        SamplingFields.refuseUnsupported(request);
        refuseEcho(request);
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
        ToolFields tools = ToolFields.read(request);
        ReasoningFields reasoning = ReasoningFields.read(request);
        Optional<StructuredFields> structured = StructuredFields.read(request);
        AnswerRules rules = new AnswerRules(
                tools.callable(),
                tools.use(),
                tools.parallel(),
                structured.map(StructuredFields::guide),
                structured.map(StructuredFields::everywhere).orElse(false),
                reasoning.budget());
        Engine engine = choice.model().engine();
        int room = engine.contextLength() - maxTokens.orElse(1);
        PromptCut cut = PromptCut.read(request, room);
        RenderedChat chat = ChatPrompt.render(request, engine, tools);
        return new ChatRequest(
                choice,
                cut.apply(engine.tokenize(chat)),
                params,
                options,
                engine.chatFormat().start(chat.text()),
                rules,
                calls,
                structured
                        .map(StructuredFields::field)
                        .orElse(tools.declared().isEmpty() ? "thinking_budget" : "tools"),
                reasoning.shown(),
                logprobs,
                topLogprobs);
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

    private static void refuseEcho(Fields request) {
        if (request.flag("echo", false)) {
            throw ApiException.unsupported("echo", "echo is not supported for chats");
        }
    }

    private ChatFormat format() {
        return choice.model().engine().chatFormat();
    }

    private boolean readsCalls() {
        return rules.use() != AnswerRules.Use.NONE;
    }

    /** What to ask of the engine. */
    GenerationRequest generation(Caller caller) {
        GenerationRequest request =
                options.request(promptIds, params, caller).withShownSpecials(format().markers(readsCalls()));
        Optional<Guide> guide = format().guide(start, rules);
        return guide.isPresent() ? request.withGuide(guide.get()) : request;
    }

    /** A parser for one of the answers. */
    OutputParser parser() {
        ChatFormat.Start first = rules.everywhere() ? ChatFormat.Start.ANSWER : start;
        return format().parser(first, readsCalls() ? rules.tools() : List.of());
    }
}
