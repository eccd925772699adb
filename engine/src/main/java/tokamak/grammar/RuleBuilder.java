package tokamak.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Collects context-free rules. A symbol is a number: nonterminals count up from 0, lexemes down from -1.
 */
final class RuleBuilder {
    final Work work = new Work();
    final RegexPool pool = new RegexPool(work);
    private final List<List<int[]>> rules = new ArrayList<>();
    private final List<Regex> lexemes = new ArrayList<>();
    private final Map<Regex, Integer> lexemeIds = new HashMap<>();
    private final List<String> warnings = new ArrayList<>();
    private final Map<Integer, Integer> budgets = new HashMap<>();
    private int numPositions;

    RuleBuilder() {
        work.allow(Limits.MAX_WORK_TO_COMPILE);
    }

    int newNonterminal() {
        spendPositions(1);
        rules.add(new ArrayList<>(2));
        return rules.size() - 1;
    }

    int lexeme(Regex regex) {
        return lexemeIds.computeIfAbsent(regex, key -> {
            lexemes.add(regex);
            return -lexemes.size();
        });
    }

    void add(int nonterminal, int... symbols) {
        spendPositions(symbols.length + 1);
        rules.get(nonterminal).add(symbols);
    }

    private void spendPositions(int count) {
        numPositions += count;
        if (numPositions > Limits.MAX_POSITIONS) {
            throw new GrammarException("the guide is too large: it needs more than " + Limits.MAX_POSITIONS
                    + " places in rules; lower its counts (such as minItems and maxItems), or split it");
        }
    }

    /**
     * A symbol for another one again and again.
     *
     * @param max at least {@code min}, or {@link Regex#UNBOUNDED}
     */
    int repeat(int symbol, int min, int max) {
        int rest = newNonterminal();
        add(rest);
        if (max == Regex.UNBOUNDED) {
            add(rest, symbol, rest);
        }
        for (int i = min; i < max; i++) {
            int more = newNonterminal();
            add(more);
            add(more, symbol, rest);
            rest = more;
        }
        for (int i = 0; i < min; i++) {
            int more = newNonterminal();
            add(more, symbol, rest);
            rest = more;
        }
        return rest;
    }

    /** A lexeme of its own for an expression of which at most so many tokens may come before its end is sought. */
    int lexemeWithBudget(Regex regex, int maxTokens) {
        lexemes.add(regex);
        budgets.put(lexemes.size() - 1, maxTokens);
        return -lexemes.size();
    }

    /** The most tokens by lexeme; empty if there are no budgets at all. */
    int[] budgets() {
        int[] byLexeme = new int[budgets.isEmpty() ? 0 : lexemes.size()];
        Arrays.fill(byLexeme, Integer.MAX_VALUE);
        budgets.forEach((lexeme, maxTokens) -> byLexeme[lexeme] = maxTokens);
        return byLexeme;
    }

    void warn(String warning) {
        if (warnings.size() < 100 && !warnings.contains(warning)) {
            warnings.add(warning);
        }
    }

    List<String> warnings() {
        return List.copyOf(warnings);
    }

    /**
     * Ends the collecting.
     *
     * @throws GrammarException if no text can match
     */
    RuleTable build(int start) {
        pool.freeze();
        work.allow(Limits.MAX_WORK_TO_COMPILE);
        boolean[] isVoid = new boolean[lexemes.size()];
        for (int i = 0; i < isVoid.length; i++) {
            isVoid[i] = pool.isVoid(lexemes.get(i));
        }
        RuleReducer reducer = new RuleReducer(rules, isVoid);
        if (!reducer.isProductive(start)) {
            throw new GrammarException("the guide contradicts itself: there is no text that it allows");
        }
        return RuleTable.of(reducer, lexemes.toArray(Regex[]::new), start);
    }
}
