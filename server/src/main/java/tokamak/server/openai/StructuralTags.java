package tokamak.server.openai;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import tokamak.api.Guide;
import tools.jackson.databind.JsonNode;

/**
 * XGrammar's structural tags, as vLLM takes them: the newer form with a tree of formats, and the older one with
 * {@code structures} and {@code triggers}.
 */
final class StructuralTags {
    private static final int MAX_DEPTH = 32;

    private StructuralTags() {}

    static Guide read(Fields tag) {
        return tag.has("structures")
                ? old(tag)
                : format(
                        tag.fields("format")
                                .orElseThrow(() -> ApiException.invalid(
                                        tag.name("format"), tag.name("format") + " is required: expected an object")),
                        0);
    }

    private static Guide old(Fields tag) {
        List<Guide.Tag> tags = new ArrayList<>();
        for (Fields structure : objects(tag, "structures")) {
            Guide schema = StructuredFields.json(structure, "schema", true).orElseGet(Guide.JsonObject::new);
            tags.add(new Guide.Tag(text(structure, "begin"), schema, text(structure, "end")));
        }
        return new Guide.Tagged(tags, tag.strings("triggers").orElse(List.of()), false, false, false);
    }

    private static Guide format(Fields format, int depth) {
        if (depth > MAX_DEPTH) {
            throw ApiException.invalid(
                    format.name("type"), "structural tags may nest " + MAX_DEPTH + " levels, these nest deeper");
        }
        String type = text(format, "type");
        return switch (type) {
            case "const_string" -> Guide.literal(text(format, "value"));
            case "json_schema" -> {
                requireJsonStyle(format);
                yield StructuredFields.json(format, "json_schema", true)
                        .orElseThrow(() -> ApiException.invalid(
                                format.name("json_schema"), format.name("json_schema") + " is required"));
            }
            case "optional" -> Guide.optional(content(format, depth));
            case "star" -> new Guide.Repeat(content(format, depth), 0, Guide.UNBOUNDED);
            case "plus" -> new Guide.Repeat(content(format, depth), 1, Guide.UNBOUNDED);
            case "repeat" -> repeat(format, depth);
            case "regex" -> new Guide.Regex(text(format, "pattern"));
            case "grammar" -> new Guide.Grammar(text(format, "grammar"));
            case "any_text" -> new Guide.FreeText(format.strings("excludes").orElse(List.of()));
            case "sequence" -> new Guide.Sequence(all(format, "elements", depth));
            case "or" -> new Guide.Alternatives(all(format, "elements", depth));
            case "tag" -> sequence(tag(format, depth));
            case "triggered_tags" ->
                new Guide.Tagged(
                        tags(format, depth),
                        format.strings("triggers").orElse(List.of()),
                        format.flag("at_least_one", false),
                        format.flag("stop_after_first", false),
                        false);
            case "tags_with_separator" -> separated(format, depth);
            default ->
                throw ApiException.unsupported(
                        format.name("type"),
                        format.name("type") + " must be const_string, json_schema, regex, grammar, any_text, sequence,"
                                + " or, optional, plus, star, repeat, tag, triggered_tags or tags_with_separator, found '"
                                + type + "'");
        };
    }

    private static void requireJsonStyle(Fields format) {
        String style = format.string("style").orElse("json");
        if (!style.equals("json")) {
            throw ApiException.unsupported(
                    format.name("style"), format.name("style") + " must be json, found '" + style + "'");
        }
    }

    private static Guide repeat(Fields format, int depth) {
        int min = format.int32("min").orElse(0);
        int max = format.int32("max").orElse(-1);
        if (min < 0 || max >= 0 && max < min) {
            throw ApiException.invalid(
                    format.name("max"),
                    format.name("max") + " must be -1, for no limit, or at least min = " + min + ", found " + max);
        }
        return new Guide.Repeat(content(format, depth), min, max < 0 ? Guide.UNBOUNDED : max);
    }

    private static Guide content(Fields format, int depth) {
        Fields content = format.fields("content")
                .orElseThrow(
                        () -> ApiException.invalid(format.name("content"), format.name("content") + " is required"));
        return format(content, depth + 1);
    }

    private static Guide separated(Fields format, int depth) {
        List<Guide> tags =
                tags(format, depth).stream().map(StructuralTags::sequence).toList();
        int max = format.flag("stop_after_first", false) ? 1 : Guide.UNBOUNDED;
        Guide all = Guide.separated(new Guide.Alternatives(tags), Guide.literal(text(format, "separator")), 1, max);
        return format.flag("at_least_one", false) ? all : Guide.optional(all);
    }

    private static Guide sequence(Guide.Tag tag) {
        return tag.content() instanceof Guide.FreeText && !tag.end().isEmpty()
                ? Guide.sequence(
                        Guide.literal(tag.begin()), new Guide.FreeUntil(List.of(tag.end()), OptionalInt.empty()))
                : Guide.sequence(Guide.literal(tag.begin()), tag.content(), Guide.literal(tag.end()));
    }

    private static Guide.Tag tag(Fields format, int depth) {
        Guide content = content(format, depth);
        boolean hasSeveralEnds = format.get("end").filter(JsonNode::isArray).isPresent();
        List<String> ends = hasSeveralEnds ? format.strings("end").orElseThrow() : List.of(text(format, "end"));
        String begin = text(format, "begin");
        return switch (ends.size()) {
            case 0 -> throw ApiException.invalid(format.name("end"), format.name("end") + " must not be empty");
            case 1 -> new Guide.Tag(begin, content, ends.getFirst());
            default -> new Guide.Tag(begin, ended(content, ends), "");
        };
    }

    private static Guide ended(Guide content, List<String> ends) {
        return content instanceof Guide.FreeText
                ? new Guide.FreeUntil(ends, OptionalInt.empty())
                : Guide.sequence(
                        content,
                        new Guide.Alternatives(
                                ends.stream().<Guide>map(Guide::literal).toList()));
    }

    private static List<Guide.Tag> tags(Fields format, int depth) {
        return objects(format, "tags").stream().map(tag -> tag(tag, depth + 1)).toList();
    }

    private static List<Guide> all(Fields format, String name, int depth) {
        return objects(format, name).stream()
                .map(element -> format(element, depth + 1))
                .toList();
    }

    private static List<Fields> objects(Fields fields, String name) {
        List<Fields> objects = new ArrayList<>();
        List<JsonNode> nodes = fields.requiredArray(name);
        for (int i = 0; i < nodes.size(); i++) {
            objects.add(fields.nested(name + "[" + i + "]", nodes.get(i)));
        }
        return objects;
    }

    private static String text(Fields fields, String name) {
        return fields.string(name)
                .orElseThrow(
                        () -> ApiException.invalid(fields.name(name), fields.name(name) + " is required: a string"));
    }
}
