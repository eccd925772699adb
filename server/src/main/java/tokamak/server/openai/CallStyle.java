package tokamak.server.openai;

import java.util.List;
import tokamak.chat.OutputEvent;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** How an answer shows calls. */
enum CallStyle {
    TOOLS {
        @Override
        void putWhole(ObjectNode message, List<ChatMessage.Call> calls) {
            ArrayNode array = message.putArray("tool_calls");
            for (ChatMessage.Call call : calls) {
                array.addObject()
                        .put("id", call.id)
                        .put("type", "function")
                        .putObject("function")
                        .put("name", call.name)
                        .put("arguments", Json.clean(call.arguments()));
            }
        }

        @Override
        void putBegin(ObjectNode delta, OutputEvent.CallBegin call) {
            delta.putArray("tool_calls")
                    .addObject()
                    .put("index", call.ordinal())
                    .put("id", call.id())
                    .put("type", "function")
                    .putObject("function")
                    .put("name", call.name())
                    .put("arguments", "");
        }

        @Override
        void putArguments(ObjectNode delta, OutputEvent.Arguments piece) {
            delta.putArray("tool_calls")
                    .addObject()
                    .put("index", piece.ordinal())
                    .putObject("function")
                    .put("arguments", Json.clean(piece.json()));
        }

        @Override
        String finishReason() {
            return "tool_calls";
        }
    },

    /** As before 2023-11: one call, without an id. */
    FUNCTIONS {
        @Override
        void putWhole(ObjectNode message, List<ChatMessage.Call> calls) {
            message.putObject("function_call")
                    .put("name", calls.getFirst().name)
                    .put("arguments", Json.clean(calls.getFirst().arguments()));
        }

        @Override
        void putBegin(ObjectNode delta, OutputEvent.CallBegin call) {
            delta.putObject("function_call").put("name", call.name()).put("arguments", "");
        }

        @Override
        void putArguments(ObjectNode delta, OutputEvent.Arguments piece) {
            delta.putObject("function_call").put("arguments", Json.clean(piece.json()));
        }

        @Override
        String finishReason() {
            return "function_call";
        }
    };

    /** @param calls at least one */
    abstract void putWhole(ObjectNode message, List<ChatMessage.Call> calls);

    abstract void putBegin(ObjectNode delta, OutputEvent.CallBegin call);

    abstract void putArguments(ObjectNode delta, OutputEvent.Arguments piece);

    /** Why an answer ended that waits for its calls. */
    abstract String finishReason();
}
