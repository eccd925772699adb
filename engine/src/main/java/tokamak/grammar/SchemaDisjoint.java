package tokamak.grammar;

import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** Whether no value can be in two schemas, as far as kinds, enumerations and required keys tell: most unions are like that. */
final class SchemaDisjoint {
    private static final int MAX_COMPARED = 100;
    private static final int SCALARS = JsonTypes.NULL | JsonTypes.BOOLEAN | JsonTypes.NUMBER | JsonTypes.STRING;

    private final SchemaCases cases;
    private final Map<SchemaCase, Facts> known = new IdentityHashMap<>();

    SchemaDisjoint(SchemaCases cases) {
        this.cases = cases;
    }

    /**
     * @param values keys of the only values, if there are few
     * @param required names
     * @param tags keys of the values that required names may have
     */
    private record Facts(Optional<Set<String>> values, Set<String> required, Map<String, Set<String>> tags) {}

    private Facts facts(SchemaCase each) {
        Facts facts = known.get(each);
        if (facts == null) {
            Set<String> required = required(each);
            facts = new Facts(values(each), required, tags(each, required));
            known.put(each, facts);
        }
        return facts;
    }

    boolean are(List<SchemaCase> some, List<SchemaCase> others) {
        if ((long) some.size() * others.size() > MAX_COMPARED) {
            return false;
        }
        for (SchemaCase one : some) {
            for (SchemaCase other : others) {
                if (!areDisjoint(one, other)) {
                    return false;
                }
            }
        }
        return true;
    }

    /** For very many alternatives: each has values of its own, or a required key that has. */
    boolean areAll(List<List<SchemaCase>> alternatives) {
        if (areAllApart(alternatives, each -> facts(each).values())) {
            return true;
        }
        Set<String> names = alternatives.getFirst().isEmpty()
                ? Set.of()
                : facts(alternatives.getFirst().getFirst()).tags().keySet();
        return names.stream().anyMatch(name -> areAllApart(alternatives, each -> tag(each, name)));
    }

    private Optional<Set<String>> tag(SchemaCase each, String name) {
        return each.types() == JsonTypes.OBJECT
                ? Optional.ofNullable(facts(each).tags().get(name))
                : Optional.empty();
    }

    private static boolean areAllApart(
            List<List<SchemaCase>> alternatives, Function<SchemaCase, Optional<Set<String>>> valuesOf) {
        Set<String> seen = new HashSet<>();
        for (List<SchemaCase> alternative : alternatives) {
            for (SchemaCase each : alternative) {
                Optional<Set<String>> values = valuesOf.apply(each);
                if (values.isEmpty()) {
                    return false;
                }
                for (String value : values.get()) {
                    if (!seen.add(value)) {
                        return false;
                    }
                }
            }
        }
        return true;
    }

    private boolean areDisjoint(SchemaCase one, SchemaCase other) {
        int shared = one.types() & other.types();
        if (shared == 0) {
            return true;
        }
        Optional<Set<String>> some = facts(one).values();
        Optional<Set<String>> others = facts(other).values();
        if (some.isPresent() && others.isPresent() && haveNothingInCommon(some.get(), others.get())) {
            return true;
        }
        return shared == JsonTypes.OBJECT && areApartByKey(one, other);
    }

    private static boolean haveNothingInCommon(Set<String> some, Set<String> others) {
        return some.stream().noneMatch(others::contains);
    }

    private static Optional<Set<String>> values(SchemaCase each) {
        for (SchemaTerm leaf : each.leaves()) {
            if (leaf instanceof SchemaTerm.Values values) {
                Set<String> keys = new HashSet<>();
                values.values().forEach(value -> keys.add(JsonValues.key(value)));
                return Optional.of(keys);
            }
        }
        return Optional.empty();
    }

    private boolean areApartByKey(SchemaCase one, SchemaCase other) {
        Map<String, Set<String>> some = facts(one).tags();
        Map<String, Set<String>> others = facts(other).tags();
        for (Map.Entry<String, Set<String>> tag : some.entrySet()) {
            Set<String> same = others.get(tag.getKey());
            if (same != null && haveNothingInCommon(tag.getValue(), same)) {
                return true;
            }
        }
        return requiresForbidden(one, other) || requiresForbidden(other, one);
    }

    /** Required keys that have few values. */
    private Map<String, Set<String>> tags(SchemaCase each, Set<String> required) {
        Map<String, Set<String>> tags = new HashMap<>();
        for (SchemaTerm leaf : each.leaves()) {
            if (leaf instanceof SchemaTerm.Keys keys) {
                for (String name : required) {
                    SchemaTerm value = keys.named().get(name);
                    if (value != null) {
                        scalars(value).ifPresent(found -> tags.putIfAbsent(name, found));
                    }
                }
            }
        }
        return tags;
    }

    private Optional<Set<String>> scalars(SchemaTerm term) {
        Set<String> all = new HashSet<>();
        for (SchemaCase each : cases.of(List.of(term))) {
            Optional<Set<String>> values = (each.types() & ~SCALARS) == 0 ? values(each) : Optional.empty();
            if (values.isEmpty()) {
                return Optional.empty();
            }
            all.addAll(values.get());
        }
        return Optional.of(all);
    }

    private static Set<String> required(SchemaCase each) {
        Set<String> names = new HashSet<>();
        for (SchemaTerm leaf : each.leaves()) {
            if (leaf instanceof SchemaTerm.Required required) {
                names.add(required.name());
            }
        }
        return names;
    }

    private boolean requiresForbidden(SchemaCase one, SchemaCase other) {
        for (String name : facts(one).required()) {
            for (SchemaTerm leaf : other.leaves()) {
                if (leaf instanceof SchemaTerm.Keys keys && forbids(keys, name)) {
                    return true;
                }
            }
        }
        return false;
    }

    private static boolean forbids(SchemaTerm.Keys keys, String name) {
        SchemaTerm value = keys.named().get(name);
        return value == null ? keys.patterns().isEmpty() && isNothing(keys.others()) : isNothing(value);
    }

    private static boolean isNothing(SchemaTerm term) {
        return term instanceof SchemaTerm.Any any && any.parts().isEmpty();
    }
}
