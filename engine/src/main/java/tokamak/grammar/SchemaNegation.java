package tokamak.grammar;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import tokamak.grammar.SchemaTerm.All;
import tokamak.grammar.SchemaTerm.Any;
import tokamak.grammar.SchemaTerm.Length;
import tokamak.grammar.SchemaTerm.Not;
import tokamak.grammar.SchemaTerm.NumElements;
import tokamak.grammar.SchemaTerm.NumKeys;

/** Everything that a term does not allow, as a term without a negation at its top. */
final class SchemaNegation {
    private final SchemaTerms terms;
    private final SchemaReader reader;
    private final Map<Not, SchemaTerm> known = new IdentityHashMap<>();

    SchemaNegation(SchemaTerms terms, SchemaReader reader) {
        this.terms = terms;
        this.reader = reader;
    }

    /** @throws GrammarException if it can't be said exactly */
    SchemaTerm of(Not not) {
        SchemaTerm result = known.get(not);
        if (result == null) {
            result = negate(not.part(), not.path());
            known.put(not, result);
        }
        return result;
    }

    private SchemaTerm negate(SchemaTerm term, String path) {
        return switch (term) {
            case SchemaTerm.Located located -> terms.not(reader.content(located), path);
            case All all -> new Any(notEach(all.parts(), path));
            case Any any -> terms.all(notEach(any.parts(), path));
            case SchemaTerm.ExactlyOne one -> notExactlyOne(one);
            case Not not -> not.part();
            case SchemaTerm.Types types -> terms.types(~types.mask() & JsonTypes.EVERY);
            case SchemaTerm.Values values -> new SchemaTerm.NotValues(values.values());
            case SchemaTerm.NotValues values -> new SchemaTerm.Values(values.values());
            case SchemaTerm.Bound bound ->
                but(term, terms.leaf(new SchemaTerm.Bound(bound.side().opposite(), bound.value())));
            case SchemaTerm.MultipleOf multiple ->
                but(term, terms.leaf(new SchemaTerm.NotMultipleOf(multiple.factor())));
            case SchemaTerm.NotMultipleOf multiple ->
                but(term, terms.leaf(new SchemaTerm.MultipleOf(multiple.factor())));
            case Length length ->
                outside(term, length.min(), length.max(), (min, max) -> terms.leaf(new Length(min, max)));
            case SchemaTerm.Matches matches ->
                but(term, terms.leaf(new SchemaTerm.NotMatches(matches.pattern(), matches.path())));
            case SchemaTerm.NotMatches matches ->
                but(term, terms.leaf(new SchemaTerm.Matches(matches.pattern(), matches.path())));
            case SchemaTerm.Format format -> but(term, terms.leaf(new SchemaTerm.NotFormat(format.name())));
            case SchemaTerm.NotFormat format -> but(term, terms.leaf(new SchemaTerm.Format(format.name())));
            case SchemaTerm.Keys keys -> notKeys(keys, path);
            case SchemaTerm.Required required -> but(term, terms.without(required.name()));
            case NumKeys count ->
                outside(term, count.min(), count.max(), (min, max) -> terms.leaf(new NumKeys(min, max)));
            case SchemaTerm.KeyNames _ -> throw unsupported(path, "propertyNames");
            case SchemaTerm.Elements elements -> notElements(elements, path);
            case NumElements count ->
                outside(term, count.min(), count.max(), (min, max) -> terms.leaf(new NumElements(min, max)));
            case SchemaTerm.Contains contains ->
                outside(
                        term,
                        contains.min(),
                        contains.max(),
                        (min, max) -> new SchemaTerm.Contains(contains.element(), min, max));
            case SchemaTerm.Unique _ -> throw unsupported(path, "uniqueItems");
        };
    }

    private static GrammarException unsupported(String path, String keyword) {
        return SchemaPlace.unsupported(
                path, "not", "what \"" + keyword + "\" excludes can't be described (\"if\" and \"oneOf\" need it too)");
    }

    private List<SchemaTerm> notEach(List<SchemaTerm> parts, String path) {
        return parts.stream().map(part -> terms.not(part, path)).toList();
    }

    /** Of the kinds of values about which {@code term} says something, those that are so. */
    private SchemaTerm but(SchemaTerm term, SchemaTerm condition) {
        return terms.all(List.of(terms.types(term.types()), condition));
    }

    private interface Between {
        SchemaTerm of(int min, int max);
    }

    private SchemaTerm outside(SchemaTerm term, int min, int max, Between between) {
        List<SchemaTerm> parts = new ArrayList<>();
        if (min > 0) {
            parts.add(but(term, between.of(0, min - 1)));
        }
        if (max != SchemaTerm.UNLIMITED) {
            parts.add(but(term, between.of(max + 1, SchemaTerm.UNLIMITED)));
        }
        return new Any(parts);
    }

    private SchemaTerm notKeys(SchemaTerm.Keys keys, String path) {
        if (keys.patterns().stream().anyMatch(pattern -> pattern.value() != terms.everything)) {
            throw unsupported(path, "patternProperties");
        }
        if (keys.others() != terms.everything) {
            throw unsupported(path, "additionalProperties");
        }
        List<SchemaTerm> parts = new ArrayList<>();
        keys.named().forEach((name, value) -> {
            if (value != terms.everything) {
                SchemaTerm other = new SchemaTerm.Keys(name, terms.not(value, path), terms.everything);
                SchemaTerm present = terms.leaf(new SchemaTerm.Required(name));
                parts.add(terms.all(List.of(terms.types(JsonTypes.OBJECT), present, other)));
            }
        });
        return new Any(parts);
    }

    private SchemaTerm notElements(SchemaTerm.Elements elements, String path) {
        List<SchemaTerm> first = elements.first();
        List<SchemaTerm> parts = new ArrayList<>();
        for (int i = 0; i < first.size(); i++) {
            List<SchemaTerm> others = new ArrayList<>();
            for (int j = 0; j < i; j++) {
                others.add(terms.everything);
            }
            others.add(terms.not(first.get(i), path));
            parts.add(terms.all(List.of(
                    terms.types(JsonTypes.ARRAY),
                    terms.leaf(new NumElements(i + 1, SchemaTerm.UNLIMITED)),
                    new SchemaTerm.Elements(others, terms.everything))));
        }
        if (elements.others() == terms.nothing) {
            parts.add(but(elements, terms.leaf(new NumElements(first.size() + 1, SchemaTerm.UNLIMITED))));
        } else if (elements.others() != terms.everything) {
            if (!first.isEmpty()) {
                throw unsupported(path, "items");
            }
            SchemaTerm other = terms.not(elements.others(), path);
            parts.add(but(elements, new SchemaTerm.Contains(other, 1, SchemaTerm.UNLIMITED)));
        }
        return new Any(parts);
    }

    /** None of them, or two. */
    private SchemaTerm notExactlyOne(SchemaTerm.ExactlyOne one) {
        List<SchemaTerm> parts = new ArrayList<>();
        parts.add(terms.all(notEach(one.parts(), one.path())));
        for (int i = 0; i < one.parts().size(); i++) {
            for (int j = 0; j < i; j++) {
                parts.add(terms.all(List.of(one.parts().get(i), one.parts().get(j))));
            }
        }
        return new Any(parts);
    }
}
