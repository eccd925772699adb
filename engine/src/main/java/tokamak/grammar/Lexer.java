package tokamak.grammar;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** Follows several lexemes at once, byte by byte; its automaton is made as it is walked. */
final class Lexer {
    /** A state and its entry in the map. */
    private static final int STATE_BYTES = 200;

    private final RegexPool pool;
    private final Work work;
    private final Regex[] lexemes;
    private final int numClasses;
    private final Map<LexState, LexState> states = new HashMap<>();
    private long numBytes;
    final LexState dead;

    Lexer(RegexPool pool, Work work, Regex[] lexemes) {
        this.pool = pool;
        this.work = work;
        this.lexemes = lexemes;
        this.numClasses = pool.freeze().count();
        this.dead = new LexState(new int[0], new Regex[0], pool.empty, numClasses);
        Arrays.fill(dead.next, dead);
        states.put(dead, dead);
    }

    /** Before the first byte. */
    LexState start(int[] ids) {
        Regex[] remaining = new Regex[ids.length];
        for (int i = 0; i < ids.length; i++) {
            remaining[i] = lexemes[ids[i]];
        }
        return intern(ids, remaining);
    }

    private LexState intern(int[] ids, Regex[] remaining) {
        LexState fresh = new LexState(ids, remaining, pool.empty, numClasses);
        LexState known = states.putIfAbsent(fresh, fresh);
        if (known != null) {
            return known;
        }
        numBytes += STATE_BYTES + (long) Integer.BYTES * (numClasses + 3 * ids.length);
        return fresh;
    }

    LexState step(LexState from, int byteClass) {
        LexState to = from.next[byteClass];
        if (to == null) {
            to = computeStep(from, byteClass);
            from.next[byteClass] = to;
        }
        return to;
    }

    private LexState computeStep(LexState from, int byteClass) {
        int[] ids = new int[from.lexemes.length];
        Regex[] remaining = new Regex[ids.length];
        int count = 0;
        work.spend(1 + ids.length / 4);
        for (int i = 0; i < ids.length; i++) {
            Regex after = pool.derivative(from.remaining[i], byteClass);
            if (!pool.isVoid(after)) {
                ids[count] = from.lexemes[i];
                remaining[count++] = after;
            }
        }
        return count == 0 ? dead : intern(Arrays.copyOf(ids, count), Arrays.copyOf(remaining, count));
    }

    /** Approximate size of what is kept. */
    long numBytes() {
        return numBytes;
    }

    /** Lets go of every state that nobody else holds. */
    void forget() {
        for (LexState state : states.keySet()) {
            if (state != dead) {
                Arrays.fill(state.next, null);
            }
        }
        states.clear();
        states.put(dead, dead);
        numBytes = 0;
    }
}
