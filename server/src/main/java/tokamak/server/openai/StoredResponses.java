package tokamak.server.openai;

import java.util.List;
import java.util.Optional;
import tokamak.server.access.Access;
import tokamak.server.access.Caller;
import tokamak.server.http.Exchange;
import tokamak.server.http.Response;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code /v1/responses/ID}: what can be done with a response that is kept. */
final class StoredResponses {
    static final String PATH = "/v1/responses";
    private static final String CANCEL = "/cancel";
    private static final String INPUT = "/input_items";

    private final Access access;
    private final ResponseStore store;

    StoredResponses(Access access, ResponseStore store) {
        this.access = access;
        this.store = store;
    }

    void get(Exchange exchange) {
        String rest = rest(exchange);
        if (rest.endsWith(INPUT)) {
            String id = rest.substring(0, rest.length() - INPUT.length());
            respond(exchange, inputItems(id, store.input(id, owner(exchange))));
        } else {
            respond(exchange, store.response(rest, owner(exchange)));
        }
    }

    private static ObjectNode inputItems(String id, List<ObjectNode> input) {
        ObjectNode answer = Json.object().put("object", "list");
        ArrayNode data = answer.putArray("data");
        // The newest first, as OpenAI gives them.
        for (int i = input.size() - 1; i >= 0; i--) {
            ObjectNode item = input.get(i).deepCopy();
            if (!item.has("id")) {
                item.put("id", "item_" + id + "_" + i);
            }
            if (!item.has("type")) {
                item.put("type", "message");
            }
            data.add(item);
        }
        answer.put("first_id", data.get(0).get("id").asString())
                .put("last_id", data.get(data.size() - 1).get("id").asString())
                .put("has_more", false);
        return answer;
    }

    void delete(Exchange exchange) {
        String id = rest(exchange);
        store.delete(id, owner(exchange));
        respond(exchange, Json.object().put("id", id).put("object", "response").put("deleted", true));
    }

    void post(Exchange exchange) {
        String rest = rest(exchange);
        if (!rest.endsWith(CANCEL)) {
            throw new ApiException(
                    404,
                    "invalid_request_error",
                    null,
                    null,
                    Optional.empty(),
                    "there is nothing at POST " + PATH + "/" + rest);
        }
        respond(exchange, store.cancel(rest.substring(0, rest.length() - CANCEL.length()), owner(exchange)));
    }

    private static String rest(Exchange exchange) {
        return exchange.request().path().substring(PATH.length() + 1);
    }

    private String owner(Exchange exchange) {
        return access.identify(exchange.request().header("authorization"))
                .map(Caller::name)
                .orElse("");
    }

    private static void respond(Exchange exchange, ObjectNode answer) {
        exchange.respond(Response.json(200, Json.bytes(answer)));
    }
}
