package tokamak.grammar;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * {@code unevaluatedProperties} and {@code unevaluatedItems}: which keys and elements the other keywords of a schema, and of
 * those that apply to the same value, speak about depends on which of them match. Every way in which some of them may match
 * becomes an alternative that demands the match and frees what it speaks about. A way that leaves a match out demands more of the
 * value than the schema does, so nothing has to be negated.
 */
final class SchemaUnevaluated {
    private static final int MAX_WAYS = 300;

    private final SchemaReader reader;
    private final SchemaIndex index;
    private final SchemaTerms terms;
    private final Work work;
    private final Set<JsonNode> open = Collections.newSetFromMap(new IdentityHashMap<>());

    SchemaUnevaluated(SchemaReader reader, SchemaIndex index, SchemaTerms terms, Work work) {
        this.reader = reader;
        this.index = index;
        this.terms = terms;
        this.work = work;
    }

    /**
     * What has been spoken about.
     *
     * @param keys by name
     * @param patterns of more keys
     * @param numFirst elements from the first on
     * @param contained elements for which one of these holds
     */
    private record Spoken(
            Map<String, SchemaTerm> keys,
            Map<String, SchemaTerm.KeyPattern> patterns,
            boolean allKeys,
            int numFirst,
            boolean allElements,
            List<SchemaTerm> contained) {
        static final Spoken NOTHING = new Spoken(Map.of(), Map.of(), false, 0, false, List.of());

        Spoken and(Spoken other) {
            Map<String, SchemaTerm> bothKeys = new LinkedHashMap<>(keys);
            bothKeys.putAll(other.keys);
            Map<String, SchemaTerm.KeyPattern> bothPatterns = new LinkedHashMap<>(patterns);
            bothPatterns.putAll(other.patterns);
            List<SchemaTerm> bothContained = new ArrayList<>(contained);
            bothContained.addAll(other.contained);
            return new Spoken(
                    bothKeys,
                    bothPatterns,
                    allKeys || other.allKeys,
                    Math.max(numFirst, other.numFirst),
                    allElements || other.allElements,
                    bothContained);
        }
    }

    /** @param demanded what holds besides the schema itself */
    private record Way(List<SchemaTerm> demanded, Spoken spoken) {
        static final Way NOTHING = new Way(List.of(), Spoken.NOTHING);

        Way and(Way other) {
            List<SchemaTerm> both = new ArrayList<>(demanded);
            both.addAll(other.demanded);
            return new Way(both, spoken.and(other.spoken));
        }

        Way demanding(SchemaTerm more) {
            return and(new Way(List.of(more), Spoken.NOTHING));
        }
    }

    SchemaTerm properties(SchemaPlace place) {
        SchemaTerm rest = reader.child(place, "unevaluatedProperties");
        List<SchemaTerm> any = new ArrayList<>();
        for (Way way : ways(place, "unevaluatedProperties")) {
            Spoken spoken = way.spoken;
            List<SchemaTerm> all = new ArrayList<>(way.demanded);
            if (!spoken.allKeys) {
                all.add(new SchemaTerm.Keys(
                        spoken.keys, List.copyOf(spoken.patterns.values()), rest, SchemaOrder.AS_WRITTEN));
            }
            any.add(terms.all(all));
        }
        return new SchemaTerm.Any(any);
    }

    SchemaTerm items(SchemaPlace place) {
        SchemaTerm rest = reader.child(place, "unevaluatedItems");
        List<SchemaTerm> any = new ArrayList<>();
        for (Way way : ways(place, "unevaluatedItems")) {
            Spoken spoken = way.spoken;
            List<SchemaTerm> all = new ArrayList<>(way.demanded);
            if (!spoken.allElements) {
                List<SchemaTerm> allowed = new ArrayList<>(spoken.contained);
                allowed.add(rest);
                SchemaTerm others = allowed.size() == 1 ? rest : new SchemaTerm.Any(allowed);
                all.add(new SchemaTerm.Elements(Collections.nCopies(spoken.numFirst, terms.everything), others));
            }
            any.add(terms.all(all));
        }
        return new SchemaTerm.Any(any);
    }

    /** @param except a keyword of this schema that does not count */
    private List<Way> ways(SchemaPlace place, String except) {
        JsonNode node = place.node();
        if (!node.isObject() || !open.add(node)) {
            return List.of(Way.NOTHING);
        }
        try {
            work.spend(10); // a schema that many refer to is looked at for each of them
            List<Way> ways = List.of(new Way(List.of(), own(place, except)));
            for (String keyword : node.propertyNames()) {
                ways = switch (keyword) {
                    case "$ref", "$dynamicRef" -> both(ways, ways(reader.target(place, keyword), ""), place);
                    case "allOf" -> {
                        List<Way> all = ways;
                        for (SchemaPlace part : parts(place, keyword)) {
                            all = both(all, ways(part, ""), place);
                        }
                        yield all;
                    }
                    case "anyOf" -> {
                        List<Way> some = ways;
                        for (SchemaPlace part : parts(place, keyword)) {
                            some = with(some, matching(part, reader.at(part)), place);
                        }
                        yield some;
                    }
                    case "oneOf" -> {
                        List<Way> one = new ArrayList<>();
                        parts(place, keyword).forEach(part -> one.addAll(matching(part, reader.at(part))));
                        yield with(ways, one, place);
                    }
                    case "if" -> both(ways, conditional(place), place);
                    case "dependentSchemas" -> dependent(place, ways);
                    default -> ways;
                };
            }
            return ways;
        } finally {
            open.remove(node);
        }
    }

