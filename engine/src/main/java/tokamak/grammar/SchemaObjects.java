package tokamak.grammar;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Rules for objects: keys one after another, each with its value. */
final class SchemaObjects {
    /** Ways to have come to a place in an object: sequences of keys that may be shuffled into each other multiply. */
    private static final int MAX_ORDERS = 600;

    private static final int MAX_PATTERNS = 8;
    /** Beyond that, keys that may be left out come in any order, and again: no step could tell them apart in its time. */
    private static final int MAX_ORDERED = 2_000;

    private final SchemaCompiler compiler;
    private final SchemaOrder order;
    private final RegexPool pool;
    private final Map<List<String>, Regex> names = new HashMap<>();
    private final SchemaKeyMatcher matcher = new SchemaKeyMatcher();

    SchemaObjects(SchemaCompiler compiler, SchemaOrder order) {
        this.compiler = compiler;
        this.order = order;
        this.pool = compiler.rules.pool;
    }

    /**
     * Keys that may come, and the symbol of their values.
     *
     * @param key the lexeme of the key and the colon
     */
    private record Entry(int key, int value, boolean isRequired) {}

    /** @param leaves about objects, without values */
    void addRules(int symbol, List<SchemaTerm> leaves) {
        Facts facts = new Facts(leaves);
        boolean isOrdered = facts.declared.size() - facts.required.size() <= MAX_ORDERED;
        Map<Integer, List<String>> unordered = new LinkedHashMap<>(); // names by the symbol of their values
        List<List<Entry>> sequences = new ArrayList<>();
        for (List<String> names : sequences(facts)) {
            List<Entry> sequence = new ArrayList<>();
            for (String name : names) {
                List<SchemaTerm> value = facts.valueOf(name);
                if (!value.contains(compiler.terms.nothing)) {
                    boolean isRequired = facts.required.contains(name);
                    int valueSymbol = compiler.symbolOf(value);
                    if (isRequired || isOrdered) {
                        sequence.add(new Entry(keyLexeme(facts.restricted(List.of(name))), valueSymbol, isRequired));
                    } else {
                        unordered
                                .computeIfAbsent(valueSymbol, key -> new ArrayList<>())
                                .add(name);
                    }
                } else if (facts.required.contains(name)) {
                    return;
                }
            }
            if (!sequence.isEmpty()) {
                sequences.add(sequence);
            }
        }
        List<Entry> free = freeKeys(facts);
        unordered.forEach((value, names) -> free.add(new Entry(keyLexeme(facts.restricted(names)), value, false)));
        if (free.size() > MAX_ORDERED) {
            throw new GrammarException("an object of the schema has " + free.size()
                    + " properties of different types that" + " may be left out (properties, required), the limit is "
                    + MAX_ORDERED + "; require some, or split it");
        }
        new Chain(sequences, free, facts.min, facts.max).addRules(symbol);
    }

    /**
     * Names that come in a fixed order each: those that are written in one place. Nothing says in which order names from
     * several places (as with {@code allOf}) come.
     */
    private List<List<String>> sequences(Facts facts) {
        List<List<String>> sequences = new ArrayList<>();
        Set<String> left = new LinkedHashSet<>(facts.declared);
        for (SchemaTerm.Keys each : facts.keys) {
            List<String> own = new ArrayList<>();
            each.named().keySet().stream().filter(left::remove).forEach(own::add);
            if (order == SchemaOrder.ANY || each.order() == SchemaOrder.ANY) {
                own.forEach(name -> sequences.add(List.of(name)));
            } else {
                sequences.add(own);
            }
        }
        left.forEach(name -> sequences.add(List.of(name)));
        long numOrders = 1;
        for (List<String> sequence : sequences) {
            numOrders = Math.min(numOrders * (sequence.size() + 1), MAX_ORDERS + 1);
        }
        return numOrders <= MAX_ORDERS ? sequences : List.of(List.copyOf(facts.declared));
    }

    private int keyLexeme(Regex text) {
        return compiler.rules.lexeme(compiler.layout.withColon(compiler.strings.key(text)));
    }

    /** What the leaves say together. */
    private final class Facts {
        private final List<SchemaTerm.Keys> keys = new ArrayList<>();
        private final Set<String> declared = new LinkedHashSet<>();
        private final Set<String> required = new LinkedHashSet<>();
        private final List<Regex> restrictions = new ArrayList<>();
        private int min;
        private int max = SchemaTerm.UNLIMITED;

