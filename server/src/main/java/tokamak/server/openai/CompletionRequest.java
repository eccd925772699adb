package tokamak.server.openai;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import tokamak.Engine;
import tokamak.api.Prompt;
import tokamak.api.SamplingParams;
import tools.jackson.databind.JsonNode;

/**
 * A request for completions.
 *
 * @param echo the prompt is part of the answer
 * @param onlyEcho nothing is to be generated: the request is about the prompt's log-probabilities
 * @param logprobs how many of the best tokens to show
 */
record CompletionRequest(
        ServedModels.Choice choice,
        List<TextPrompt> prompts,
        SamplingParams params,
        AnswerOptions options,
        boolean echo,
        boolean onlyEcho,
        OptionalInt logprobs) {
    private static final int MAX_PROMPTS = 2048;
    private static final int DEFAULT_MAX_TOKENS = 16;

    /** @param text as the client gave it, or what the ids say */
    record TextPrompt(int[] ids, String text) {}

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
        List<TextPrompt> prompts = prompts(request, choice.model().engine(), contextLength - wanted);
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
        return new CompletionRequest(choice, prompts, params, options, echo, onlyEcho, logprobs);
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

    // ---- prompts: a string, strings, token ids, or lists of token ids

    private static List<TextPrompt> prompts(Fields request, Engine engine, int room) {
        JsonNode prompt = request.required("prompt", "a string, strings, token ids or lists of token ids");
        boolean addSpecials = request.flag("add_special_tokens", true);
        PromptCut cut = PromptCut.read(request, room);
        if (prompt.isString()) {
            return List.of(text(prompt, engine, addSpecials, cut));
        }
        if (!prompt.isArray()) {
            throw request.wrong("prompt", "a string or an array", prompt);
        }
        List<JsonNode> items = List.copyOf(prompt.values());
        if (items.isEmpty()) {
            throw ApiException.invalid("prompt", "prompt must not be empty");
        }
        if (items.getFirst().isNumber()) {
            return List.of(ids(request, items, engine, cut));
        }
        if (items.size() > MAX_PROMPTS) {
            throw ApiException.invalid(
                    "prompt", "prompt has " + items.size() + " items; a request may have " + MAX_PROMPTS);
        }
        List<TextPrompt> prompts = new ArrayList<>();
        for (JsonNode item : items) {
            if (item.isString()) {
                prompts.add(text(item, engine, addSpecials, cut));
            } else if (item.isArray()) {
                prompts.add(ids(request, List.copyOf(item.values()), engine, cut));
            } else {
                throw request.wrong("prompt", "an array of strings or of arrays of token ids", item);
            }
        }
        return prompts;
    }

    private static TextPrompt text(JsonNode node, Engine engine, boolean addSpecials, PromptCut cut) {
        String text = node.stringValue();
        int[] ids = addSpecials
                ? engine.tokenize(new Prompt.Text(text))
                : engine.codec().encode(text);
        return new TextPrompt(cut.apply(ids), text);
    }

    private static TextPrompt ids(Fields request, List<JsonNode> nodes, Engine engine, PromptCut cut) {
        int[] ids =
                nodes.stream().mapToInt(node -> request.int32("prompt", node)).toArray();
        // Checks that there are such tokens.
        int[] checked = cut.apply(engine.tokenize(new Prompt.Tokens(ids)));
        return new TextPrompt(checked, engine.codec().decodeSkippingSpecial(checked));
    }
}
