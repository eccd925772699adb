package tokamak.grammar;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** How far the bytes so far have come in each of several lexemes at once: a state of a deterministic automaton. */
final class LexState {
    final int[] lexemes; // ascending
    final Regex[] remaining; // what must follow, by lexeme
    /** The lexemes that end here. */
    final int[] accepted;
    /** Whether one of them may go on. */
    final boolean goesOn;

    final @Nullable LexState[] next; // by byte class
    private final int hash;

    LexState(int[] lexemes, Regex[] remaining, Regex empty, int numClasses) {
        this.lexemes = lexemes;
        this.remaining = remaining;
        int[] ends = new int[lexemes.length];
        int numEnds = 0;
        boolean more = false;
        for (int i = 0; i < lexemes.length; i++) {
            if (remaining[i].nullable) {
                ends[numEnds++] = lexemes[i];
            }
            more |= remaining[i] != empty;
        }
        this.accepted = Arrays.copyOf(ends, numEnds);
        this.goesOn = more;
        this.next = new LexState[numClasses];
        this.hash = 31 * Arrays.hashCode(lexemes) + Arrays.hashCode(remaining);
    }

    @Override
    public int hashCode() {
        return hash;
    }

    @Override
    public boolean equals(@Nullable Object object) {
        return object instanceof LexState other
                && hash == other.hash
                && Arrays.equals(lexemes, other.lexemes)
                && Arrays.equals(remaining, other.remaining);
    }
}
