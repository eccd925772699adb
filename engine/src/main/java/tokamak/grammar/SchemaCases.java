package tokamak.grammar;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Takes terms apart until only leaves are left: a union of cases. Uses no recursion, so that chains of references may be long.
 */
final class SchemaCases {
    private static final int MAX_CASES = 20_000;
    /** Beyond that, "exactly one of" becomes "any of". */
    private static final int MAX_EXCLUSIVE_CASES = 400;

    private static final int MAX_EXCLUSIVE_BRANCHES = 200;

    private final SchemaTerms terms;
    private final SchemaReader reader;
    private final SchemaNegation negation;
    private final SchemaMode mode;
    private final RuleBuilder rules;
    private final Map<SchemaTerm.ExactlyOne, SchemaTerm> exclusive = new IdentityHashMap<>();
    private final Set<SchemaTerm.ExactlyOne> beingTakenApart = Collections.newSetFromMap(new IdentityHashMap<>());

    SchemaCases(SchemaTerms terms, SchemaReader reader, SchemaMode mode, RuleBuilder rules) {
        this.terms = terms;
        this.reader = reader;
        this.negation = new SchemaNegation(terms, reader);
        this.mode = mode;
        this.rules = rules;
    }

    /** A case that still has parts to take apart. */
    private final class Draft {
        private final ArrayDeque<SchemaTerm> open;
        private final Set<SchemaTerm> seen;
        private final List<SchemaTerm> leaves;
        private int types;

        Draft(Collection<SchemaTerm> open) {
            this.open = new ArrayDeque<>(open);
            this.seen = Collections.newSetFromMap(new IdentityHashMap<>());
            this.leaves = new ArrayList<>();
            this.types = JsonTypes.EVERY;
        }

        Draft(Draft other, SchemaTerm branch) {
            this.open = new ArrayDeque<>(other.open);
            this.seen = Collections.newSetFromMap(new IdentityHashMap<>());
            this.seen.addAll(other.seen);
            this.leaves = new ArrayList<>(other.leaves);
            this.types = other.types;
            open.push(branch);
        }

        void addLeaf(SchemaTerm leaf) {
            switch (leaf) {
                case SchemaTerm.Types each -> types &= each.mask();
                case SchemaTerm.Values each -> types &= JsonTypes.ofAll(each.values());
                default -> {}
            }
            leaves.add(leaf);
        }
    }

    /** The cases in which all of {@code parts} hold. */
    List<SchemaCase> of(Collection<SchemaTerm> parts) {
        return of(parts, MAX_CASES);
    }

    private List<SchemaCase> of(Collection<SchemaTerm> parts, int limit) {
        List<SchemaCase> cases = new ArrayList<>();
        ArrayDeque<Draft> drafts = new ArrayDeque<>();
        drafts.push(new Draft(parts));
        while (!drafts.isEmpty()) {
            Draft draft = drafts.pop();
            if (takeApart(draft, drafts)) {
                cases.add(new SchemaCase(draft.types, draft.leaves));
            }
            if (cases.size() + drafts.size() > limit) {
                throw new GrammarException("the schema has more than " + limit + " combinations of its alternatives"
                        + " (anyOf, oneOf, if, not) at one place; combine them, or nest them less");
            }
        }
        return cases;
    }

    /** Whether it became a case; otherwise it is impossible, or its branches have been added to the drafts. */
    private boolean takeApart(Draft draft, ArrayDeque<Draft> drafts) {
        while (draft.types != 0) {
            SchemaTerm term = draft.open.poll();
            if (term == null) {
                return true;
            }
            if (!draft.seen.add(term)) {
                continue;
            }
            rules.work.spend(1);
            switch (term) {
                case SchemaTerm.Located located -> draft.open.push(reader.content(located));
                case SchemaTerm.All all -> all.parts().reversed().forEach(draft.open::push);
                case SchemaTerm.Any any -> {
                    for (SchemaTerm part : any.parts().reversed()) {
                        rules.work.spend(1 + draft.seen.size() / 4);
                        drafts.push(new Draft(draft, part));
                    }
                    return false;
                }
                case SchemaTerm.ExactlyOne one -> draft.open.push(exclusive(one));
                case SchemaTerm.Not not -> draft.open.push(opposite(not));
                case SchemaTerm.NotValues not when hasCompound(not) -> draft.open.push(withoutCompounds(not));
                default -> draft.addLeaf(term);
            }
        }
        return false;
    }

