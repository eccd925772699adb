package tokamak.chat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import tokamak.api.Guide;

/** The parts of one function's call as guides: what its schema says, in the notation of a format. */
final class ArgumentGuides {
    private static final String ANY_KEY = "[A-Za-z_][A-Za-z0-9_]{0,63}";

    private static final String SINGLE_QUOTED = "'(?:[^'\\\\\\x00-\\x1f]|\\\\[\\\\'\"nt])*'";

    private ArgumentGuides() {}

    static Guide of(Part part, Tool tool) {
        return switch (part) {
            case Part.Literal literal -> Guide.literal(literal.text());
            case Part.Name _ -> Guide.literal(tool.name());
            case Part.NumberedName numbered ->
                Guide.sequence(Guide.literal(numbered.prefix() + tool.name() + ":"), new Guide.Regex("[0-9]{1,3}"));
            case Part.Arguments _ -> schema(tool);
            case Part.NamedJson json -> namedJson(json, tool);
            case Part.Tags tags -> tags(tags, tool);
            case Part.Keywords _ -> keywords(tool);
            case Part.Unquoted unquoted ->
                new Guide.MarkedValue(JsonText.write(tool.schema()), tool.strict(), unquoted.quote());
        };
    }

    // ---- JSON

    private static Guide schema(Tool tool) {
        return new Guide.JsonSchema(JsonText.write(tool.schema()), tool.strict());
    }

    private static Guide namedJson(Part.NamedJson json, Tool tool) {
        String name = JsonText.quoted(json.nameKey()) + ": " + JsonText.quoted(tool.name()) + ", "
                + JsonText.quoted(json.argumentsKey()) + ": ";
        Guide begin = json.idKey().isEmpty()
                ? Guide.literal("{" + name)
                : Guide.sequence(
                        Guide.literal("{" + JsonText.quoted(json.idKey()) + ": \""),
                        new Guide.Regex("[0-9]{1,2}"),
                        Guide.literal("\", " + name));
        return Guide.sequence(begin, schema(tool), Guide.literal("}"));
    }

    private static Guide json(Tool tool, Object schema) {
        return new Guide.JsonSchema(document(tool, schema), tool.strict());
    }

    /** The schema of one argument as a document of its own; what it refers to comes along. */
    private static String document(Tool tool, Object schema) {
        Map<String, Object> whole = new LinkedHashMap<>();
        if (!(schema instanceof Map<?, ?> map)) {
            whole.put("allOf", List.of(schema));
            return JsonText.write(whole);
        }
        map.forEach((key, value) -> whole.put(String.valueOf(key), value));
        for (String definitions : List.of("$defs", "definitions")) {
            if (tool.parameters().get(definitions) != null) {
                whole.putIfAbsent(definitions, tool.parameters().get(definitions));
            }
        }
        return JsonText.write(whole);
    }

    // ---- tags

    private static Guide tags(Part.Tags tags, Tool tool) {
        List<Guide> parts = new ArrayList<>();
        tool.properties().forEach((key, schema) -> {
            Guide argument = tags.stringKeyEnd().isEmpty()
                    ? Guide.sequence(
                            Guide.literal(tags.keyBegin() + key + tags.keyEnd() + tags.valueBegin()),
                            tagged(tool, schema, tags.valueEnd()))
                    : typed(tags, tool, key, schema);
            parts.add(tool.required().contains(key) ? argument : Guide.optional(argument));
        });
        if (parts.isEmpty() && tool.allowsOthers()) {
            parts.add(new Guide.Repeat(
                    Guide.sequence(
                            Guide.literal(tags.keyBegin()),
                            new Guide.Regex(ANY_KEY),
                            Guide.literal((tags.stringKeyEnd().isEmpty() ? tags.keyEnd() : tags.stringKeyEnd())
                                    + tags.valueBegin()),
                            Guide.until(tags.valueEnd())),
                    0,
                    32));
        }
        return new Guide.Sequence(parts);
    }

