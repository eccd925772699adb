package tokamak.grammar;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tokamak.grammar.SchemaTerm.All;
import tokamak.grammar.SchemaTerm.Any;
import tokamak.grammar.SchemaTerm.Located;
import tools.jackson.databind.JsonNode;

/**
 * Reads JSON Schema (draft 2020-12, and draft 7 and its predecessors where they differ) place by place into terms.
 *
 * <p>{@code format} is an assertion, whatever the draft says: that is what it is written for here.
 */
final class SchemaReader {
    private static final Set<String> ANNOTATIONS = Set.of(
            "$schema",
            "$id",
            "$anchor",
            "$dynamicAnchor",
            "$comment",
            "$defs",
            "$vocabulary",
            "definitions",
            "id",
            "title",
            "description",
            "default",
            "example",
            "examples",
            "deprecated",
            "readOnly",
            "writeOnly",
            "contentMediaType",
            "contentEncoding",
            "contentSchema",
            "discriminator",
            "externalDocs",
            "xml",
            "strict",
            "propertyOrdering",
            "markdownDescription",
            "enumNames");

    private static final int MAX_COUNT = 50_000;

    private final SchemaIndex index;
    private final SchemaTerms terms;
    private final SchemaMode mode;
    private final SchemaUnevaluated unevaluated;
    private final RuleBuilder rules;
    private final Map<JsonNode, Located> places = new IdentityHashMap<>();
    private final Map<Located, SchemaTerm> contents = new IdentityHashMap<>();

    SchemaReader(JsonNode document, SchemaTerms terms, SchemaMode mode, RuleBuilder rules) {
        this.index = new SchemaIndex(document);
        this.terms = terms;
        this.mode = mode;
        this.unevaluated = new SchemaUnevaluated(this, index, terms, rules.work);
        this.rules = rules;
        checkDialect(document);
    }

    private void checkDialect(JsonNode document) {
        String dialect = document.path("$schema").asString("");
        if (!dialect.isEmpty() && !dialect.matches("https?://json-schema\\.org/(draft[-/][^/]+/)?schema#?")) {
            refuse(index.root(), "$schema", "the drafts of json-schema.org are known, this one is not");
        }
    }

    SchemaTerm root() {
        return at(index.root());
    }

    SchemaTerm at(SchemaPlace place) {
        JsonNode node = place.node();
        if (node.isBoolean()) {
            return node.booleanValue() ? terms.everything : terms.nothing;
        }
        if (!node.isObject()) {
            throw new GrammarException(
                    "the schema at " + place.path() + " is " + kind(node) + "; an object, true or false is expected");
        }
        return places.computeIfAbsent(node, key -> new Located(place));
    }

    private static String kind(JsonNode node) {
        return switch (node.getNodeType()) {
            case NULL -> "null";
            case BOOLEAN -> "a boolean";
            case NUMBER -> "a number";
            case STRING -> "a string";
            case ARRAY -> "an array";
            case OBJECT -> "an object";
            case BINARY, MISSING, POJO -> "not JSON";
        };
    }

    SchemaTerm child(SchemaPlace place, String keyword) {
        return at(index.child(place, place.node().get(keyword), place.path(keyword)));
    }

    /** What a keyword's schema says, everything if there is none. */
    private SchemaTerm optionalChild(SchemaPlace place, String keyword) {
        return place.node().has(keyword) ? child(place, keyword) : terms.everything;
    }

    private List<SchemaTerm> children(SchemaPlace place, String keyword) {
        JsonNode list = place.node().get(keyword);
        if (!list.isArray()) {
            throw place.invalid(keyword, "it is " + kind(list) + ", an array of schemas is expected");
        }
        List<SchemaTerm> result = new ArrayList<>(list.size());
        for (int i = 0; i < list.size(); i++) {
            result.add(at(index.child(place, list.get(i), place.path(keyword, i))));
        }
        return result;
    }

    private Map<String, SchemaTerm> namedChildren(SchemaPlace place, String keyword) {
        JsonNode map = place.node().get(keyword);
        Map<String, SchemaTerm> result = new LinkedHashMap<>();
        if (map == null) {
            return result;
        }
        for (Map.Entry<String, JsonNode> entry : object(place, keyword).properties()) {
            String name = entry.getKey();
            result.put(name, at(index.child(place, entry.getValue(), place.path(keyword, name))));
        }
        return result;
    }

    private static JsonNode object(SchemaPlace place, String keyword) {
        JsonNode map = place.node().get(keyword);
        if (!map.isObject()) {
            throw place.invalid(keyword, "it is " + kind(map) + ", an object is expected");
        }
        return map;
    }

