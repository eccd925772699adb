package tokamak.grammar;

import java.util.ArrayList;
import java.util.List;

/**
 * Context-free rules in flat arrays. A position is a dot in a rule: {@code symbolAt[position]} follows the dot, and
 * {@link #END} stands at the end of every rule.
 */
final class RuleTable {
    static final int END = Integer.MAX_VALUE;

    final int[] symbolAt; // [position]: nonterminals from 0 up, lexemes from -1 down, END
    final int[][] alternatives; // [nonterminal][]: positions where its rules begin
    final boolean[] nullableNonterminal;
    final Regex[] lexemes;
    /** The position before the start symbol in a rule of its own. */
    final int start;

    private RuleTable(int[] symbolAt, int[][] alternatives, boolean[] nullableNonterminal, Regex[] lexemes, int start) {
        this.symbolAt = symbolAt;
        this.alternatives = alternatives;
        this.nullableNonterminal = nullableNonterminal;
        this.lexemes = lexemes;
        this.start = start;
    }

    static RuleTable of(RuleReducer rules, Regex[] lexemes, int startSymbol) {
        List<int[]> all = new ArrayList<>();
        int[][] alternatives = new int[rules.numNonterminals()][];
        int numPositions = 0;
        for (int n = 0; n < alternatives.length; n++) {
            List<int[]> own = rules.alternatives(n);
            alternatives[n] = new int[own.size()];
            for (int i = 0; i < own.size(); i++) {
                alternatives[n][i] = numPositions;
                all.add(own.get(i));
                numPositions += own.get(i).length + 1;
            }
        }
        int[] symbolAt = new int[numPositions + 2];
        int at = 0;
        for (int[] symbols : all) {
            System.arraycopy(symbols, 0, symbolAt, at, symbols.length);
            at += symbols.length;
            symbolAt[at++] = END;
        }
        symbolAt[at] = startSymbol;
        symbolAt[at + 1] = END;
        boolean[] nullable = findNullable(symbolAt, alternatives, lexemes);
        return new RuleTable(symbolAt, alternatives, nullable, lexemes, at);
    }

    private static boolean[] findNullable(int[] symbolAt, int[][] alternatives, Regex[] lexemes) {
        boolean[] nullable = new boolean[alternatives.length];
        boolean changed = true;
        // From the last to the first: chains are built forwards, so that one or two rounds are enough.
        while (changed) {
            changed = false;
            for (int n = nullable.length - 1; n >= 0; n--) {
                for (int start : alternatives[n]) {
                    int at = start;
                    while (symbolAt[at] != END && isNullable(symbolAt[at], nullable, lexemes)) {
                        at++;
                    }
                    if (symbolAt[at] == END && !nullable[n]) {
                        nullable[n] = true;
                        changed = true;
                    }
                }
            }
        }
        return nullable;
    }

    private static boolean isNullable(int symbol, boolean[] nullable, Regex[] lexemes) {
        return symbol >= 0 ? nullable[symbol] : lexemes[~symbol].nullable;
    }

    boolean isNullable(int symbol) {
        return isNullable(symbol, nullableNonterminal, lexemes);
    }
}
