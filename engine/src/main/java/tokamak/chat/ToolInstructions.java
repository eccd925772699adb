package tokamak.chat;

import java.util.List;
import java.util.Map;

/** What to tell a model about its functions where its chat template can't. */
final class ToolInstructions {
    private ToolInstructions() {}

    /** In the words of {@link Formats#HERMES}, which most models have seen. */
    static String text(List<? extends Map<String, ?>> tools) {
        StringBuilder text = new StringBuilder("# Tools\n\nYou can call these functions:\n<tools>\n");
        tools.forEach(tool -> text.append(JsonText.write(tool)).append('\n'));
        return text.append("</tools>\n\nTo call one, write its name and a JSON object of its arguments like this:\n")
                .append("<tool_call>\n{\"name\": \"NAME\", \"arguments\": {...}}\n</tool_call>")
                .toString();
    }
}
