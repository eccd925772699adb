package tokamak.server.openai;

import java.util.List;
import java.util.stream.IntStream;
import tokamak.api.TokenEvent;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The streamed form of completions. */
final class CompletionStream {
    private final CompletionRequest request;
    private final AnswerHead head;
    private final AnswerEvents events;
    private final UsageSum usage = new UsageSum();
    private final int numAnswers;
    private final List<CompletionLogprobs> logprobs;

    CompletionStream(CompletionRequest request, AnswerHead head, AnswerEvents events) {
        this.request = request;
        this.head = head;
        this.events = events;
        this.numAnswers = request.params().n();
        TokenTexts texts = new TokenTexts(
                request.choice().model().engine().codec(), request.options().tokensAsIds());
        this.logprobs = IntStream.range(0, numAnswers * request.prompts().size())
                .mapToObj(i -> new CompletionLogprobs(texts, request.logprobs().orElse(0)))
                .toList();
    }

    void run() {
        request.prompts().forEach(prompt -> usage.addPrompt(prompt.ids().length));
        events.run(this::accept, this::sendUsage);
    }

    private void accept(TokenEvent event, int part) {
        int index = part * numAnswers + event.index();
        if (!(request.onlyEcho() && event instanceof TokenEvent.Delta)) {
            usage.add(event);
        }
        switch (event) {
            case TokenEvent.PromptDone prompt -> {
                if (request.echo()) {
                    sendEcho(index, request.prompts().get(part), prompt);
                }
            }
            case TokenEvent.Delta delta -> {
                if (!request.onlyEcho()) {
                    sendDelta(index, delta);
                }
            }
            case TokenEvent.Finished finished -> sendEnd(index, finished);
        }
    }

    private void sendEcho(int index, TextPrompts.TextPrompt prompt, TokenEvent.PromptDone done) {
        ObjectNode chunk = chunk();
        ObjectNode choice = choice(chunk, index, Json.clean(prompt.text()));
        if (request.logprobs().isPresent()) {
            ObjectNode entries = CompletionLogprobs.start(choice);
            logprobs.get(index).addFirst(entries, prompt.ids()[0]);
            done.promptLogprobs().forEach(token -> logprobs.get(index).add(entries, token));
        } else {
            choice.putNull("logprobs");
        }
        ChoiceEnd.putNone(choice);
        events.send(chunk);
    }

    private void sendDelta(int index, TokenEvent.Delta delta) {
        boolean wantsTokens =
                request.logprobs().isPresent() || request.options().returnTokenIds();
        if (delta.text().isEmpty() && (!wantsTokens || delta.tokenIds().isEmpty())) {
            return;
        }
        ObjectNode chunk = chunk();
        ObjectNode choice = choice(chunk, index, delta.text());
        if (request.logprobs().isPresent()) {
            ObjectNode entries = CompletionLogprobs.start(choice);
            delta.logprobs().forEach(token -> logprobs.get(index).add(entries, token));
        } else {
            choice.putNull("logprobs");
        }
        if (request.options().returnTokenIds()) {
            ArrayNode ids = choice.putArray("token_ids");
            delta.tokenIds().forEach(ids::add);
        }
        ChoiceEnd.putNone(choice);
        events.send(chunk);
    }

    private void sendEnd(int index, TokenEvent.Finished finished) {
        ObjectNode chunk = chunk();
        ObjectNode choice = choice(chunk, index, "");
        choice.putNull("logprobs");
        ChoiceEnd.put(choice, finished.reason(), finished.stopString(), finished.stopTokenId());
        events.send(chunk);
    }

    private ObjectNode chunk() {
        ObjectNode chunk = head.object("text_completion");
        if (request.options().continuousUsage()) {
            usage.put(chunk);
        } else if (request.options().includeUsage()) {
            chunk.putNull("usage");
        }
        return chunk;
    }

    private static ObjectNode choice(ObjectNode chunk, int index, String text) {
        return chunk.putArray("choices").addObject().put("index", index).put("text", text);
    }

    private void sendUsage() {
        if (request.options().includeUsage()) {
            ObjectNode chunk = head.object("text_completion");
            chunk.putArray("choices");
            usage.put(chunk);
            events.send(chunk);
        }
    }
}
