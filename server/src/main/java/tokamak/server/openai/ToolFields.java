package tokamak.server.openai;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tokamak.chat.AnswerRules;
import tokamak.chat.Tool;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The functions of a request, and whether they are to be called.
 *
 * @param declared as the chat template shows them to the model
 * @param callable those that may be called
 * @param use whether they are
 * @param parallel whether an answer may have several calls
 */
record ToolFields(List<Map<String, ?>> declared, List<Tool> callable, AnswerRules.Use use, boolean parallel) {
    private static final int MAX_TOOLS = 1024;

    static ToolFields read(Fields request) {
        List<JsonNode> nodes = request.array("tools").orElse(List.of());
        if (nodes.size() > MAX_TOOLS) {
            throw ApiException.invalid("tools", "tools must hold at most " + MAX_TOOLS + ", found " + nodes.size());
        }
        List<Map<String, ?>> declared = new ArrayList<>();
        List<Tool> tools = new ArrayList<>();
        for (int i = 0; i < nodes.size(); i++) {
            if (!(nodes.get(i) instanceof ObjectNode object)) {
                throw request.wrong("tools[" + i + "]", "an object", nodes.get(i));
            }
            Fields tool = new Fields(object, request.name("tools[" + i + "]."));
            declared.add(map(object));
            tools.add(tool(tool));
        }
        boolean parallel = request.flag("parallel_tool_calls", true);
        Choice choice = choice(request, tools);
        return new ToolFields(declared, choice.tools(), choice.use(), parallel && choice.several());
    }

    private static Tool tool(Fields tool) {
        String type = tool.string("type").orElse("function");
        if (!type.equals("function")) {
            throw ApiException.unsupported(
                    tool.name("type"), "tools of type '" + type + "' are not supported; only 'function' is");
        }
        Fields function = tool.fields("function")
                .orElseThrow(() -> ApiException.invalid(
                        tool.name("function"), tool.name("function") + " is required: expected an object"));
        String name = function.string("name")
                .orElseThrow(() -> ApiException.invalid(
                        function.name("name"), function.name("name") + " is required: expected a string"));
        Map<String, ?> parameters = function.fields("parameters")
                .map(schema -> map(schema.object()))
                .orElse(Map.of());
        return new Tool(name, parameters, function.flag("strict", false));
    }

    @SuppressWarnings("unchecked")
    private static Map<String, ?> map(ObjectNode object) {
        Object plain = Fields.plain(object);
        return plain instanceof Map<?, ?> map ? (Map<String, ?>) map : Map.of();
    }

    /** @param several whether there may be more than one call */
    private record Choice(AnswerRules.Use use, List<Tool> tools, boolean several) {}

    private static Choice choice(Fields request, List<Tool> tools) {
        Optional<JsonNode> given = request.get("tool_choice");
        if (given.isEmpty()) {
            return mode(request, tools.isEmpty() ? "none" : "auto", tools);
        }
        if (given.get().isString()) {
            return mode(request, given.get().stringValue(), tools);
        }
        Fields choice = request.fields("tool_choice").orElseThrow();
        String type = choice.string("type").orElse("function");
        return switch (type) {
            case "function" -> {
                Fields function = choice.fields("function").orElse(choice);
                String name = function.string("name")
                        .orElseThrow(() -> ApiException.invalid(
                                function.name("name"), function.name("name") + " is required: the function to call"));
                yield new Choice(AnswerRules.Use.REQUIRED, List.of(named(choice, tools, name)), false);
            }
            case "allowed_tools" -> allowed(choice.fields("allowed_tools").orElse(choice), tools);
            default ->
                throw ApiException.invalid(
                        choice.name("type"),
                        choice.name("type") + " must be function or allowed_tools, found '" + type + "'");
        };
    }

    private static Choice mode(Fields request, String mode, List<Tool> tools) {
        if (tools.isEmpty() && !mode.equals("none") && !mode.equals("auto")) {
            throw ApiException.invalid("tool_choice", "tool_choice '" + mode + "' needs tools");
        }
        return switch (mode) {
            case "none" -> new Choice(AnswerRules.Use.NONE, tools, true);
            case "auto" -> new Choice(tools.isEmpty() ? AnswerRules.Use.NONE : AnswerRules.Use.AUTO, tools, true);
            case "required", "any" -> new Choice(AnswerRules.Use.REQUIRED, tools, true);
            default ->
                throw ApiException.invalid(
                        request.name("tool_choice"),
                        "tool_choice must be none, auto, required or an object that names a function, found '" + mode
                                + "'");
        };
    }

    private static Choice allowed(Fields allowed, List<Tool> tools) {
        List<Tool> chosen = new ArrayList<>();
        for (JsonNode node : allowed.requiredArray("tools")) {
            JsonNode name = node.at("/function/name");
            chosen.add(named(allowed, tools, (name.isMissingNode() ? node.at("/name") : name).asString("")));
        }
        return mode(allowed, allowed.string("mode").orElse("auto"), chosen);
    }

    private static Tool named(Fields choice, List<Tool> tools, String name) {
        return tools.stream()
                .filter(tool -> tool.name().equals(name))
                .findFirst()
                .orElseThrow(() -> ApiException.invalid(
                        "tool_choice", "tool_choice names '" + name + "', which is none of the tools"));
    }
}
