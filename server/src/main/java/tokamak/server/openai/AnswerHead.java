package tokamak.server.openai;

import tools.jackson.databind.node.ObjectNode;

/** What all objects of one answer begin with. @param created seconds since 1970 */
record AnswerHead(String id, long created, String model) {
    ObjectNode object(String kind) {
        return Json.object()
                .put("id", id)
                .put("object", kind)
                .put("created", created)
                .put("model", Json.clean(model));
    }
}