    /** An argument whose tag says whether it is a string: no text can be taken for another value. */
    private static Guide typed(Part.Tags tags, Tool tool, String key, Object schema) {
        Set<String> others = new TreeSet<>(new ArgumentTypes(tool.parameters()).of(schema));
        List<Guide> ways = new ArrayList<>();
        if (others.remove("string")) {
            Guide text = ArgumentTypes.saysOnlyTypes(schema)
                    ? Guide.until(tags.valueEnd())
                    : Guide.sequence(
                            new Guide.TaggedValue(
                                    document(tool, Map.of("allOf", List.of(schema), "type", "string")),
                                    tool.strict(),
                                    Set.of(),
                                    tags.valueEnd()),
                            Guide.literal(tags.valueEnd()));
            ways.add(Guide.sequence(
                    Guide.literal(tags.keyBegin() + key + tags.stringKeyEnd() + tags.valueBegin()), text));
        }
        if (!others.isEmpty()) {
            if (others.remove(ArgumentTypes.FRACTION)) {
                others.remove("integer");
                others.add("number");
            }
            Object noText = Map.of("allOf", List.of(schema), "type", List.copyOf(others));
            ways.add(Guide.sequence(
                    Guide.literal(tags.keyBegin() + key + tags.keyEnd() + tags.valueBegin()),
                    json(tool, noText),
                    Guide.literal(tags.valueEnd())));
        }
        return new Guide.Alternatives(ways);
    }

    /** A value and what ends it. */
    private static Guide tagged(Tool tool, Object schema, String end) {
        Set<String> kinds = new ArgumentTypes(tool.parameters()).of(schema);
        if (!kinds.contains("string")) {
            return Guide.sequence(json(tool, schema), Guide.literal(end));
        }
        Set<String> others = new TreeSet<>(kinds);
        others.remove("string");
        if (ArgumentTypes.saysOnlyTypes(schema)) {
            return Guide.until(end);
        }
        if (others.remove(ArgumentTypes.FRACTION)) {
            others.remove("integer");
            others.add("number");
        }
        return Guide.sequence(
                new Guide.TaggedValue(document(tool, schema), tool.strict(), others, end), Guide.literal(end));
    }

    // ---- Python

    private static Guide keywords(Tool tool) {
        Map<String, Object> properties = tool.properties();
        Set<String> required = tool.required();
        List<String> keys = Stream.concat(
                        properties.keySet().stream().filter(required::contains),
                        properties.keySet().stream().filter(key -> !required.contains(key)))
                .toList();
        int numRequired = (int) keys.stream().filter(required::contains).count();
        List<Guide> members = keys.stream()
                .<Guide>map(key -> Guide.sequence(Guide.literal(key + "="), python(tool, properties.get(key))))
                .toList();
        if (numRequired > 0) {
            return from(members, 0, numRequired);
        }
        // Any of the optional ones may be the first.
        List<Guide> first = new ArrayList<>();
        first.add(Guide.literal(""));
        for (int i = 0; i < members.size(); i++) {
            first.add(from(members, i, 0));
        }
        return new Guide.Alternatives(first);
    }

    /** This member and those behind it. */
    private static Guide from(List<Guide> members, int first, int numRequired) {
        List<Guide> parts = new ArrayList<>();
        parts.add(members.get(first));
        for (int i = first + 1; i < members.size(); i++) {
            Guide next = Guide.sequence(Guide.literal(", "), members.get(i));
            parts.add(i < numRequired ? next : Guide.optional(next));
        }
        return new Guide.Sequence(parts);
    }

    /** JSON is Python but for its constants and the other quotation marks. */
    private static Guide python(Tool tool, Object schema) {
        Set<String> kinds = new ArgumentTypes(tool.parameters()).of(schema);
        List<Guide> spellings = new ArrayList<>();
        if (!kinds.equals(Set.of("boolean")) || !ArgumentTypes.saysOnlyTypes(schema)) {
            spellings.add(json(tool, schema));
        }
        if (ArgumentTypes.saysOnlyTypes(schema)) {
            if (kinds.contains("boolean")) {
                spellings.add(new Guide.Choice(List.of("True", "False")));
            }
            if (kinds.contains("null")) {
                spellings.add(Guide.literal("None"));
            }
            if (kinds.contains("string")) {
                spellings.add(new Guide.Regex(SINGLE_QUOTED));
            }
        }
        return new Guide.Alternatives(spellings);
    }
}
