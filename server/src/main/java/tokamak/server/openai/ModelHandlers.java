package tokamak.server.openai;

import tokamak.server.http.Exchange;
import tokamak.server.http.Response;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code GET /v1/models} and {@code GET /v1/models/NAME}. */
final class ModelHandlers {
    static final String PATH = "/v1/models";

    private ModelHandlers() {}

    static void list(Exchange exchange, ServedModels models) {
        ObjectNode answer = Json.object().put("object", "list");
        ArrayNode data = answer.putArray("data");
        for (ServedModel model : models.all()) {
            model.names().forEach(name -> put(data.addObject(), model, name));
        }
        exchange.respond(Response.json(200, Json.bytes(answer)));
    }

    static void show(Exchange exchange, ServedModels models) {
        String name = exchange.request().path().substring(PATH.length() + 1);
        ObjectNode answer = Json.object();
        put(answer, models.named(name), name);
        exchange.respond(Response.json(200, Json.bytes(answer)));
    }

    /** vLLM tells the context length here; clients read it. No model is opened for a list. */
    private static void put(ObjectNode target, ServedModel model, String name) {
        target.put("id", name)
                .put("object", "model")
                .put("created", model.created().getEpochSecond())
                .put("owned_by", "tokamak")
                .put("root", model.spec().root())
                .putNull("parent");
        int contextLength = model.contextLength();
        if (contextLength > 0) {
            target.put("max_model_len", contextLength);
        } else {
            target.putNull("max_model_len");
        }
        target.put("state", model.state().word());
    }
}
