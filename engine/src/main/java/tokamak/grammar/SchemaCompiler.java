package tokamak.grammar;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;

/**
 * Turns a JSON schema into rules for the texts of its valid instances.
 *
 * <p>A schema is a set of conditions; what must hold at a place is the union of such sets from wherever schemas apply there
 * ({@code allOf}, references, several {@code properties}). Every set becomes cases of leaves ({@link SchemaCases}), and is
 * compiled once: this is what makes recursive schemas finite. Scalars become one lexeme each, since all conditions on them
 * are regular; arrays and objects become rules.
 */
final class SchemaCompiler {
    private static final int MAX_COMPARED_SETS = 60;
    /** Beyond that, no step could tell them apart in its time. */
    private static final int MAX_COMPOUNDS = 6_000;
    /** Beyond that, arrays and objects that are given whole are texts in the spellings that writers use. */
    private static final int MAX_TAKEN_APART = 200;

    final RuleBuilder rules;
    final SchemaTerms terms = new SchemaTerms();
    final SchemaStrings strings;
    final JsonLayout layout;
    private final SchemaMode mode;
    private final NumberLanguage numbers;
    private final SchemaCases cases;
    private final SchemaReader reader;
    private final SchemaObjects objects;
    private final SchemaArrays arrays;
    private final Map<List<Integer>, Integer> symbols = new HashMap<>();
    private final Map<Set<?>, Integer> symbolsOfCases = new HashMap<>();
    private final ArrayDeque<Runnable> open = new ArrayDeque<>();
    private final int never;

    private SchemaCompiler(
            RuleBuilder rules, JsonNode schema, SchemaMode mode, SchemaOrder order, StringNotation notation) {
        this.rules = rules;
        this.mode = mode;
        this.strings = new SchemaStrings(rules.pool, notation, this::refuse);
        this.numbers = new NumberLanguage(rules.pool);
        this.layout = new JsonLayout(rules);
        this.reader = new SchemaReader(schema, terms, mode, rules);
        this.cases = new SchemaCases(terms, reader, mode, rules);
        this.objects = new SchemaObjects(this, order);
        this.arrays = new SchemaArrays(this);
        this.never = rules.newNonterminal();
    }

    /**
     * Adds rules for a schema.
     *
     * @return the nonterminal of its valid instances
     * @throws GrammarException if the schema is not valid, or says something that can't be followed
     */
    static int compile(RuleBuilder rules, JsonNode schema, SchemaMode mode, SchemaOrder order) {
        return compile(rules, schema, mode, order, JsonStrings.of(rules.pool));
    }

    /** The same with strings written in another way. */
    static int compile(
            RuleBuilder rules, JsonNode schema, SchemaMode mode, SchemaOrder order, StringNotation notation) {
        SchemaCompiler compiler = new SchemaCompiler(rules, schema, mode, order, notation);
        return compiler.start(List.of(compiler.reader.root()));
    }

    /**
     * Adds rules for a schema whose strings stand alone, without quotation marks.
     *
     * @param notStrings mask of the other kinds of values that there are
     * @param alone how a string is written that is the whole value
     * @param inside how strings in others are written
     */
    static int compileTagged(
            RuleBuilder rules,
            JsonNode schema,
            SchemaMode mode,
            int notStrings,
            StringNotation alone,
            StringNotation inside) {
        SchemaCompiler compiler = new SchemaCompiler(rules, schema, mode, SchemaOrder.AS_WRITTEN, inside);
        SchemaStrings strings = new SchemaStrings(rules.pool, alone, compiler::refuse);
        SchemaTerm root = compiler.reader.root();
        int symbol = rules.newNonterminal();
        List<Regex> texts = new ArrayList<>();
        for (SchemaCase each : compiler.cases.of(List.of(root))) {
            if ((each.types() & JsonTypes.STRING) != 0) {
                texts.add(strings.of(each.leavesAbout(JsonTypes.STRING)));
            }
        }
        rules.add(symbol, rules.lexeme(strings.string(rules.pool.or(texts))));
        if (notStrings != 0) {
            rules.add(symbol, compiler.start(List.of(root, compiler.terms.types(notStrings))));
        }
        return symbol;
    }

    private int start(List<SchemaTerm> parts) {
        int symbol = symbolOf(parts);
        while (!open.isEmpty()) {
            open.pop().run();
        }
        if (symbol >= 0) {
            return symbol;
        }
        int start = rules.newNonterminal();
        rules.add(start, symbol);
        return start;
    }

