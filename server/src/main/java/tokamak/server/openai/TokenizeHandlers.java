package tokamak.server.openai;

import tokamak.Engine;
import tokamak.api.InvalidRequestException;
import tokamak.api.Prompt;
import tokamak.server.http.Exchange;
import tokamak.server.http.Response;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Texts and token ids without the model: vLLM's {@code POST /tokenize} and {@code POST /detokenize}, and chats. */
final class TokenizeHandlers {
    private TokenizeHandlers() {}

    static void tokenize(Exchange exchange, ServedModels models) {
        Fields request = OldFunctions.modern(Json.object(exchange.request().body()));
        Engine engine = models.choose(request).model().engine();
        int[] ids = ids(request, engine);
        ObjectNode answer = Json.object().put("count", ids.length).put("max_model_len", engine.contextLength());
        ArrayNode tokens = answer.putArray("tokens");
        for (int id : ids) {
            tokens.add(id);
        }
        if (request.flag("return_token_strs", false)) {
            ArrayNode strings = answer.putArray("token_strs");
            for (int id : ids) {
                strings.add(Json.clean(engine.codec().piece(id)));
            }
        } else {
            answer.putNull("token_strs");
        }
        exchange.respond(Response.json(200, Json.bytes(answer)));
    }

    private static int[] ids(Fields request, Engine engine) {
        if (request.has("messages")) {
            return engine.tokenize(ChatPrompt.render(request, engine, ToolFields.read(request)));
        }
        String text = request.string("prompt")
                .orElseThrow(() -> ApiException.invalid("prompt", "prompt or messages is required"));
        if (!request.flag("add_special_tokens", true)) {
            return engine.codec().encode(text);
        }
        return text.isEmpty() ? engine.codec().encodePrompt(text) : engine.tokenize(new Prompt.Text(text));
    }

    /** llama.cpp's {@code POST /apply-template}: the text that a chat becomes. */
    static void applyTemplate(Exchange exchange, ServedModels models) {
        Fields request = OldFunctions.modern(Json.object(exchange.request().body()));
        Engine engine = models.choose(request).model().engine();
        String text =
                ChatPrompt.render(request, engine, ToolFields.read(request)).text();
        exchange.respond(Response.json(200, Json.bytes(Json.object().put("prompt", Json.clean(text)))));
    }

    static void detokenize(Exchange exchange, ServedModels models) {
        Fields request = Json.object(exchange.request().body());
        Engine engine = models.choose(request).model().engine();
        int[] ids = request.requiredArray("tokens").stream()
                .mapToInt(node -> request.int32("tokens", node))
                .toArray();
        if (ids.length > 0) {
            requireKnown(engine, ids);
        }
        String text = engine.detokenize(ids);
        exchange.respond(Response.json(200, Json.bytes(Json.object().put("prompt", Json.clean(text)))));
    }

    private static void requireKnown(Engine engine, int[] ids) {
        try {
            engine.tokenize(new Prompt.Tokens(ids));
        } catch (InvalidRequestException e) {
            throw OpenAiErrors.of(e).named("tokens");
        }
    }
}