    private void refuse(SchemaPlace place, String keyword, String why) {
        GrammarException error = place.unsupported(keyword, why);
        if (mode == SchemaMode.STRICT) {
            throw error;
        }
        rules.warn(error.getMessage() + "; it is ignored");
    }

    // ---- one schema object

    SchemaTerm content(Located located) {
        SchemaTerm known = contents.get(located);
        if (known == null) {
            known = read(located.place());
            contents.put(located, known);
        }
        return known;
    }

    private SchemaTerm read(SchemaPlace place) {
        JsonNode node = place.node();
        rules.work.spend(1 + node.size());
        if (index.isLegacy() && node.has("$ref")) {
            return reference(place, "$ref");
        }
        List<SchemaTerm> parts = new ArrayList<>();
        Set<String> done = new HashSet<>();
        for (String keyword : node.propertyNames()) {
            // Keywords that belong together are read where the first of them is written: this keeps the order of
            // properties.
            switch (keyword) {
                case "properties", "patternProperties", "additionalProperties" -> {
                    if (done.add("properties")) {
                        parts.add(keys(place));
                    }
                }
                case "prefixItems", "items", "additionalItems" -> {
                    if (done.add("items")) {
                        parts.add(elements(place));
                    }
                }
                case "if" -> parts.add(condition(place));
                default -> parts.add(keyword(place, keyword));
            }
        }
        SchemaTerm all = terms.all(parts);
        return isTrue(node, "nullable") ? new Any(List.of(terms.types(JsonTypes.NULL), all)) : all;
    }

    private static boolean isTrue(JsonNode node, String keyword) {
        return node.path(keyword).asBoolean(false);
    }

    private SchemaTerm keyword(SchemaPlace place, String keyword) {
        JsonNode node = place.node();
        JsonNode value = node.get(keyword);
        return switch (keyword) {
            case "type" -> types(place, value);
            case "enum" -> values(place, value);
            case "const" -> new SchemaTerm.Values(List.of(value));
            case "minimum" -> bound(place, keyword, lowerSide(node));
            case "maximum" -> bound(place, keyword, upperSide(node));
            case "exclusiveMinimum" ->
                value.isBoolean() ? terms.everything : bound(place, keyword, SchemaTerm.Side.ABOVE);
            case "exclusiveMaximum" ->
                value.isBoolean() ? terms.everything : bound(place, keyword, SchemaTerm.Side.BELOW);
            case "multipleOf" -> multiple(place, value);
            case "minLength" -> terms.leaf(new SchemaTerm.Length(count(place, keyword), SchemaTerm.UNLIMITED));
            case "maxLength" -> terms.leaf(new SchemaTerm.Length(0, count(place, keyword)));
            case "pattern" -> pattern(place, value);
            case "format" -> format(place, value);
            case "minItems" -> terms.leaf(new SchemaTerm.NumElements(count(place, keyword), SchemaTerm.UNLIMITED));
            case "maxItems" -> terms.leaf(new SchemaTerm.NumElements(0, upperCount(place, keyword)));
            case "uniqueItems" -> isTrue(node, keyword) ? new SchemaTerm.Unique(place.path()) : terms.everything;
            case "contains" -> contains(place);
            case "minProperties" -> terms.leaf(new SchemaTerm.NumKeys(count(place, keyword), SchemaTerm.UNLIMITED));
            case "maxProperties" -> terms.leaf(new SchemaTerm.NumKeys(0, upperCount(place, keyword)));
            case "required" -> required(place, value);
            case "propertyNames" -> new SchemaTerm.KeyNames(child(place, keyword));
            case "dependentRequired", "dependentSchemas", "dependencies" -> dependencies(place, keyword);
            case "allOf" -> new All(children(place, keyword));
            case "anyOf" -> new Any(children(place, keyword));
            case "oneOf" -> new SchemaTerm.ExactlyOne(children(place, keyword), place.path());
            case "not" -> terms.not(child(place, keyword), place.path());
            case "$ref", "$dynamicRef", "$recursiveRef" -> reference(place, keyword);
            case "minContains", "maxContains" -> terms.everything; // with "contains", or without a meaning
            case "then", "else" -> terms.everything; // with "if", or without a meaning
            case "nullable" -> terms.everything; // at the end
            case "unevaluatedProperties" ->
                saysNothing(place, keyword) ? terms.everything : unevaluated.properties(place);
            case "unevaluatedItems" -> saysNothing(place, keyword) ? terms.everything : unevaluated.items(place);
            default -> unknown(place, keyword);
        };
    }

    private boolean saysNothing(SchemaPlace place, String keyword) {
        return child(place, keyword) == terms.everything;
    }

    private SchemaTerm unknown(SchemaPlace place, String keyword) {
        if (!ANNOTATIONS.contains(keyword) && !keyword.startsWith("x-")) {
            refuse(place, keyword, "it is not a known keyword");
        }
        return terms.everything;
    }

