package tokamak.grammar;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Puts the rules of a grammar into a {@link RuleBuilder}. Whatever does not refer to itself and is small becomes one expression:
 * a lexer follows it faster than Earley sets do.
 */
final class EbnfRules {
    /** Parts of an expression that rules are put into. */
    private static final int MAX_FOLDED = 400;

    /** Rules within rules that are looked into. */
    private static final int MAX_FOLDED_DEPTH = 60;

    private final RuleBuilder rules;
    private final RegexPool pool;
    private final Map<String, Ebnf> bodies;
    private final Map<String, Optional<Folded>> folded = new HashMap<>();
    private final Map<String, Integer> nonterminals = new HashMap<>();
    private final ArrayDeque<String> open = new ArrayDeque<>();

    /** @param size parts */
    private record Folded(Regex regex, int size) {}

    private EbnfRules(RuleBuilder rules, Map<String, Ebnf> bodies) {
        this.rules = rules;
        this.pool = rules.pool;
        this.bodies = bodies;
    }

    /**
     * Reads a grammar in the notation of llama.cpp or of Lark.
     *
     * @return a symbol for its start rule
     */
    static int compile(RuleBuilder rules, SpecialTokens specials, String text) {
        return text.contains("::=")
                ? compile(rules, new GbnfParser(text, rules.pool, specials).parse(), "root")
                : compile(rules, new LarkParser(text, rules.pool, specials).parse(), "start");
    }

    private static int compile(RuleBuilder rules, Map<String, Ebnf> bodies, String start) {
        if (!bodies.containsKey(start)) {
            throw new GrammarException("the grammar has no rule \"" + start + "\", with which it would begin");
        }
        EbnfRules compiler = new EbnfRules(rules, bodies);
        bodies.forEach(compiler::requireRules);
        int symbol = compiler.symbol(new Ebnf.Ref(start));
        while (!compiler.open.isEmpty()) {
            String name = compiler.open.pop();
            rules.add(compiler.nonterminals.get(name), compiler.symbol(bodies.get(name)));
        }
        return symbol;
    }

    private void requireRules(String rule, Ebnf body) {
        switch (body) {
            case Ebnf.Terminal _, Ebnf.Schema _ -> {}
            case Ebnf.Ref ref -> {
                if (!bodies.containsKey(ref.name())) {
                    throw new GrammarException("rule \"" + rule + "\" refers to \"" + ref.name()
                            + "\", which the grammar does not define");
                }
            }
            case Ebnf.Sequence sequence -> sequence.parts().forEach(part -> requireRules(rule, part));
            case Ebnf.Choice choice -> choice.parts().forEach(part -> requireRules(rule, part));
            case Ebnf.Repeat repeat -> requireRules(rule, repeat.part());
        }
    }

    // ---- folding

    private Optional<Folded> fold(Ebnf node, int depth) {
        return switch (node) {
            case Ebnf.Terminal terminal -> Optional.of(new Folded(terminal.regex(), 1));
            case Ebnf.Schema _ -> Optional.empty();
            case Ebnf.Ref ref -> foldRule(ref.name(), depth);
            case Ebnf.Sequence sequence ->
                foldAll(sequence.parts(), depth).map(all -> new Folded(pool.concat(regexes(all)), size(all)));
            case Ebnf.Choice choice ->
                foldAll(choice.parts(), depth).map(all -> new Folded(pool.or(regexes(all)), size(all)));
            case Ebnf.Repeat repeat ->
                fold(repeat.part(), depth)
                        .map(part -> new Folded(pool.repeat(part.regex, repeat.min(), repeat.max()), part.size + 1));
        };
    }

    private static List<Regex> regexes(List<Folded> parts) {
        return parts.stream().map(Folded::regex).toList();
    }

    private static int size(List<Folded> parts) {
        return 1 + parts.stream().mapToInt(Folded::size).sum();
    }

    private Optional<List<Folded>> foldAll(List<Ebnf> parts, int depth) {
        List<Folded> all = new ArrayList<>(parts.size());
        for (Ebnf part : parts) {
            Optional<Folded> one = fold(part, depth);
            if (one.isEmpty()) {
                return Optional.empty();
            }
            all.add(one.get());
        }
        return Optional.of(all);
    }

    private Optional<Folded> foldRule(String name, int depth) {
        Optional<Folded> known = folded.get(name);
        if (known != null) {
            return known;
        }
        if (depth > MAX_FOLDED_DEPTH) {
            return Optional.empty();
        }
        folded.put(name, Optional.empty()); // whatever refers to itself is not folded
        Optional<Folded> result = fold(bodies.get(name), depth + 1).filter(rule -> rule.size <= MAX_FOLDED);
        folded.put(name, result);
        return result;
    }

    // ---- rules

    private int symbol(Ebnf node) {
        Optional<Folded> whole = fold(node, 0);
        if (whole.isPresent()) {
            return rules.lexeme(whole.get().regex);
        }
        return switch (node) {
            case Ebnf.Terminal terminal -> rules.lexeme(terminal.regex());
            case Ebnf.Schema schema -> JsonSchemaRules.compile(rules, schema.schema(), true);
            case Ebnf.Ref ref -> nonterminal(ref.name());
            case Ebnf.Sequence sequence -> sequence(sequence.parts());
            case Ebnf.Choice choice -> choice(choice.parts());
            case Ebnf.Repeat repeat -> rules.repeat(symbol(repeat.part()), repeat.min(), repeat.max());
        };
    }

    private int nonterminal(String name) {
        return nonterminals.computeIfAbsent(name, key -> {
            open.push(name);
            return rules.newNonterminal();
        });
    }

    /** Neighbours that can be one expression are one. */
    private int sequence(List<Ebnf> parts) {
        List<Integer> symbols = new ArrayList<>();
        List<Regex> run = new ArrayList<>();
        for (Ebnf part : parts) {
            Optional<Folded> one = fold(part, 0);
            if (one.isPresent()) {
                run.add(one.get().regex);
            } else {
                endRun(run, symbols);
                symbols.add(symbol(part));
            }
        }
        endRun(run, symbols);
        int nonterminal = rules.newNonterminal();
        rules.add(nonterminal, symbols.stream().mapToInt(Integer::intValue).toArray());
        return nonterminal;
    }

    private void endRun(List<Regex> run, List<Integer> symbols) {
        if (!run.isEmpty()) {
            symbols.add(rules.lexeme(pool.concat(run)));
            run.clear();
        }
    }

    private int choice(List<Ebnf> parts) {
        int nonterminal = rules.newNonterminal();
        List<Regex> regular = new ArrayList<>();
        for (Ebnf part : parts) {
            Optional<Folded> one = fold(part, 0);
            if (one.isPresent()) {
                regular.add(one.get().regex);
            } else {
                rules.add(nonterminal, symbol(part));
            }
        }
        if (!regular.isEmpty()) {
            rules.add(nonterminal, rules.lexeme(pool.or(regular)));
        }
        return nonterminal;
    }
}
