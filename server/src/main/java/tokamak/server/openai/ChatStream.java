package tokamak.server.openai;

import java.util.List;
import java.util.Optional;
import tokamak.api.TokenEvent;
import tokamak.chat.AnswerRules;
import tokamak.chat.OutputEvent;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The streamed form of a chat's answers. */
final class ChatStream {
    private final ChatRequest request;
    private final AnswerHead head;
    private final AnswerEvents events;
    private final TokenTexts texts;
    private final ChatOutput output;
    private final UsageSum usage = new UsageSum();

    ChatStream(ChatRequest request, AnswerHead head, AnswerEvents events) {
        this.request = request;
        this.head = head;
        this.events = events;
        this.texts = ChatHandler.texts(request);
        this.output = new ChatOutput(request);
    }

    void run() {
        usage.addPrompt(request.promptIds().length);
        events.run((event, part) -> accept(event), this::sendUsage);
    }

    private void accept(TokenEvent event) {
        usage.add(event);
        List<OutputEvent> found = output.read(event);
        usage.setReasoning(output.numReasoningTokens());
        switch (event) {
            case TokenEvent.PromptDone prompt -> sendStart(prompt.index());
            case TokenEvent.Delta delta -> sendDelta(delta, found);
            case TokenEvent.Finished finished -> {
                found.forEach(part -> send(finished.index(), Optional.of(part), Optional.empty()));
                sendEnd(finished);
            }
        }
    }

    private void sendStart(int index) {
        ObjectNode chunk = chunk();
        ObjectNode choice = choice(chunk, index);
        ObjectNode delta = choice.putObject("delta").put("role", "assistant");
        if (request.rules().use() == AnswerRules.Use.REQUIRED) {
            delta.putNull("content");
        } else {
            delta.put("content", "");
        }
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

    /** A chunk for each part of the message that grew; the first one has what belongs to the tokens. */
    private void sendDelta(TokenEvent.Delta delta, List<OutputEvent> found) {
        boolean wantsTokens = request.logprobs() || request.options().returnTokenIds();
        Optional<TokenEvent.Delta> tokens =
                wantsTokens && !delta.tokenIds().isEmpty() ? Optional.of(delta) : Optional.empty();
        if (found.isEmpty() && tokens.isPresent()) {
            send(delta.index(), Optional.empty(), tokens);
        }
        for (OutputEvent part : found) {
            send(delta.index(), Optional.of(part), tokens);
            tokens = Optional.empty();
        }
    }

    private void send(int index, Optional<OutputEvent> part, Optional<TokenEvent.Delta> tokens) {
        ObjectNode chunk = chunk();
        ObjectNode choice = choice(chunk, index);
        ObjectNode delta = choice.putObject("delta");
        part.ifPresent(event -> put(delta, event));
        if (request.logprobs() && tokens.isPresent()) {
            ArrayNode entries = ChatHandler.startLogprobs(choice);
            tokens.get().logprobs().forEach(token -> texts.addChatEntry(entries, token, request.topLogprobs()));
        } else {
            choice.putNull("logprobs");
        }
        if (request.options().returnTokenIds() && tokens.isPresent()) {
            ArrayNode ids = choice.putArray("token_ids");
            tokens.get().tokenIds().forEach(ids::add);
        }
        ChoiceEnd.putNone(choice);
        events.send(chunk);
    }

    private void put(ObjectNode delta, OutputEvent event) {
        switch (event) {
            case OutputEvent.Reasoning text -> ChatMessage.putReasoning(delta, text.text());
            case OutputEvent.Content text -> delta.put("content", Json.clean(text.text()));
            case OutputEvent.CallBegin call -> request.calls().putBegin(delta, call);
            case OutputEvent.Arguments piece -> request.calls().putArguments(delta, piece);
        }
    }

    private void sendEnd(TokenEvent.Finished finished) {
        ObjectNode chunk = chunk();
        ObjectNode choice = choice(chunk, finished.index());
        choice.putObject("delta");
        choice.putNull("logprobs");
        if (output.endsWithCalls(finished.index(), finished.reason())) {
            ChoiceEnd.putCalls(choice, request.calls());
        } else {
            ChoiceEnd.put(choice, finished.reason(), finished.stopString(), finished.stopTokenId());
        }
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
