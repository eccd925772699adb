package tokamak.grammar;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/** Rules for arrays: elements one after another, with what has been counted so far. */
final class SchemaArrays {
    private static final int MAX_UNIQUE_VALUES = 64;
    private static final int MAX_UNIQUE_PLACES = 5_000;

    private final SchemaCompiler compiler;

    SchemaArrays(SchemaCompiler compiler) {
        this.compiler = compiler;
    }

    /** @param leaves about arrays, without values */
    void addRules(int symbol, List<SchemaTerm> leaves) {
        new Chain(leaves).addRules(symbol);
    }

    /**
     * Where one is between two elements.
     *
     * @param index of the next element, up to where it stops to matter
     * @param counts how many elements match each {@code contains}, up to where it stops to matter
     * @param used numbers of the values that have come, if they must be unique
     */
    private record At(int index, List<Integer> counts, TreeSet<Integer> used) {}

    /** An element that may come, and where one is after it. */
    private record Step(int symbol, At to) {}

    private final class Chain {
        private final List<SchemaTerm.Elements> elements = new ArrayList<>();
        private final List<SchemaTerm.Contains> contains = new ArrayList<>();
        private int min;
        private int max = SchemaTerm.UNLIMITED;
        private String uniquePath = "";
        private int numFirst;
        private final Map<At, Integer> after = new HashMap<>();
        private final ArrayDeque<At> open = new ArrayDeque<>();
        private final Map<String, Integer> valueNumbers = new HashMap<>();

        Chain(List<SchemaTerm> leaves) {
            for (SchemaTerm leaf : leaves) {
                switch (leaf) {
                    case SchemaTerm.Elements each -> {
                        elements.add(each);
                        numFirst = Math.max(numFirst, each.first().size());
                    }
                    case SchemaTerm.NumElements each -> {
                        min = Math.max(min, each.min());
                        max = Math.min(max, each.max());
                    }
                    case SchemaTerm.Contains each -> contains.add(each);
                    case SchemaTerm.Unique each -> uniquePath = each.path();
                    default -> {}
                }
            }
            shorten();
            if (max <= 1) {
                uniquePath = "";
            } else if (!uniquePath.isEmpty() && !isUniqueCountable()) {
                compiler.refuse(SchemaPlace.unsupported(
                        uniquePath,
                        "uniqueItems",
                        "only for elements with few values, as enum gives, it is: at most " + MAX_UNIQUE_VALUES
                                + ", and " + MAX_UNIQUE_PLACES + " sets of them"));
                uniquePath = "";
            }
        }

        /** Whether there are few sets of values that may have come. */
        private boolean isUniqueCountable() {
            Set<String> all = new HashSet<>();
            for (int i = 0; i <= numFirst && i < max; i++) {
                Optional<Map<String, JsonNode>> values = finite(elementAt(i));
                if (values.isEmpty()) {
                    return false;
                }
                all.addAll(values.get().keySet());
            }
            double sets = 1;
            double ofSize = 1;
            for (int size = 1; size <= Math.min(all.size(), max); size++) {
                ofSize = ofSize * (all.size() - size + 1) / size;
                sets += ofSize;
            }
            return sets <= MAX_UNIQUE_PLACES;
        }

        /** An element that nothing can be ends the array before it. */
        private void shorten() {
            for (int i = 0; i <= numFirst && i < max; i++) {
                if (elementAt(i).contains(compiler.terms.nothing)) {
                    max = i;
                }
            }
        }

        private List<SchemaTerm> elementAt(int index) {
            List<SchemaTerm> all = new ArrayList<>();
            for (SchemaTerm.Elements each : elements) {
                all.add(index < each.first().size() ? each.first().get(index) : each.others());
            }
            return all;
        }

        void addRules(int symbol) {
            List<Integer> zeros = contains.stream().map(each -> 0).toList();
            At start = new At(0, zeros, new TreeSet<>());
            if (mayEnd(start)) {
                compiler.rules.add(symbol, compiler.layout.emptyArray);
            }
            if (max == 0) {
                return;
            }
            int first = compiler.rules.newNonterminal();
            compiler.rules.add(symbol, compiler.layout.openArray, first);
            addElements(first, start);
            while (!open.isEmpty()) {
                At at = open.pop();
                int place = after.get(at);
                if (mayEnd(at)) {
                    compiler.rules.add(place, compiler.layout.closeArray);
                }
                if (at.index < max) {
                    int next = compiler.rules.newNonterminal();
                    compiler.rules.add(place, compiler.layout.comma, next);
                    addElements(next, at);
                }
            }
        }