    private SchemaTerm opposite(SchemaTerm.Not not) {
        try {
            return negation.of(not);
        } catch (GrammarException e) {
            if (mode == SchemaMode.STRICT) {
                throw e;
            }
            rules.warn(e.getMessage() + "; it is ignored");
            return terms.everything;
        }
    }

    // ---- values

    private static boolean hasCompound(SchemaTerm.NotValues not) {
        return (JsonTypes.ofAll(not.values()) & (JsonTypes.ARRAY | JsonTypes.OBJECT)) != 0;
    }

    private final Map<SchemaTerm.NotValues, SchemaTerm> parted = new IdentityHashMap<>();

    private SchemaTerm withoutCompounds(SchemaTerm.NotValues not) {
        return parted.computeIfAbsent(not, key -> {
            int compound = JsonTypes.ARRAY | JsonTypes.OBJECT;
            List<SchemaTerm> parts = new ArrayList<>();
            parts.add(new SchemaTerm.NotValues(JsonTypes.only(not.values(), JsonTypes.EVERY & ~compound)));
            JsonTypes.only(not.values(), compound).forEach(value -> parts.add(terms.not(terms.shape(value), "#")));
            return terms.all(parts);
        });
    }

    // ---- exactly one of several

    /** Each of them without those of the others that may hold at the same time. */
    private SchemaTerm exclusive(SchemaTerm.ExactlyOne one) {
        SchemaTerm known = exclusive.get(one);
        if (known != null) {
            return known;
        }
        SchemaTerm anyOf = new SchemaTerm.Any(one.parts());
        if (!beingTakenApart.add(one)) {
            return anyOf; // it contains itself: only what is outside can tell its branches apart
        }
        SchemaTerm result = anyOf;
        try {
            result = makeExclusive(one);
        } catch (GrammarException e) {
            rules.warn("schema keyword \"oneOf\" at " + one.path()
                    + " is followed as anyOf: that no two of its branches match can't be guaranteed");
        } finally {
            beingTakenApart.remove(one);
        }
        exclusive.put(one, result);
        return result;
    }

    private SchemaTerm makeExclusive(SchemaTerm.ExactlyOne one) {
        List<SchemaTerm> parts = one.parts();
        if (parts.size() < 2) {
            return new SchemaTerm.Any(parts);
        }
        List<List<SchemaCase>> cases = new ArrayList<>();
        for (SchemaTerm part : parts) {
            cases.add(of(List.of(part)));
        }
        SchemaDisjoint disjoint = new SchemaDisjoint(this);
        boolean areMany = parts.size() > MAX_EXCLUSIVE_BRANCHES;
        if (areMany) {
            if (disjoint.areAll(cases)) {
                return new SchemaTerm.Any(parts);
            }
            throw new GrammarException("too many branches");
        }
        List<SchemaTerm> branches = new ArrayList<>();
        for (int i = 0; i < parts.size(); i++) {
            Set<SchemaTerm> branch = new LinkedHashSet<>();
            branch.add(parts.get(i));
            for (int j = 0; j < parts.size(); j++) {
                if (i != j && !disjoint.are(cases.get(i), cases.get(j))) {
                    branch.add(terms.not(parts.get(j), one.path()));
                }
            }
            branches.add(terms.all(List.copyOf(branch)));
        }
        SchemaTerm result = new SchemaTerm.Any(branches);
        of(List.of(result), MAX_EXCLUSIVE_CASES); // fails here rather than where it can't be helped
        return result;
    }
}
