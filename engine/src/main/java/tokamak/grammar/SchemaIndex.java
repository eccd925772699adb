package tokamak.grammar;

import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Finds what references in a schema document point to. Nothing is ever fetched. */
final class SchemaIndex {
    private static final String NO_BASE = "schema:///";
    private static final Set<String> ONE = Set.of(
            "additionalProperties",
            "additionalItems",
            "items",
            "contains",
            "not",
            "if",
            "then",
            "else",
            "propertyNames",
            "unevaluatedItems",
            "unevaluatedProperties",
            "contentSchema");
    private static final Set<String> LISTS = Set.of("allOf", "anyOf", "oneOf", "prefixItems", "items");
    private static final Set<String> MAPS =
            Set.of("properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies");

    private final Map<String, SchemaPlace> resources = new HashMap<>();
    private final Map<String, SchemaPlace> anchors = new HashMap<>();
    private final Map<String, Integer> dynamicAnchors = new HashMap<>();
    private final boolean isLegacy;
    private final SchemaPlace root;

    SchemaIndex(JsonNode document) {
        this.isLegacy = isLegacy(document);
        this.root = new SchemaPlace(document, "#", baseOf(document, NO_BASE));
        resources.put(NO_BASE, root);
        ArrayDeque<SchemaPlace> open = new ArrayDeque<>();
        open.push(root);
        while (!open.isEmpty()) {
            visit(open.pop(), open);
        }
    }

    SchemaPlace root() {
        return root;
    }

    /** A document that doesn't say its draft tells by what it calls its definitions. */
    private static boolean isLegacy(JsonNode document) {
        return document.has("$schema")
                ? document.path("$schema").asString("").matches(".*draft-0[3-7].*")
                : document.has("definitions") && !document.has("$defs");
    }

    /** Whether it is of draft 7 or earlier. */
    boolean isLegacy() {
        return isLegacy;
    }

    // ---- collecting

    private void visit(SchemaPlace place, ArrayDeque<SchemaPlace> open) {
        JsonNode node = place.node();
        if (!node.isObject()) {
            return;
        }
        if (node.path("$id").isString() && !refersOnly(node)) {
            resources.putIfAbsent(place.base(), place);
            String id = node.path("$id").stringValue();
            if (id.startsWith("#")) {
                anchors.putIfAbsent(place.base() + id, place);
            }
        }
        for (String keyword : List.of("$anchor", "$dynamicAnchor")) {
            if (node.path(keyword).isString()) {
                String name = node.path(keyword).stringValue();
                anchors.putIfAbsent(place.base() + "#" + name, place);
                if (keyword.equals("$dynamicAnchor")) {
                    dynamicAnchors.merge(name, 1, Integer::sum);
                }
            }
        }
        for (Map.Entry<String, JsonNode> entry : node.properties()) {
            String keyword = entry.getKey();
            JsonNode value = entry.getValue();
            if (MAPS.contains(keyword) && value.isObject()) {
                value.properties()
                        .forEach(each -> open.push(child(place, each.getValue(), place.path(keyword, each.getKey()))));
            } else if (LISTS.contains(keyword) && value.isArray()) {
                for (int i = 0; i < value.size(); i++) {
                    open.push(child(place, value.get(i), place.path(keyword, i)));
                }
            } else if (ONE.contains(keyword)) {
                open.push(child(place, value, place.path(keyword)));
            }
        }
    }

    SchemaPlace child(SchemaPlace parent, JsonNode node, String path) {
        return new SchemaPlace(node, path, baseOf(node, parent.base()));
    }

    private boolean refersOnly(JsonNode node) {
        return isLegacy && node.has("$ref");
    }

    private String baseOf(JsonNode node, String outer) {
        JsonNode id = node.path("$id");
        if (!id.isString() || id.stringValue().startsWith("#") || refersOnly(node)) {
            return outer;
        }
        String resolved = resolve(outer, id.stringValue());
        return resolved.endsWith("#") ? resolved.substring(0, resolved.length() - 1) : resolved;
    }

    private static String resolve(String base, String reference) {
        try {
            return URI.create(base).resolve(reference).toString();
        } catch (IllegalArgumentException e) {
            return reference;
        }
    }

    // ---- finding

    SchemaPlace find(SchemaPlace from, String keyword, String reference) {
        String absolute = reference.startsWith("#") ? from.base() + reference : resolve(from.base(), reference);
        int hash = absolute.indexOf('#');
        String uri = hash < 0 ? absolute : absolute.substring(0, hash);
        String fragment = hash < 0 ? "" : absolute.substring(hash + 1);
        SchemaPlace resource = resources.get(uri);
        if (resource == null) {
            throw from.unsupported(
                    keyword, "\"" + shown(reference) + "\" is outside of this schema, and nothing is fetched");
        }
        SchemaPlace found = fragment.isEmpty() ? resource : findInside(resource, fragment);
        if (found == null) {
            throw from.invalid(keyword, "\"" + shown(reference) + "\" is nowhere in this schema");
        }
        return found;
    }

    /** A dynamic reference means the same as a plain one if its anchor exists once. */
    SchemaPlace findDynamic(SchemaPlace from, String reference) {
        SchemaPlace found = find(from, "$dynamicRef", reference);
        String name = reference.substring(reference.indexOf('#') + 1);
        boolean isPlain = !found.node().path("$dynamicAnchor").asString("").equals(name);
        if (isPlain || dynamicAnchors.getOrDefault(name, 0) == 1) {
            return found;
        }
        throw from.unsupported("$dynamicRef", "there are several $dynamicAnchor \"" + shown(name) + "\"");
    }

    private static String shown(String text) {
        return text.length() <= 200 ? text : text.substring(0, 200) + "...";
    }

    private @Nullable SchemaPlace findInside(SchemaPlace resource, String fragment) {
        String pointer = decode(fragment);
        if (!pointer.startsWith("/")) {
            return anchors.get(resource.base() + "#" + pointer);
        }
        JsonNode node = resource.node();
        String path = resource.path();
        String base = resource.base();
        for (String step : pointer.substring(1).split("/", -1)) {
            String name = step.replace("~1", "/").replace("~0", "~");
            JsonNode next = node.isArray() && !name.isEmpty() && name.length() < 9 && isDigits(name)
                    ? node.get(Integer.parseInt(name))
                    : node.get(name);
            if (next == null) {
                return null;
            }
            node = next;
            path += "/" + step;
            base = baseOf(node, base);
        }
        return new SchemaPlace(node, path, base);
    }

    private static boolean isDigits(String text) {
        return text.chars().allMatch(c -> c >= '0' && c <= '9');
    }

    private static String decode(String fragment) {
        try {
            return URLDecoder.decode(fragment.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return fragment;
        }
    }
}
