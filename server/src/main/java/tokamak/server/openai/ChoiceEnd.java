package tokamak.server.openai;

import java.util.Optional;
import java.util.OptionalInt;
import tokamak.api.FinishReason;
import tools.jackson.databind.node.ObjectNode;

/** Why an answer ended, as choices say it. {@code stop_reason} is vLLM's: the stop string or token id of the request. */
final class ChoiceEnd {
    private ChoiceEnd() {}

    static void put(ObjectNode choice, FinishReason reason, Optional<String> stopString, OptionalInt stopTokenId) {
        choice.put("finish_reason", reason.wireName());
        if (stopString.isPresent()) {
            choice.put("stop_reason", Json.clean(stopString.get()));
        } else if (stopTokenId.isPresent()) {
            choice.put("stop_reason", stopTokenId.getAsInt());
        } else {
            choice.putNull("stop_reason");
        }
    }

    /** The answer waits for functions to be called. */
    static void putCalls(ObjectNode choice, CallStyle style) {
        choice.put("finish_reason", style.finishReason()).putNull("stop_reason");
    }

    static void putNone(ObjectNode choice) {
        choice.putNull("finish_reason").putNull("stop_reason");
    }
}
