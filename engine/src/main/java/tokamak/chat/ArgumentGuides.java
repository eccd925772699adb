package tokamak.chat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
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
            case Part.Keywords _ -> members(tool, new Notation("=", ", ", Optional.empty()));
            case Part.Unquoted unquoted ->
                Guide.sequence(
                        Guide.literal("{"),
                        members(tool, new Notation(":", ",", Optional.of(unquoted.quote()))),
                        Guide.literal("}"));
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

    /** The schema of one argument; what it refers to comes along. */
    private static Guide json(Tool tool, Map<String, ?> schema) {
        Map<String, Object> whole = new LinkedHashMap<>(schema);
        for (String definitions : List.of("$defs", "definitions")) {
            if (tool.parameters().get(definitions) != null) {
                whole.putIfAbsent(definitions, tool.parameters().get(definitions));
            }
        }
        return new Guide.JsonSchema(JsonText.write(whole), tool.strict());
    }

    // ---- tags

    private static Guide tags(Part.Tags tags, Tool tool) {
        List<Guide> parts = new ArrayList<>();
        tool.properties().forEach((key, schema) -> {
            Guide argument = Guide.sequence(
                    Guide.literal(tags.keyBegin() + key + tags.keyEnd() + tags.valueBegin()),
                    tagged(tool, schema, tags.valueEnd()));
            parts.add(tool.required().contains(key) ? argument : Guide.optional(argument));
        });
        if (parts.isEmpty() && tool.allowsOthers()) {
            parts.add(new Guide.Repeat(
                    Guide.sequence(
                            Guide.literal(tags.keyBegin()),
                            new Guide.Regex(ANY_KEY),
                            Guide.literal(tags.keyEnd() + tags.valueBegin()),
                            Guide.until(tags.valueEnd())),
                    0,
                    32));
        }
        return new Guide.Sequence(parts);
    }

    /** A value and what ends it. */
    private static Guide tagged(Tool tool, Map<String, ?> schema, String end) {
        if (!ArgumentTypes.mayBeString(schema)) {
            return Guide.sequence(json(tool, schema), Guide.literal(end));
        }
        return raw(schema)
                .<Guide>map(text -> Guide.sequence(text, Guide.literal(end)))
                .orElseGet(() -> new Guide.FreeUntil(List.of(end), OptionalInt.empty()));
    }

    /** A string as it stands, if its schema says more than that it is one. */
    private static Optional<Guide> raw(Map<String, ?> schema) {
        if (schema.get("enum") instanceof List<?> values && !values.isEmpty()) {
            return Optional.of(new Guide.Choice(values.stream()
                    .map(value -> value instanceof String text ? text : JsonText.write(value))
                    .toList()));
        }
        if (schema.get("const") instanceof String text) {
            return Optional.of(Guide.literal(text));
        }
        if (schema.get("pattern") instanceof String pattern) {
            // A pattern may match anywhere in the string unless it says otherwise.
            String whole = (pattern.startsWith("^") ? "" : "[^<]*") + "(?:" + pattern.replaceAll("^\\^|\\$$", "") + ")"
                    + (pattern.endsWith("$") ? "" : "[^<]*");
            return Optional.of(new Guide.Regex(whole));
        }
        if (schema.get("minLength") instanceof Number || schema.get("maxLength") instanceof Number) {
            String min = schema.get("minLength") instanceof Number number ? number.toString() : "0";
            String max = schema.get("maxLength") instanceof Number number ? number.toString() : "";
            return Optional.of(new Guide.Regex("[^<]{" + min + "," + max + "}"));
        }
        return Optional.empty();
    }

    // ---- Python and Gemma

    /**
     * @param assigns between key and value
     * @param separator between members
     * @param quote around strings, empty: JSON's
     */
    private record Notation(String assigns, String separator, Optional<String> quote) {}

    private static Guide members(Tool tool, Notation notation) {
        return members(tool, tool.parameters(), tool.properties(), notation);
    }

    private static Guide members(
            Tool tool, Map<String, ?> parent, Map<String, Map<String, ?>> properties, Notation notation) {
        Set<String> required = Tool.required(parent);
        List<String> keys = Stream.concat(
                        properties.keySet().stream().filter(required::contains),
                        properties.keySet().stream().filter(key -> !required.contains(key)))
                .toList();
        int numRequired = (int) keys.stream().filter(required::contains).count();
        List<Guide> members = keys.stream()
                .<Guide>map(key -> Guide.sequence(
                        Guide.literal(key + notation.assigns()), value(tool, properties.get(key), notation)))
                .toList();
        if (numRequired > 0) {
            return from(members, 0, numRequired, notation);
        }
        // Any of the optional ones may be the first.
        List<Guide> first = new ArrayList<>();
        first.add(Guide.literal(""));
        for (int i = 0; i < members.size(); i++) {
            first.add(from(members, i, 0, notation));
        }
        return new Guide.Alternatives(first);
    }

    /** This member and those behind it. */
    private static Guide from(List<Guide> members, int first, int numRequired, Notation notation) {
        List<Guide> parts = new ArrayList<>();
        parts.add(members.get(first));
        for (int i = first + 1; i < members.size(); i++) {
            Guide next = Guide.sequence(Guide.literal(notation.separator()), members.get(i));
            parts.add(i < numRequired ? next : Guide.optional(next));
        }
        return new Guide.Sequence(parts);
    }

    private static Guide value(Tool tool, Map<String, ?> schema, Notation notation) {
        if (notation.quote().isEmpty()) {
            return python(tool, schema);
        }
        String quote = notation.quote().get();
        if (ArgumentTypes.mayBeString(schema)) {
            Guide end = Guide.literal(quote);
            Guide text = raw(schema).<Guide>map(raw -> Guide.sequence(raw, end)).orElseGet(() -> Guide.until(quote));
            return Guide.sequence(Guide.literal(quote), text);
        }
        Map<String, Map<String, ?>> properties = Tool.properties(schema);
        if (!properties.isEmpty()) {
            return Guide.sequence(Guide.literal("{"), members(tool, schema, properties, notation), Guide.literal("}"));
        }
        Optional<Map<String, ?>> items = Tool.map(schema.get("items"));
        if (items.isPresent()) {
            Guide item = value(tool, items.get(), notation);
            return Guide.sequence(
                    Guide.literal("["),
                    Guide.optional(Guide.separated(item, Guide.literal(","), 1, Guide.UNBOUNDED)),
                    Guide.literal("]"));
        }
        return json(tool, schema);
    }

    /** JSON is Python but for its constants and the other quotation marks. */
    private static Guide python(Tool tool, Map<String, ?> schema) {
        if (ArgumentTypes.isBoolean(schema)) {
            return new Guide.Choice(List.of("True", "False"));
        }
        Guide json = json(tool, schema);
        boolean anyString = ArgumentTypes.mayBeString(schema)
                && raw(schema).isEmpty()
                && !schema.containsKey("format")
                && !schema.containsKey("not");
        return anyString ? Guide.alternatives(json, new Guide.Regex(SINGLE_QUOTED)) : json;
    }
}