    private SchemaTerm reference(SchemaPlace place, String keyword) {
        JsonNode value = place.node().get(keyword);
        if (!value.isString()) {
            throw place.invalid(keyword, "it is " + kind(value) + ", a string like \"#/$defs/name\" is expected");
        }
        if (keyword.equals("$recursiveRef")) {
            refuse(place, keyword, "use $ref");
            return terms.everything;
        }
        return at(target(place, keyword));
    }

    /** What {@code $ref} or {@code $dynamicRef} points to. */
    SchemaPlace target(SchemaPlace place, String keyword) {
        String reference = place.node().get(keyword).asString("");
        return keyword.equals("$dynamicRef")
                ? index.findDynamic(place, reference)
                : index.find(place, keyword, reference);
    }

    private SchemaTerm types(SchemaPlace place, JsonNode value) {
        int mask = 0;
        for (JsonNode each : value.isArray() ? value : List.of(value)) {
            String name = each.asString("");
            mask |= JsonTypes.named(name)
                    .orElseThrow(() -> place.invalid(
                            "type",
                            "there is no type " + shown(each)
                                    + "; there are null, boolean, integer, number, string, array and object"));
        }
        return terms.types(mask);
    }

    private static String shown(JsonNode value) {
        String text = value.toString();
        return text.length() <= 100 ? text : text.substring(0, 100) + "...";
    }

    private SchemaTerm values(SchemaPlace place, JsonNode value) {
        if (!value.isArray()) {
            throw place.invalid("enum", "it is " + kind(value) + ", an array is expected");
        }
        return value.isEmpty()
                ? terms.nothing
                : new SchemaTerm.Values(value.valueStream().toList());
    }

    private SchemaTerm.Side lowerSide(JsonNode node) {
        return isTrue(node, "exclusiveMinimum") ? SchemaTerm.Side.ABOVE : SchemaTerm.Side.AT_LEAST;
    }

    private SchemaTerm.Side upperSide(JsonNode node) {
        return isTrue(node, "exclusiveMaximum") ? SchemaTerm.Side.BELOW : SchemaTerm.Side.AT_MOST;
    }

    private SchemaTerm bound(SchemaPlace place, String keyword, SchemaTerm.Side side) {
        return terms.leaf(new SchemaTerm.Bound(side, number(place, keyword)));
    }

    private BigDecimal number(SchemaPlace place, String keyword) {
        JsonNode value = place.node().get(keyword);
        if (!value.isNumber()) {
            throw place.invalid(keyword, "it is " + kind(value) + ", a number is expected");
        }
        BigDecimal number = value.decimalValue().stripTrailingZeros();
        if (Math.abs((long) number.scale()) > JsonValues.MAX_DIGITS || number.precision() > JsonValues.MAX_DIGITS) {
            throw place.unsupported(keyword, "numbers with more than " + JsonValues.MAX_DIGITS + " digits are not");
        }
        return number;
    }

    private SchemaTerm multiple(SchemaPlace place, JsonNode value) {
        BigDecimal factor = number(place, "multipleOf");
        if (factor.signum() <= 0) {
            throw place.invalid("multipleOf", "it is " + shown(value) + ", a number above 0 is expected");
        }
        boolean isTooFine = factor.scale() > Multiple.MAX_SCALE
                || factor.movePointRight(Math.max(0, factor.scale())).compareTo(BigDecimal.valueOf(Multiple.MAX_FACTOR))
                        > 0;
        if (isTooFine) {
            refuse(
                    place,
                    "multipleOf",
                    "a number with at most " + Multiple.MAX_SCALE + " decimals that is, without its point, at most "
                            + Multiple.MAX_FACTOR + " is");
            return terms.everything;
        }
        return terms.leaf(new SchemaTerm.MultipleOf(factor));
    }

    /** Counts beyond what an int holds mean the same as the largest int. */
    private int count(SchemaPlace place, String keyword) {
        BigDecimal number = number(place, keyword);
        if (number.signum() < 0 || !JsonValues.isInteger(number)) {
            throw place.invalid(
                    keyword, "it is " + shown(place.node().get(keyword)) + ", a whole number from 0 up is expected");
        }
        return number.min(BigDecimal.valueOf(Integer.MAX_VALUE)).intValue();
    }

    /** Every possible count is a rule; no answer is as long as counts beyond this. */
    private int upperCount(SchemaPlace place, String keyword) {
        int count = count(place, keyword);
        if (count > MAX_COUNT) {
            rules.warn("schema keyword \"" + keyword + "\" at " + place.path() + " is over " + MAX_COUNT
                    + ": it is taken as no limit");
            return SchemaTerm.UNLIMITED;
        }
        return count;
    }

