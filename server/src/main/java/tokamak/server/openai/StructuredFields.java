package tokamak.server.openai;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tokamak.api.Guide;
import tools.jackson.databind.JsonNode;

/**
 * What a request asks of the text of its answer, in any of the spellings that are in use.
 *
 * @param field that asks, for errors
 * @param everywhere whether it holds for reasoning too
 */
record StructuredFields(String field, Guide guide, boolean everywhere) {
    private static final int MAX_CHOICES = 1 << 20;

    /** @throws ApiException if it is wrong, or asked for twice */
    static Optional<StructuredFields> read(Fields request) {
        List<StructuredFields> found = new ArrayList<>();
        request.fields("response_format").flatMap(StructuredFields::format).ifPresent(found::add);
        request.fields("structured_outputs").flatMap(StructuredFields::outputs).ifPresent(found::add);
        add(found, request, "guided_json", json(request, "guided_json", true));
        add(found, request, "guided_regex", request.string("guided_regex").map(Guide.Regex::new));
        add(found, request, "guided_choice", choice(request, "guided_choice"));
        add(found, request, "guided_grammar", request.string("guided_grammar").map(Guide.Grammar::new));
        add(
                found,
                request,
                "grammar",
                request.string("grammar").filter(text -> !text.isEmpty()).map(Guide.Grammar::new));
        add(found, request, "json_schema", json(request, "json_schema", true));
        add(found, request, "format", ollamaFormat(request));
        if (found.size() > 1) {
            throw ApiException.invalid(
                    found.get(1).field(),
                    "the answer can't be asked to follow " + found.get(0).field() + " and "
                            + found.get(1).field() + " at once; leave one out");
        }
        return found.stream().findFirst();
    }

    private static void add(List<StructuredFields> found, Fields fields, String name, Optional<? extends Guide> guide) {
        guide.ifPresent(value -> found.add(new StructuredFields(fields.name(name), value, false)));
    }

    // ---- OpenAI

    private static Optional<StructuredFields> format(Fields format) {
        String type = format.string("type").orElse("text");
        Optional<? extends Guide> guide = switch (type) {
            case "text" -> Optional.empty();
            // llama.cpp allows a schema here.
            case "json_object" ->
                format.has("schema") ? json(format, "schema", true) : Optional.of(new Guide.JsonObject());
            case "json_schema" -> schemaFormat(format);
            case "structural_tag" -> Optional.of(StructuralTags.read(format));
            default ->
                throw ApiException.unsupported(
                        "response_format",
                        "response_format.type must be text, json_object, json_schema or structural_tag, found '" + type
                                + "'");
        };
        return guide.map(value -> new StructuredFields("response_format", value, false));
    }

    private static Optional<? extends Guide> schemaFormat(Fields format) {
        Fields schema = format.fields("json_schema")
                .orElseThrow(() -> ApiException.invalid(
                        format.name("json_schema"),
                        format.name("json_schema") + " is required: an object with a name and a schema"));
        // Some clients put the schema where its wrapper belongs.
        if (!schema.has("schema") && (schema.has("type") || schema.has("properties") || schema.has("$ref"))) {
            return json(format, "json_schema", true);
        }
        return Optional.of(json(schema, "schema", schema.flag("strict", true))
                .orElseThrow(() -> ApiException.invalid(
                        schema.name("schema"), schema.name("schema") + " is required: a JSON schema")));
    }

    // ---- vLLM

    private static Optional<StructuredFields> outputs(Fields outputs) {
        List<StructuredFields> found = new ArrayList<>();
        add(found, outputs, "json", json(outputs, "json", true));
        add(found, outputs, "regex", outputs.string("regex").map(Guide.Regex::new));
        add(found, outputs, "choice", choice(outputs, "choice"));
        add(found, outputs, "grammar", outputs.string("grammar").map(Guide.Grammar::new));
        if (outputs.flag("json_object", false)) {
            add(found, outputs, "json_object", Optional.of(new Guide.JsonObject()));
        }
        add(found, outputs, "structural_tag", structuralTag(outputs));
        if (outputs.has("whitespace_pattern")) {
            throw ApiException.unsupported(
                    outputs.name("whitespace_pattern"),
                    "whitespace_pattern is not supported: little white space is allowed");
        }
        if (found.size() != 1) {
            throw ApiException.invalid(
                    "structured_outputs",
                    "structured_outputs must have exactly one of json, regex, choice, grammar, json_object and"
                            + " structural_tag, found " + found.size());
        }
        boolean everywhere = outputs.flag("enable_in_reasoning", false);
        StructuredFields one = found.getFirst();
        return Optional.of(new StructuredFields(one.field(), one.guide(), everywhere));
    }

    private static Optional<Guide> structuralTag(Fields outputs) {
        return outputs.get("structural_tag").map(node -> {
            JsonNode tag = node.isString() ? Json.value(outputs.name("structural_tag"), node.stringValue()) : node;
            return StructuralTags.read(outputs.nested("structural_tag", tag));
        });
    }

    private static Optional<Guide> choice(Fields fields, String name) {
        return fields.strings(name).map(options -> {
            if (options.isEmpty() || options.size() > MAX_CHOICES) {
                throw ApiException.invalid(
                        fields.name(name),
                        fields.name(name) + " must have 1 to " + MAX_CHOICES + " texts, found " + options.size());
            }
            return new Guide.Choice(options);
        });
    }

    /** A schema as an object, as true or false, or as its text. */
    static Optional<Guide> json(Fields fields, String name, boolean strict) {
        return fields.get(name).map(node -> {
            if (node.isObject() || node.isBoolean()) {
                return new Guide.JsonSchema(node.toString(), strict);
            }
            if (node.isString()) {
                return new Guide.JsonSchema(node.stringValue(), strict);
            }
            throw fields.wrong(name, "a JSON schema", node);
        });
    }

    // ---- Ollama

    private static Optional<Guide> ollamaFormat(Fields request) {
        Optional<JsonNode> format = request.get("format");
        if (format.isEmpty() || !format.get().isString()) {
            return json(request, "format", true);
        }
        return switch (format.get().stringValue()) {
            case "" -> Optional.empty();
            case "json" -> Optional.of(new Guide.JsonObject());
            default ->
                throw ApiException.invalid(
                        "format",
                        "format must be 'json' or a JSON schema, found '"
                                + format.get().stringValue() + "'");
        };
    }
}
