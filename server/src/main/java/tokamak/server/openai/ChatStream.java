package tokamak.server.openai;

import tokamak.api.TokenEvent;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The streamed form of a chat's answers. */
final class ChatStream {
    private final ChatRequest request;
    private final AnswerHead head;
    private final AnswerEvents events;
    private final TokenTexts texts;
    private final UsageSum usage = new UsageSum();

    ChatStream(ChatRequest request, AnswerHead head, AnswerEvents events) {
        this.request = request;
        this.head = head;
        this.events = events;
        this.texts = ChatHandler.texts(request);
    }

    void run() {
        usage.addPrompt(request.promptIds().length);
        events.run((event, part) -> accept(event), this::sendUsage);
    }

    private void accept(TokenEvent event) {
        usage.add(event);
        switch (event) {
            case TokenEvent.PromptDone prompt -> sendStart(prompt.index());
            case TokenEvent.Delta delta -> sendDelta(delta);
            case TokenEvent.Finished finished -> sendEnd(finished);
        }
    }

    private void sendStart(int index) {
        ObjectNode chunk = chunk();
        ObjectNode choice = choice(chunk, index);
        choice.putObject("delta").put("role", "assistant").put("content", "");
        choice.putNull("logprobs");
        ChoiceEnd.putNone(choice);
        if (request.options().returnTokenIds()) {
            ArrayNode ids = chunk.putArray("prompt_token_ids");
            for (int id : request.promptIds()) {
                ids.add(id);
            }
        }
        events.send(chunk);
    }

    private void sendDelta(TokenEvent.Delta delta) {
        boolean wantsTokens = request.logprobs() || request.options().returnTokenIds();
        if (delta.text().isEmpty() && (!wantsTokens || delta.tokenIds().isEmpty())) {
            return;
        }
        ObjectNode chunk = chunk();
        ObjectNode choice = choice(chunk, delta.index());
        choice.putObject("delta").put("content", delta.text());
        if (request.logprobs()) {
            ArrayNode entries = ChatHandler.startLogprobs(choice);
            delta.logprobs().forEach(token -> texts.addChatEntry(entries, token, request.topLogprobs()));
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

    private void sendEnd(TokenEvent.Finished finished) {
        ObjectNode chunk = chunk();
        ObjectNode choice = choice(chunk, finished.index());
        choice.putObject("delta");
        choice.putNull("logprobs");
        ChoiceEnd.put(choice, finished.reason(), finished.stopString(), finished.stopTokenId());
        events.send(chunk);
    }

    private ObjectNode chunk() {
        ObjectNode chunk = head.object("chat.completion.chunk");
        if (request.options().continuousUsage()) {
            usage.put(chunk);
        } else if (request.options().includeUsage()) {
            chunk.putNull("usage");
        }
        return chunk;
    }

    private static ObjectNode choice(ObjectNode chunk, int index) {
        return chunk.putArray("choices").addObject().put("index", index);
    }

    private void sendUsage() {
        if (request.options().includeUsage()) {
            ObjectNode chunk = head.object("chat.completion.chunk");
            chunk.putArray("choices");
            usage.put(chunk);
            events.send(chunk);
        }
    }
}
