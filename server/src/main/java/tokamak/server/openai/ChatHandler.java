package tokamak.server.openai;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import tokamak.api.Completion;
import tokamak.api.Generation;
import tokamak.server.http.Exchange;
import tokamak.server.http.Response;
import tokamak.server.metrics.ServerMetrics;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code POST /v1/chat/completions}: the next message of a chat. */
final class ChatHandler implements Generating.Handler {
    private final ServerMetrics metrics;

    ChatHandler(ServerMetrics metrics) {
        this.metrics = metrics;
    }

    @Override
    public void handle(Exchange exchange, Guest guest) {
        String id = exchange.request().id();
        ChatRequest request = ChatRequest.read(Json.object(exchange.request().body()), guest.models(), id);
        AnswerHead head = new AnswerHead(
                "chatcmpl-" + id,
                Instant.now().getEpochSecond(),
                request.choice().name());
        try (Submission submission = Submission.of(request, metrics, exchange, guest)) {
            if (request.options().stream()) {
                new ChatStream(request, head, new AnswerEvents(exchange, submission)).run();
            } else {
                exchange.respond(whole(request, head, submission.parts().getFirst()));
            }
        }
    }

    private static Response whole(ChatRequest request, AnswerHead head, Submission.Part part) {
        ChatOutput output = new ChatOutput(request);
        List<ChatMessage> messages = new ArrayList<>();
        Generation generation = Submission.collect(part, event -> {
            while (messages.size() <= event.index()) {
                messages.add(new ChatMessage());
            }
            output.read(event).forEach(messages.get(event.index())::add);
        });
        ObjectNode answer = head.object("chat.completion");
        ArrayNode choices = answer.putArray("choices");
        TokenTexts texts = texts(request);
        for (Completion completion : generation.completions()) {
            ObjectNode choice = choices.addObject().put("index", completion.index());
            messages.get(completion.index()).write(choice.putObject("message"), request.calls());
            if (request.logprobs()) {
                ArrayNode entries = startLogprobs(choice);
                completion.logprobs().forEach(token -> texts.addChatEntry(entries, token, request.topLogprobs()));
            } else {
                choice.putNull("logprobs");
            }
            if (output.endsWithCalls(completion.index(), completion.finishReason())) {
                ChoiceEnd.putCalls(choice, request.calls());
            } else {
                ChoiceEnd.put(choice, completion.finishReason(), completion.stopString(), completion.stopTokenId());
            }
            if (request.options().returnTokenIds()) {
                ArrayNode ids = choice.putArray("token_ids");
                completion.tokenIds().forEach(ids::add);
            }
        }
        UsageSum usage = new UsageSum();
        usage.addPrompt(generation.usage().promptTokens());
        usage.addCached(generation.usage().cachedTokens());
        usage.addCompletion(generation.usage().completionTokens());
        usage.setReasoning(output.numReasoningTokens());
        usage.put(answer);
        if (request.params().promptLogprobs().isPresent()) {
            texts.putPrompt(answer, generation.promptLogprobs());
        }
        if (request.options().returnTokenIds()) {
            ArrayNode ids = answer.putArray("prompt_token_ids");
            generation.promptTokenIds().forEach(ids::add);
        }
        return Timings.addTo(Response.json(200, Json.bytes(answer)), part);
    }

    static TokenTexts texts(ChatRequest request) {
        return new TokenTexts(
                request.choice().model().engine().codec(), request.options().tokensAsIds());
    }

    /** Where a choice's log-probabilities go. */
    static ArrayNode startLogprobs(ObjectNode choice) {
        return choice.putObject("logprobs").putNull("refusal").putArray("content");
    }
}