    private List<SchemaPlace> parts(SchemaPlace place, String keyword) {
        JsonNode list = place.node().get(keyword);
        List<SchemaPlace> parts = new ArrayList<>();
        for (int i = 0; i < list.size(); i++) {
            parts.add(index.child(place, list.get(i), place.path(keyword, i)));
        }
        return parts;
    }

    /** The ways in which a schema that need not match does, and speaks about something. */
    private List<Way> matching(SchemaPlace place, SchemaTerm demanded) {
        List<Way> found = new ArrayList<>();
        for (Way way : ways(place, "")) {
            if (!way.spoken.equals(Spoken.NOTHING)) {
                found.add(way.demanding(demanded));
            }
        }
        return found;
    }

    private List<Way> conditional(SchemaPlace place) {
        SchemaPlace condition = index.child(place, place.node().get("if"), place.path("if"));
        SchemaTerm holds = reader.at(condition);
        List<Way> yes = List.of(Way.NOTHING.demanding(holds));
        yes = both(yes, ways(condition, ""), place);
        if (place.node().has("then")) {
            yes = both(yes, ways(index.child(place, place.node().get("then"), place.path("then")), ""), place);
        }
        List<Way> all = new ArrayList<>(yes);
        all.add(Way.NOTHING);
        if (place.node().has("else")) {
            SchemaPlace other = index.child(place, place.node().get("else"), place.path("else"));
            all.addAll(matching(other, terms.not(holds, place.path())));
        }
        return all;
    }

    private List<Way> dependent(SchemaPlace place, List<Way> ways) {
        List<Way> result = ways;
        for (Map.Entry<String, JsonNode> each :
                place.node().get("dependentSchemas").properties()) {
            SchemaPlace then = index.child(place, each.getValue(), place.path("dependentSchemas", each.getKey()));
            SchemaTerm present = terms.all(List.of(
                    terms.types(JsonTypes.OBJECT),
                    terms.leaf(new SchemaTerm.Required(each.getKey())),
                    reader.at(then)));
            result = with(result, matching(then, present), place);
        }
        return result;
    }

    private List<Way> with(List<Way> ways, List<Way> more, SchemaPlace place) {
        List<Way> result = new ArrayList<>(ways);
        if (!more.isEmpty()) {
            result.addAll(both(ways, more, place));
        }
        return result;
    }

    private List<Way> both(List<Way> some, List<Way> others, SchemaPlace place) {
        if ((long) some.size() * others.size() > MAX_WAYS) {
            throw place.unsupported(
                    place.node().has("unevaluatedItems") ? "unevaluatedItems" : "unevaluatedProperties",
                    "there are more than " + MAX_WAYS + " ways in which the schemas beside it may match");
        }
        List<Way> result = new ArrayList<>();
        for (Way one : some) {
            for (Way other : others) {
                work.spend(1 + (one.spoken.keys.size() + other.spoken.keys.size()) / 4);
                result.add(one.and(other));
            }
        }
        return result;
    }

    private Spoken own(SchemaPlace place, String except) {
        JsonNode node = place.node();
        Map<String, SchemaTerm> keys = new LinkedHashMap<>();
        node.path("properties").propertyNames().forEach(name -> keys.put(name, terms.everything));
        Map<String, SchemaTerm.KeyPattern> patterns = new LinkedHashMap<>();
        for (String pattern : node.path("patternProperties").propertyNames()) {
            String path = place.path("patternProperties", pattern);
            patterns.put(pattern, new SchemaTerm.KeyPattern(pattern, path, terms.everything));
        }
        boolean allKeys = node.has("additionalProperties")
                || node.has("unevaluatedProperties") && !except.equals("unevaluatedProperties");
        JsonNode items = node.path("items");
        int numFirst = Math.max(node.path("prefixItems").size(), items.isArray() ? items.size() : 0);
        boolean allElements = node.has("items") && !items.isArray()
                || node.has("additionalItems")
                || node.has("unevaluatedItems") && !except.equals("unevaluatedItems");
        List<SchemaTerm> contained = node.has("contains") ? List.of(reader.child(place, "contains")) : List.of();
        return new Spoken(keys, patterns, allKeys, numFirst, allElements, contained);
    }
}