        Facts(List<SchemaTerm> leaves) {
            for (SchemaTerm leaf : leaves) {
                switch (leaf) {
                    case SchemaTerm.Keys each -> {
                        keys.add(each);
                        declared.addAll(each.named().keySet());
                    }
                    case SchemaTerm.Required each -> required.add(each.name());
                    case SchemaTerm.NumKeys each -> {
                        min = Math.max(min, each.min());
                        max = Math.min(max, each.max());
                    }
                    case SchemaTerm.KeyNames each -> restrictions.add(compiler.keyText(each.name()));
                    default -> {}
                }
            }
            declared.addAll(required);
        }

        List<SchemaTerm> valueOf(String name) {
            List<SchemaTerm> all = new ArrayList<>();
            for (SchemaTerm.Keys each : keys) {
                List<SchemaTerm> own = new ArrayList<>();
                if (each.named().containsKey(name)) {
                    own.add(each.named().get(name));
                }
                for (SchemaTerm.KeyPattern pattern : each.patterns()) {
                    if (matcher.matches(pattern, name)) {
                        own.add(pattern.value());
                    }
                }
                all.addAll(own.isEmpty() ? List.of(each.others()) : own);
            }
            return all;
        }

        Regex restricted(List<String> some) {
            Regex text = names.computeIfAbsent(some, key -> compiler.strings.literals(some));
            if (restrictions.isEmpty()) {
                return text;
            }
            List<Regex> parts = new ArrayList<>(restrictions);
            parts.add(text);
            return pool.and(parts);
        }
    }

    // ---- keys without a name

    /** By which patterns a key matches, what its value must be. */
    private List<Entry> freeKeys(Facts facts) {
        Map<String, SchemaTerm.KeyPattern> patterns = new LinkedHashMap<>();
        for (SchemaTerm.Keys each : facts.keys) {
            each.patterns().forEach(pattern -> patterns.putIfAbsent(pattern.pattern(), pattern));
        }
        List<SchemaTerm.KeyPattern> distinct = List.copyOf(patterns.values());
        if (distinct.size() > MAX_PATTERNS) {
            throw SchemaPlace.unsupported(
                    distinct.getFirst().path(),
                    "patternProperties",
                    "there are " + distinct.size() + " patterns for one object, at most " + MAX_PATTERNS + " are");
        }
        List<Entry> entries = new ArrayList<>();
        for (int subset = 0; subset < 1 << distinct.size(); subset++) {
            Set<String> matched = new LinkedHashSet<>();
            List<Regex> text = new ArrayList<>(facts.restrictions);
            for (int i = 0; i < distinct.size(); i++) {
                Regex pattern = compiler.strings.pattern(
                        distinct.get(i).pattern(), distinct.get(i).path());
                boolean isMatched = (subset >> i & 1) != 0;
                text.add(isMatched ? pattern : pool.not(pattern));
                if (isMatched) {
                    matched.add(distinct.get(i).pattern());
                }
            }
            List<SchemaTerm> value = freeValue(facts, matched);
            if (!value.contains(compiler.terms.nothing)) {
                entries.add(new Entry(keyLexeme(freeText(facts, text)), compiler.symbolOf(value), false));
            }
        }
        return entries;
    }

    private Regex freeText(Facts facts, List<Regex> conditions) {
        if (!facts.declared.isEmpty()) {
            conditions.add(pool.not(compiler.strings.literals(facts.declared)));
        }
        if (conditions.isEmpty()) {
            return compiler.strings.anything;
        }
        conditions.add(compiler.strings.anythingPlain);
        return pool.and(conditions);
    }

    private static List<SchemaTerm> freeValue(Facts facts, Set<String> matched) {
        List<SchemaTerm> all = new ArrayList<>();
        for (SchemaTerm.Keys each : facts.keys) {
            List<SchemaTerm> own = new ArrayList<>();
            for (SchemaTerm.KeyPattern pattern : each.patterns()) {
                if (matched.contains(pattern.pattern())) {
                    own.add(pattern.value());
                }
            }
            all.addAll(own.isEmpty() ? List.of(each.others()) : own);
        }
        return all;
    }

    // ---- rules