        private boolean mayEnd(At at) {
            boolean isEnough = at.index >= min;
            for (int i = 0; i < contains.size(); i++) {
                isEnough &= at.counts.get(i) >= contains.get(i).min();
            }
            return isEnough;
        }

        private void addElements(int place, At at) {
            for (Step step : steps(at)) {
                Integer known = after.get(step.to);
                if (known == null) {
                    known = compiler.rules.newNonterminal();
                    after.put(step.to, known);
                    open.push(step.to);
                }
                compiler.rules.add(place, step.symbol, known);
            }
        }

        private int nextIndex(int index) {
            return max == SchemaTerm.UNLIMITED ? Math.min(index + 1, Math.max(min, numFirst)) : index + 1;
        }

        private List<Step> steps(At at) {
            List<Step> steps = new ArrayList<>();
            addSteps(at, 0, elementAt(at.index), new ArrayList<>(), steps);
            return steps;
        }

        /** Decides for every {@code contains} whether the element counts. */
        private void addSteps(At at, int decided, List<SchemaTerm> element, List<Integer> counts, List<Step> steps) {
            if (decided == contains.size()) {
                addElement(at, element, List.copyOf(counts), steps);
                return;
            }
            SchemaTerm.Contains each = contains.get(decided);
            int count = at.counts.get(decided);
            boolean isBounded = each.max() != SchemaTerm.UNLIMITED;
            if (isBounded ? count < each.max() : count < each.min()) {
                List<SchemaTerm> matching = new ArrayList<>(element);
                matching.add(each.element());
                counts.addLast(count + 1);
                addSteps(at, decided + 1, matching, counts, steps);
                counts.removeLast();
            }
            List<SchemaTerm> other = new ArrayList<>(element);
            if (isBounded) {
                // Without an upper bound an element that is not counted may match as well: this is simpler, and the
                // same.
                other.add(compiler.terms.not(each.element(), "#"));
            }
            counts.addLast(count);
            addSteps(at, decided + 1, other, counts, steps);
            counts.removeLast();
        }

        private void addElement(At at, List<SchemaTerm> element, List<Integer> counts, List<Step> steps) {
            if (element.contains(compiler.terms.nothing)) {
                return;
            }
            int index = nextIndex(at.index);
            if (uniquePath.isEmpty()) {
                steps.add(new Step(compiler.symbolOf(element), new At(index, counts, at.used)));
                return;
            }
            Map<String, JsonNode> values = finite(element).orElseThrow();
            values.forEach((key, value) -> {
                int number = valueNumbers.computeIfAbsent(key, each -> valueNumbers.size());
                if (!at.used.contains(number)) {
                    TreeSet<Integer> used = new TreeSet<>(at.used);
                    used.add(number);
                    List<SchemaTerm> exactly = new ArrayList<>(element);
                    exactly.add(compiler.terms.value(key, value));
                    steps.add(new Step(compiler.symbolOf(exactly), new At(index, counts, used)));
                }
            });
        }

        /** All values that may come, if they are few and named. */
        private Optional<Map<String, JsonNode>> finite(List<SchemaTerm> element) {
            Map<String, JsonNode> values = new LinkedHashMap<>();
            for (SchemaCase each : compiler.casesOf(element)) {
                for (JsonNode value : valuesOf(each)) {
                    values.put(JsonValues.key(value), value);
                }
                boolean isFinite = each.leaves().stream().anyMatch(leaf -> leaf instanceof SchemaTerm.Values)
                        || (each.types() & ~(JsonTypes.NULL | JsonTypes.BOOLEAN)) == 0;
                if (!isFinite || values.size() > MAX_UNIQUE_VALUES) {
                    return Optional.empty();
                }
            }
            return Optional.of(values);
        }

        private static List<JsonNode> valuesOf(SchemaCase each) {
            for (SchemaTerm leaf : each.leaves()) {
                if (leaf instanceof SchemaTerm.Values values) {
                    return JsonTypes.only(values.values(), each.types());
                }
            }
            List<JsonNode> constants = new ArrayList<>();
            if ((each.types() & JsonTypes.BOOLEAN) != 0) {
                constants.add(JsonNodeFactory.instance.booleanNode(false));
                constants.add(JsonNodeFactory.instance.booleanNode(true));
            }
            if ((each.types() & JsonTypes.NULL) != 0) {
                constants.add(JsonNodeFactory.instance.nullNode());
            }
            return constants;
        }
    }
}
