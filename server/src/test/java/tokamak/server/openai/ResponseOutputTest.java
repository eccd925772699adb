package tokamak.server.openai;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import tokamak.chat.OutputEvent;
import tools.jackson.databind.node.ObjectNode;

class ResponseOutputTest {
    private final List<String> events = new ArrayList<>();
    private final ResponseOutput output = new ResponseOutput(
            "x",
            (type, event) -> events.add(type.substring("response.".length()) + " "
                    + event.path("output_index").asInt()));

    @Test
    void reasoningMessageAndCallsAreItemsOneAfterAnother() {
        output.accept(new OutputEvent.Reasoning("I "));
        output.accept(new OutputEvent.Reasoning("think"));
        output.accept(new OutputEvent.Content(""));
        output.accept(new OutputEvent.Content("so"));
        output.accept(new OutputEvent.CallBegin(0, "call_1", "f"));
        output.accept(new OutputEvent.Arguments(0, "{\"a\""));
        output.accept(new OutputEvent.Arguments(0, ": 1}"));
        output.accept(new OutputEvent.CallBegin(1, "call_2", "g"));
        output.close("incomplete");
        output.close("incomplete");
        assertThat(events)
                .containsExactly(
                        "output_item.added 0",
                        "content_part.added 0",
                        "reasoning_text.delta 0",
                        "reasoning_text.delta 0",
                        "reasoning_text.done 0",
                        "content_part.done 0",
                        "output_item.done 0",
                        "output_item.added 1",
                        "content_part.added 1",
                        "output_text.delta 1",
                        "output_text.done 1",
                        "content_part.done 1",
                        "output_item.done 1",
                        "output_item.added 2",
                        "function_call_arguments.delta 2",
                        "function_call_arguments.delta 2",
                        "function_call_arguments.done 2",
                        "output_item.done 2",
                        "output_item.added 3",
                        "function_call_arguments.done 3",
                        "output_item.done 3");
        List<ObjectNode> items = output.items();
        assertThat(items.get(0).at("/content/0/text").stringValue()).isEqualTo("I think");
        assertThat(items.get(0).at("/content/0/type").stringValue()).isEqualTo("reasoning_text");
        assertThat(items.get(1).at("/content/0/text").stringValue()).isEqualTo("so");
        assertThat(items.get(2).get("arguments").stringValue()).isEqualTo("{\"a\": 1}");
        assertThat(items.get(2).get("call_id").stringValue()).isEqualTo("call_1");
        assertThat(items.stream().map(item -> item.get("status").stringValue()))
                .containsExactly("completed", "completed", "completed", "incomplete");
        assertThat(items.stream().map(item -> item.get("id")).distinct()).hasSize(4);
    }
}