    /**
     * Where one is between two entries.
     *
     * @param next by sequence, the index of the first entry that may still come
     * @param count of entries so far, up to where it stops to matter
     */
    private record At(List<Integer> next, int count) {}

    private record Place(int sequence, At at) {}

    private final class Chain {
        private final List<List<Entry>> sequences;
        private final int[] lastRequired; // by sequence, -1 for none
        private final List<Entry> free;
        private final int min;
        private final int max;
        private final Map<At, Integer> after = new HashMap<>();
        private final Map<Place, Integer> choices = new HashMap<>();
        private final ArrayDeque<At> open = new ArrayDeque<>();

        Chain(List<List<Entry>> sequences, List<Entry> free, int min, int max) {
            this.sequences = sequences;
            this.free = free;
            this.lastRequired = new int[sequences.size()];
            int numNamed = 0;
            int numRequired = 0;
            for (int s = 0; s < lastRequired.length; s++) {
                List<Entry> sequence = sequences.get(s);
                lastRequired[s] = -1;
                for (int i = 0; i < sequence.size(); i++) {
                    if (sequence.get(i).isRequired) {
                        lastRequired[s] = i;
                        numRequired++;
                    }
                }
                numNamed += sequence.size();
            }
            this.min = min <= numRequired ? 0 : min;
            this.max = free.isEmpty() && max >= numNamed ? SchemaTerm.UNLIMITED : max;
        }

        void addRules(int symbol) {
            At start = new At(sequences.stream().map(each -> 0).toList(), 0);
            if (mayEnd(start)) {
                compiler.rules.add(symbol, compiler.layout.emptyObject);
            }
            if (max == 0 || sequences.isEmpty() && free.isEmpty()) {
                return;
            }
            int first = compiler.rules.newNonterminal();
            compiler.rules.add(symbol, compiler.layout.openObject, first);
            addEntries(first, start);
            while (!open.isEmpty()) {
                At at = open.pop();
                int place = after.get(at);
                if (mayEnd(at)) {
                    compiler.rules.add(place, compiler.layout.closeObject);
                }
                if (at.count < max) {
                    int next = compiler.rules.newNonterminal();
                    compiler.rules.add(place, compiler.layout.comma, next);
                    addEntries(next, at);
                }
            }
        }

        private boolean mayEnd(At at) {
            for (int s = 0; s < lastRequired.length; s++) {
                if (at.next.get(s) <= lastRequired[s]) {
                    return false;
                }
            }
            return at.count >= min;
        }

        private int after(List<Integer> next, int countBefore) {
            int count = max == SchemaTerm.UNLIMITED ? Math.min(countBefore + 1, min) : countBefore + 1;
            At at = new At(next, count);
            return after.computeIfAbsent(at, key -> {
                open.push(at);
                return compiler.rules.newNonterminal();
            });
        }

        private static List<Integer> moved(List<Integer> next, int sequence, int to) {
            List<Integer> result = new ArrayList<>(next);
            result.set(sequence, to);
            return result;
        }

        private void addEntries(int place, At at) {
            for (Entry entry : free) {
                compiler.rules.add(place, entry.key, entry.value, after(at.next, at.count));
            }
            for (int s = 0; s < sequences.size(); s++) {
                if (at.next.get(s) < sequences.get(s).size()) {
                    compiler.rules.add(place, choice(s, at));
                }
            }
        }

        /** The next entry of a sequence or, where that one may be left out, one behind it. */
        private int choice(int s, At from) {
            Integer known = choices.get(new Place(s, from));
            if (known != null) {
                return known;
            }
            List<Entry> sequence = sequences.get(s);
            int first = compiler.rules.newNonterminal();
            int place = first;
            choices.put(new Place(s, from), first);
            for (int i = from.next.get(s); ; i++) {
                Entry entry = sequence.get(i);
                List<Integer> next = moved(from.next, s, i + 1);
                compiler.rules.add(place, entry.key, entry.value, after(next, from.count));
                if (entry.isRequired || i + 1 == sequence.size()) {
                    return first;
                }
                Place behind = new Place(s, new At(next, from.count));
                Integer shared = choices.get(behind);
                int following = shared == null ? compiler.rules.newNonterminal() : shared;
                compiler.rules.add(place, following);
                if (shared != null) {
                    return first;
                }
                choices.put(behind, following);
                place = following;
            }
        }
    }
}