    /** What can't be followed is an error or, in lenient mode, ignored. */
    void refuse(GrammarException unsupported) {
        if (mode == SchemaMode.STRICT) {
            throw unsupported;
        }
        rules.warn(unsupported.getMessage() + "; it is ignored");
    }

    // ---- symbols

    /** The symbol of the values for which all of {@code parts} hold. */
    int symbolOf(Collection<SchemaTerm> parts) {
        TreeSet<Integer> ids = new TreeSet<>();
        for (SchemaTerm part : parts) {
            if (part == terms.nothing) {
                return never;
            }
            if (part != terms.everything) {
                ids.add(terms.id(part));
            }
        }
        List<Integer> key = List.copyOf(ids);
        Integer known = symbols.get(key);
        if (known == null) {
            known = symbolOfCases(cases.of(parts));
            symbols.put(key, known);
        }
        return known;
    }

    /** Leaves that concern a kind of values, and which kinds. */
    private record LeafSet(int types, Set<Integer> ids, List<SchemaTerm> leaves) {
        boolean contains(LeafSet other) {
            return (types & other.types) == other.types && other.ids.containsAll(ids);
        }

        @Override
        public boolean equals(Object object) {
            return object instanceof LeafSet other && types == other.types && ids.equals(other.ids);
        }

        @Override
        public int hashCode() {
            return 31 * ids.hashCode() + types;
        }
    }

    private int symbolOfCases(List<SchemaCase> found) {
        Set<LeafSet> sets = new LinkedHashSet<>();
        int types = 0;
        for (SchemaCase each : found) {
            types |= each.types();
        }
        for (int type : List.of(
                JsonTypes.NULL,
                JsonTypes.BOOLEAN,
                JsonTypes.NUMBER,
                JsonTypes.STRING,
                JsonTypes.ARRAY,
                JsonTypes.OBJECT)) {
            if ((types & type) != 0) {
                sets.addAll(widest(found, type));
            }
        }
        Integer known = symbolsOfCases.get(sets);
        if (known == null) {
            known = symbolOfSets(sets);
            symbolsOfCases.put(sets, known);
        }
        return known;
    }

    /** The sets of leaves about a kind of values, without those that others include. */
    private Collection<LeafSet> widest(List<SchemaCase> found, int type) {
        Set<LeafSet> all = new LinkedHashSet<>();
        for (SchemaCase each : mergeValues(found, type)) {
            int mask = each.types() & type;
            if (mask != 0) {
                List<SchemaTerm> leaves = each.leavesAbout(type);
                Set<Integer> ids = new HashSet<>();
                leaves.forEach(leaf -> ids.add(terms.id(leaf)));
                all.add(new LeafSet(mask, ids, leaves));
            }
        }
        for (LeafSet each : all) {
            if (each.ids.isEmpty() && each.types == type) {
                return List.of(each);
            }
        }
        if (all.size() > MAX_COMPARED_SETS) {
            return all;
        }
        List<LeafSet> kept = new ArrayList<>(all);
        kept.removeIf(each -> all.stream().anyMatch(other -> other != each && other.contains(each)));
        return kept;
    }

    /** Many cases of single values, as unions of constants have, become one of many values. */
    private static List<SchemaCase> mergeValues(List<SchemaCase> found, int type) {
        List<JsonNode> values = new ArrayList<>();
        List<SchemaCase> result = new ArrayList<>();
        for (SchemaCase each : found) {
            List<SchemaTerm> leaves = each.leavesAbout(type);
            if (leaves.size() == 1 && leaves.getFirst() instanceof SchemaTerm.Values only) {
                values.addAll(JsonTypes.only(only.values(), each.types() & type));
            } else {
                result.add(each);
            }
        }
        if (found.size() < 3 || values.isEmpty()) {
            return found;
        }
        result.add(new SchemaCase(type, List.of(new SchemaTerm.Values(values))));
        return result;
    }

