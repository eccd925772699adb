package tokamak.server.cli;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What a load client asks for: how a prompt is put, and where the text of an event is. */
enum LoadEndpoint {
    COMPLETIONS("/v1/completions"),
    CHAT("/v1/chat/completions");

    private final String path;

    LoadEndpoint(String path) {
        this.path = path;
    }

    String path() {
        return path;
    }

    void put(ObjectNode body, String prompt) {
        switch (this) {
            case COMPLETIONS -> body.put("prompt", prompt);
            case CHAT ->
                body.putArray("messages").addObject().put("role", "user").put("content", prompt);
        }
    }

    /** Whether an event brings a token; reasoning and calls are tokens too. */
    boolean hasText(JsonNode event) {
        JsonNode choice = event.at("/choices/0");
        return switch (this) {
            case COMPLETIONS -> !choice.path("text").asString("").isEmpty();
            case CHAT -> {
                JsonNode delta = choice.path("delta");
                yield !delta.path("content").asString("").isEmpty()
                        || !delta.path("reasoning_content").asString("").isEmpty()
                        || !delta.path("reasoning").asString("").isEmpty()
                        || delta.path("tool_calls").size() > 0;
            }
        };
    }
}
