package tokamak.grammar;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An Earley set: everything that may be true after the bytes so far. It refers to earlier sets by reference and to itself
 * by {@link #HERE}; so two that mean the same are equal, and {@link StateGraph} keeps one of them.
 */
final class State {
    // Before the sets that have it.
    private static final LexState NO_LEXEMES =
            new LexState(new int[0], new Regex[0], Regex.constant(0, Regex.Kind.EMPTY), 0);

    /** "This very set", as an origin. */
    static final State HERE = new State(0);

    /** Before all text, as an origin. */
    static final State ROOT = new State(1);

    /** What no text can reach. */
    static final State DEAD = new State(2);

    static final int FIRST_ID = 3;

    /** Nobody has asked for the forced token yet. */
    static final int UNKNOWN = -2;

    final int id;
    /** Items with a symbol behind the dot, by symbol. */
    private final Item[] items;

    private final int[] symbols; // [items]: the symbol behind the dot, ascending
    /** Lexemes that may begin here. */
    final LexState beginning;
    /** Lexemes that began before. */
    final Run[] runs;
    /** Whether the text may end here. */
    final boolean accepting;

    final @Nullable State[] next; // by byte class

    /** Allowed tokens without end tokens, if known. */
    volatile long @Nullable [] mask;

    /** Whether any byte may follow, if known. */
    @Nullable
    Boolean goesOn;

    /** The token that must follow; see {@link ForcedTokens}. */
    volatile int forced = UNKNOWN;

    /** The set after any plain character of a kind, DEAD if there is not just one; see {@link PlainTokens}. */
    final @Nullable State[] afterPlain = new State[PlainTokens.NUM_KINDS];

    private State(int id) {
        this.id = id;
        this.items = new Item[0];
        this.symbols = new int[0];
        this.beginning = NO_LEXEMES;
        this.runs = new Run[0];
        this.accepting = false;
        this.next = new State[0];
    }

    State(
            int id,
            List<Item> waiting,
            RuleTable rules,
            LexState beginning,
            Set<Run> runs,
            boolean accepting,
            int numClasses) {
        this.id = id;
        this.items = waiting.toArray(Item[]::new);
        Arrays.sort(items, Comparator.comparingInt(item -> rules.symbolAt[item.position]));
        this.symbols = new int[items.length];
        for (int i = 0; i < items.length; i++) {
            symbols[i] = rules.symbolAt[items[i].position];
        }
        this.beginning = beginning;
        this.runs = runs.toArray(Run[]::new);
        this.accepting = accepting;
        this.next = new State[numClasses];
    }

    /** The index of the first item that waits for a symbol; see {@link #waitsFor}. */
    int firstWaiting(int symbol) {
        int low = 0;
        int high = symbols.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (symbols[middle] < symbol) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    boolean waitsFor(int symbol, int index) {
        return index < symbols.length && symbols[index] == symbol;
    }

    int numItems() {
        return items.length;
    }

    Item item(int index) {
        return items[index];
    }

    void forget() {
        Arrays.fill(next, null);
        mask = null;
        goesOn = null;
        forced = UNKNOWN;
        Arrays.fill(afterPlain, null);
    }
}