    private int symbolOfSets(Collection<LeafSet> sets) {
        List<Integer> alternatives = new ArrayList<>();
        List<LeafSet> compounds = new ArrayList<>();
        Map<Integer, List<Regex>> scalars = new LinkedHashMap<>();
        for (LeafSet set : sets) {
            if ((set.types & (JsonTypes.ARRAY | JsonTypes.OBJECT)) != 0) {
                Optional<Regex> whole = manyValues(set);
                whole.ifPresent(each -> alternatives.add(rules.lexeme(each)));
                if (whole.isEmpty()) {
                    compounds.add(set);
                }
            } else {
                int kind = (set.types & JsonTypes.NUMBER) != 0 ? JsonTypes.NUMBER : set.types;
                scalars.computeIfAbsent(kind, key -> new ArrayList<>()).add(scalar(set));
            }
        }
        scalars.values().forEach(each -> alternatives.add(rules.lexeme(rules.pool.or(each))));
        if (compounds.size() > MAX_COMPOUNDS) {
            throw new GrammarException(
                    "the schema has " + compounds.size() + " different arrays or objects to choose from"
                            + " at one place (anyOf, oneOf), the limit is " + MAX_COMPOUNDS + "; combine or nest them");
        }
        if (compounds.isEmpty() && alternatives.size() == 1) {
            return alternatives.getFirst();
        }
        int symbol = rules.newNonterminal();
        alternatives.forEach(each -> rules.add(symbol, each));
        if (!compounds.isEmpty()) {
            open.add(() -> compounds.forEach(each -> addCompound(symbol, each)));
        }
        return symbol;
    }

    /** All values that a set allows, if it says nothing but which, and they are many. */
    private Optional<Regex> manyValues(LeafSet set) {
        if (set.leaves.size() != 1 || !(set.leaves.getFirst() instanceof SchemaTerm.Values values)) {
            return Optional.empty();
        }
        List<JsonNode> only = JsonTypes.only(values.values(), set.types);
        return only.size() <= MAX_TAKEN_APART ? Optional.empty() : Optional.of(strings.whole(only));
    }

    private Regex scalar(LeafSet set) {
        return switch (set.types) {
            case JsonTypes.NULL -> constants(set.leaves, "null");
            case JsonTypes.BOOLEAN -> constants(set.leaves, "true", "false");
            case JsonTypes.STRING -> strings.string(strings.of(set.leaves));
            default -> numbers.of(set.types, set.leaves);
        };
    }

    private Regex constants(List<SchemaTerm> leaves, String... names) {
        List<Regex> kept = new ArrayList<>();
        for (String name : names) {
            boolean isAllowed = leaves.stream().allMatch(leaf -> switch (leaf) {
                case SchemaTerm.Values values -> isAmong(name, values.values());
                case SchemaTerm.NotValues values -> !isAmong(name, values.values());
                default -> true;
            });
            if (isAllowed) {
                kept.add(rules.pool.literal(name));
            }
        }
        return rules.pool.or(kept);
    }

    private static boolean isAmong(String name, List<JsonNode> values) {
        return values.stream()
                .anyMatch(value -> (value.isNull() || value.isBoolean())
                        && value.toString().equals(name));
    }

    // ---- arrays and objects

    private void addCompound(int symbol, LeafSet set) {
        for (List<SchemaTerm> leaves : withoutValues(set)) {
            if ((set.types & JsonTypes.ARRAY) != 0) {
                arrays.addRules(symbol, leaves);
            } else {
                objects.addRules(symbol, leaves);
            }
        }
    }

    /** Values that are given whole are described by their parts, one after another. */
    private List<List<SchemaTerm>> withoutValues(LeafSet set) {
        Map<String, JsonNode> common = null;
        List<SchemaTerm> others = new ArrayList<>();
        for (SchemaTerm leaf : set.leaves) {
            if (leaf instanceof SchemaTerm.Values values) {
                Map<String, JsonNode> both = new LinkedHashMap<>();
                for (JsonNode value : JsonTypes.only(values.values(), set.types)) {
                    String key = JsonValues.key(value);
                    if (common == null || common.containsKey(key)) {
                        both.put(key, value);
                    }
                }
                common = both;
            } else {
                others.add(leaf);
            }
        }
        if (common == null) {
            return List.of(others);
        }
        List<List<SchemaTerm>> result = new ArrayList<>();
        for (JsonNode value : common.values()) {
            List<SchemaTerm> leaves = new ArrayList<>(others);
            leaves.addAll(((SchemaTerm.All) terms.shape(value)).parts());
            result.add(leaves);
        }
        return result;
    }

    /** What may stand between the quotes of a key whose text is valid for {@code schema}. */
    Regex keyText(SchemaTerm schema) {
        List<Regex> alternatives = new ArrayList<>();
        for (SchemaCase each : cases.of(List.of(schema))) {
            if ((each.types() & JsonTypes.STRING) != 0) {
                alternatives.add(strings.of(each.leavesAbout(JsonTypes.STRING)));
            }
        }
        return rules.pool.or(alternatives);
    }

    List<SchemaCase> casesOf(Collection<SchemaTerm> parts) {
        return cases.of(parts);
    }
}