    private SchemaTerm pattern(SchemaPlace place, JsonNode value) {
        if (!value.isString()) {
            throw place.invalid("pattern", "it is " + kind(value) + ", a string is expected");
        }
        String path = place.path("pattern");
        try {
            PatternParser.parse(value.stringValue());
        } catch (GrammarException e) {
            refuse(place, "pattern", e.getMessage());
            return terms.everything;
        }
        return terms.leaf(new SchemaTerm.Matches(value.stringValue(), path));
    }

    private SchemaTerm format(SchemaPlace place, JsonNode value) {
        String name = value.asString("");
        Optional<List<SchemaTerm.Bound>> range = FormatRanges.of(name);
        if (range.isPresent()) {
            return terms.all(range.get().stream().map(terms::leaf).toList());
        }
        if (!FormatPatterns.isKnown(name)) {
            refuse(place, "format", shown(value) + " is not; known are " + String.join(", ", FormatPatterns.names()));
            return terms.everything;
        }
        return terms.leaf(new SchemaTerm.Format(name));
    }

    // ---- arrays

    private SchemaTerm elements(SchemaPlace place) {
        JsonNode items = place.node().path("items");
        if (items.isArray()) {
            return new SchemaTerm.Elements(children(place, "items"), optionalChild(place, "additionalItems"));
        }
        List<SchemaTerm> first = place.node().has("prefixItems") ? children(place, "prefixItems") : List.of();
        SchemaTerm others = optionalChild(place, "items");
        return first.isEmpty() && others == terms.everything
                ? terms.everything
                : new SchemaTerm.Elements(first, others);
    }

    private SchemaTerm contains(SchemaPlace place) {
        JsonNode node = place.node();
        int min = node.has("minContains") ? count(place, "minContains") : 1;
        int max = node.has("maxContains") ? count(place, "maxContains") : SchemaTerm.UNLIMITED;
        return new SchemaTerm.Contains(child(place, "contains"), min, max);
    }

    // ---- objects

    private SchemaTerm keys(SchemaPlace place) {
        List<SchemaTerm.KeyPattern> patterns = new ArrayList<>();
        namedChildren(place, "patternProperties").forEach((pattern, value) -> {
            try {
                PatternParser.parse(pattern);
            } catch (GrammarException e) {
                refuse(place, "patternProperties", e.getMessage());
                return;
            }
            patterns.add(new SchemaTerm.KeyPattern(pattern, place.path("patternProperties", pattern), value));
        });
        return new SchemaTerm.Keys(
                namedChildren(place, "properties"),
                patterns,
                optionalChild(place, "additionalProperties"),
                SchemaOrder.AS_WRITTEN);
    }

    private SchemaTerm required(SchemaPlace place, JsonNode value) {
        if (value.isBoolean()) {
            return terms.everything; // draft 3, and a common mistake
        }
        return requiredNames(place, "required", value);
    }

    private SchemaTerm requiredNames(SchemaPlace place, String keyword, JsonNode names) {
        if (!names.isArray()) {
            throw place.invalid(keyword, "it is " + kind(names) + ", an array of names is expected");
        }
        List<SchemaTerm> parts = new ArrayList<>(names.size());
        for (JsonNode name : names) {
            if (!name.isString()) {
                throw place.invalid(keyword, "there is " + kind(name) + " in it, names are expected");
            }
            parts.add(terms.leaf(new SchemaTerm.Required(name.stringValue())));
        }
        return terms.all(parts);
    }

    /** Where there is such a key, more is demanded of the object. */
    private SchemaTerm dependencies(SchemaPlace place, String keyword) {
        List<SchemaTerm> parts = new ArrayList<>();
        for (Map.Entry<String, JsonNode> entry : object(place, keyword).properties()) {
            String name = entry.getKey();
            JsonNode demanded = entry.getValue();
            SchemaTerm then = demanded.isArray()
                    ? requiredNames(place, keyword, demanded)
                    : at(index.child(place, demanded, place.path(keyword, name)));
            SchemaTerm present =
                    terms.all(List.of(terms.types(JsonTypes.OBJECT), terms.leaf(new SchemaTerm.Required(name)), then));
            parts.add(new Any(List.of(terms.without(name), present)));
        }
        return terms.all(parts);
    }

    private SchemaTerm condition(SchemaPlace place) {
        JsonNode node = place.node();
        if (!node.has("then") && !node.has("else")) {
            return terms.everything;
        }
        SchemaTerm condition = child(place, "if");
        SchemaTerm yes = terms.all(List.of(condition, optionalChild(place, "then")));
        SchemaTerm no = terms.all(List.of(terms.not(condition, place.path()), optionalChild(place, "else")));
        return new Any(List.of(yes, no));
    }
}
