package tokamak.grammar;

import org.jspecify.annotations.Nullable;

/** Lexemes that may have only so many tokens. */
final class Budgets {
    private final @Nullable Part[] parts; // by lexeme

    /** @param maxTokens the budget */
    record Part(int lexeme, int maxTokens) {}

    /** @param maxTokens by lexeme, or nothing at all; the largest number is no budget */
    Budgets(int[] maxTokens) {
        this.parts = new Part[maxTokens.length];
        for (int i = 0; i < parts.length; i++) {
            parts[i] = maxTokens[i] == Integer.MAX_VALUE ? null : new Part(i, maxTokens[i]);
        }
    }

    /** The first part that the text is in, or that may begin; null if there is none. */
    @Nullable
    Part find(State state) {
        if (parts.length == 0) {
            return null;
        }
        Part found = find(state.beginning);
        for (int i = 0; i < state.runs.length && found == null; i++) {
            found = find(state.runs[i].lexemes());
        }
        return found;
    }

    private @Nullable Part find(LexState lexemes) {
        for (int i = 0; i < lexemes.lexemes.length; i++) {
            Part part = parts[lexemes.lexemes[i]];
            if (part != null && !lexemes.remaining[i].nullable) {
                return part;
            }
        }
        return null;
    }
}
