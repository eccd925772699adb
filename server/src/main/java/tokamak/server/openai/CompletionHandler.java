package tokamak.server.openai;

import java.time.Instant;
import java.util.List;
import tokamak.api.Completion;
import tokamak.api.FinishReason;
import tokamak.api.Generation;
import tokamak.api.GenerationRequest;
import tokamak.api.TokenLogprobs;
import tokamak.server.http.Exchange;
import tokamak.server.http.Response;
import tokamak.server.metrics.ServerMetrics;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code POST /v1/completions}: texts that go on where prompts end. */
final class CompletionHandler implements Generating.Handler {
    private final ServerMetrics metrics;

    CompletionHandler(ServerMetrics metrics) {
        this.metrics = metrics;
    }

    @Override
    public void handle(Exchange exchange, Guest guest) {
        String id = exchange.request().id();
        CompletionRequest request =
                CompletionRequest.read(Json.object(exchange.request().body()), guest.models(), id);
        AnswerHead head = new AnswerHead(
                "cmpl-" + id, Instant.now().getEpochSecond(), request.choice().name());
        List<GenerationRequest> requests = request.prompts().stream()
                .map(prompt ->
                        guided(request, request.options().request(prompt.ids(), request.params(), guest.caller())))
                .toList();
        try (Submission submission = GuideErrors.named(
                request.structured().map(StructuredFields::field).orElse("prompt"),
                () -> OpenAiErrors.withPromptIn(
                        "prompt",
                        () -> Submission.of(request.choice(), requests, request.params(), metrics, exchange, guest)))) {
            if (request.options().stream()) {
                new CompletionStream(request, head, new AnswerEvents(exchange, submission)).run();
            } else {
                exchange.respond(whole(request, head, submission));
            }
        }
    }

    private static GenerationRequest guided(CompletionRequest request, GenerationRequest generation) {
        return request.structured()
                .map(StructuredFields::guide)
                .map(generation::withGuide)
                .orElse(generation);
    }

    private static Response whole(CompletionRequest request, AnswerHead head, Submission submission) {
        ObjectNode answer = head.object("text_completion");
        ArrayNode choices = answer.putArray("choices");
        UsageSum usage = new UsageSum();
        for (int i = 0; i < submission.parts().size(); i++) {
            Generation generation = Submission.collect(submission.parts().get(i));
            usage.addPrompt(generation.usage().promptTokens());
            usage.addCached(generation.usage().cachedTokens());
            usage.addCompletion(request.onlyEcho() ? 0 : generation.usage().completionTokens());
            for (Completion completion : generation.completions()) {
                ObjectNode choice = choices.addObject();
                choice.put("index", choices.size() - 1);
                new ChoiceWriter(request, request.prompts().get(i)).write(choice, generation, completion);
            }
        }
        usage.put(answer);
        return Timings.addTo(
                Response.json(200, Json.bytes(answer)), submission.parts().getFirst());
    }

    /** Fills a choice of a whole answer. */
    private record ChoiceWriter(CompletionRequest request, TextPrompts.TextPrompt prompt) {
        void write(ObjectNode choice, Generation generation, Completion completion) {
            String own = request.onlyEcho() ? "" : completion.text();
            choice.put("text", Json.clean(request.echo() ? prompt.text() + own : own));
            putLogprobs(choice, generation, completion);
            if (request.onlyEcho()) {
                choice.put("finish_reason", FinishReason.LENGTH.wireName()).putNull("stop_reason");
            } else {
                ChoiceEnd.put(choice, completion.finishReason(), completion.stopString(), completion.stopTokenId());
            }
            if (request.params().promptLogprobs().isPresent()) {
                texts().putPrompt(choice, generation.promptLogprobs());
            }
            if (request.options().returnTokenIds()) {
                ArrayNode ids = choice.putArray("token_ids");
                completion.tokenIds().forEach(ids::add);
                ArrayNode promptIds = choice.putArray("prompt_token_ids");
                generation.promptTokenIds().forEach(promptIds::add);
            }
        }

        private TokenTexts texts() {
            return new TokenTexts(
                    request.choice().model().engine().codec(), request.options().tokensAsIds());
        }

        private void putLogprobs(ObjectNode choice, Generation generation, Completion completion) {
            if (request.logprobs().isEmpty()) {
                choice.putNull("logprobs");
                return;
            }
            CompletionLogprobs writer =
                    new CompletionLogprobs(texts(), request.logprobs().getAsInt());
            ObjectNode logprobs = CompletionLogprobs.start(choice);
            if (request.echo()) {
                writer.addFirst(logprobs, generation.promptTokenIds().getFirst());
                generation.promptLogprobs().forEach(token -> writer.add(logprobs, token));
            }
            List<TokenLogprobs> own = request.onlyEcho() ? List.of() : completion.logprobs();
            own.forEach(token -> writer.add(logprobs, token));
        }
    }
}
