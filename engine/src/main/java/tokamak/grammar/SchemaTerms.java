package tokamak.grammar;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tokamak.grammar.SchemaTerm.All;
import tokamak.grammar.SchemaTerm.Any;
import tokamak.grammar.SchemaTerm.Not;
import tools.jackson.databind.JsonNode;

/**
 * Makes terms: simple ones that are equal are the same object, and what is derived from a term is derived once. So there are
 * finitely many, however recursive a schema is.
 */
final class SchemaTerms {
    final SchemaTerm everything = new All(List.of());
    final SchemaTerm nothing = new Any(List.of());
    private final Map<SchemaTerm, SchemaTerm> leaves = new HashMap<>();
    private final Map<SchemaTerm, Integer> ids = new IdentityHashMap<>();
    private final Map<SchemaTerm, SchemaTerm> negations = new IdentityHashMap<>();
    private final Map<JsonNode, SchemaTerm> shapes = new IdentityHashMap<>();
    private final Map<String, SchemaTerm> singles = new HashMap<>();
    private final Map<String, SchemaTerm> absences = new HashMap<>();

    /** Only for terms that hold no others: comparing them must be cheap. */
    SchemaTerm leaf(SchemaTerm term) {
        return leaves.computeIfAbsent(term, key -> term);
    }

    SchemaTerm types(int mask) {
        return leaf(new SchemaTerm.Types(mask));
    }

    SchemaTerm all(List<SchemaTerm> parts) {
        List<SchemaTerm> kept =
                parts.stream().filter(part -> part != everything).toList();
        return switch (kept.size()) {
            case 0 -> everything;
            case 1 -> kept.getFirst();
            default -> kept.contains(nothing) ? nothing : new All(kept);
        };
    }

    /** A number for each term, by age. */
    int id(SchemaTerm term) {
        return ids.computeIfAbsent(term, key -> ids.size());
    }

    SchemaTerm not(SchemaTerm term, String path) {
        if (term == everything) {
            return nothing;
        }
        if (term == nothing) {
            return everything;
        }
        return term instanceof Not not ? not.part() : negations.computeIfAbsent(term, key -> new Not(term, path));
    }

    /** Objects without this key, and everything that is not an object. */
    SchemaTerm without(String name) {
        return absences.computeIfAbsent(name, key -> new SchemaTerm.Keys(name, nothing, everything));
    }

    /** Exactly this value. */
    SchemaTerm value(String key, JsonNode value) {
        return singles.computeIfAbsent(key, each -> new SchemaTerm.Values(List.of(value)));
    }

    /** A single array or object, described by its parts. */
    SchemaTerm shape(JsonNode value) {
        return shapes.computeIfAbsent(value, this::makeShape);
    }

    private SchemaTerm makeShape(JsonNode value) {
        if (value.isArray()) {
            List<SchemaTerm> elements = new ArrayList<>();
            value.forEach(element -> elements.add(new SchemaTerm.Values(List.of(element))));
            return new All(List.of(
                    types(JsonTypes.ARRAY),
                    leaf(new SchemaTerm.NumElements(elements.size(), elements.size())),
                    new SchemaTerm.Elements(elements, everything)));
        }
        if (value.isObject()) {
            Map<String, SchemaTerm> named = new LinkedHashMap<>();
            List<SchemaTerm> parts = new ArrayList<>();
            parts.add(types(JsonTypes.OBJECT));
            value.properties().forEach(entry -> {
                named.put(entry.getKey(), new SchemaTerm.Values(List.of(entry.getValue())));
                parts.add(leaf(new SchemaTerm.Required(entry.getKey())));
            });
            parts.add(new SchemaTerm.Keys(named, List.of(), everything, SchemaOrder.ANY));
            parts.add(leaf(new SchemaTerm.NumKeys(0, named.size())));
            return new All(parts);
        }
        return new SchemaTerm.Values(List.of(value));
    }
}
