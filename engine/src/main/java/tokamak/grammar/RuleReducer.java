package tokamak.grammar;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * Drops the rules that lead to no text, so that whatever is begun can be ended. Linear in the size of the rules.
 */
final class RuleReducer {
    private final List<List<int[]>> rules;
    private final boolean[] isVoidLexeme;
    private final boolean[] productive;

    RuleReducer(List<List<int[]>> rules, boolean[] isVoidLexeme) {
        this.rules = rules;
        this.isVoidLexeme = isVoidLexeme;
        this.productive = new boolean[rules.size()];
        findProductive();
    }

    private record Use(int nonterminal, int[] count) {}

    private void findProductive() {
        List<List<Use>> usesOf = new ArrayList<>();
        for (int i = 0; i < productive.length; i++) {
            usesOf.add(new ArrayList<>(2));
        }
        ArrayDeque<Integer> found = new ArrayDeque<>();
        for (int n = 0; n < productive.length; n++) {
            for (int[] symbols : rules.get(n)) {
                if (hasVoidLexeme(symbols)) {
                    continue;
                }
                int[] missing = {0};
                for (int symbol : symbols) {
                    if (symbol >= 0) {
                        missing[0]++;
                        usesOf.get(symbol).add(new Use(n, missing));
                    }
                }
                if (missing[0] == 0) {
                    markProductive(n, found);
                }
            }
        }
        while (!found.isEmpty()) {
            for (Use use : usesOf.get(found.pop())) {
                if (--use.count[0] == 0) {
                    markProductive(use.nonterminal, found);
                }
            }
        }
    }

    private void markProductive(int nonterminal, ArrayDeque<Integer> found) {
        if (!productive[nonterminal]) {
            productive[nonterminal] = true;
            found.push(nonterminal);
        }
    }

    private boolean hasVoidLexeme(int[] symbols) {
        for (int symbol : symbols) {
            if (symbol < 0 && isVoidLexeme[~symbol]) {
                return true;
            }
        }
        return false;
    }

    int numNonterminals() {
        return rules.size();
    }

    boolean isProductive(int nonterminal) {
        return productive[nonterminal];
    }

    /** The alternatives of a nonterminal that some text matches. */
    List<int[]> alternatives(int nonterminal) {
        List<int[]> kept = new ArrayList<>();
        for (int[] symbols : rules.get(nonterminal)) {
            boolean isGood = !hasVoidLexeme(symbols);
            for (int symbol : symbols) {
                isGood &= symbol < 0 || productive[symbol];
            }
            if (isGood) {
                kept.add(symbols);
            }
        }
        return kept;
    }
}
