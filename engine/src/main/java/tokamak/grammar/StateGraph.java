package tokamak.grammar;

import java.nio.LongBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The Earley sets of a grammar and the bytes that lead from one to the next, made as they are needed and kept for
 * everybody. Without recursion in the grammar there are finitely many. What is kept is bounded: when it is too much, all of
 * it is forgotten; sets that somebody stands on stay valid.
 *
 * <p>Earley 1970; empty rules as Aycock and Horspool 2002; calls in last place see {@link Item}. Not thread-safe.
 */
final class StateGraph {
    /** A set, its key and its entry in the map, without what is in them. */
    private static final int STATE_BYTES = 500;

    private static final int ITEM_BYTES = 60;

    private final RuleTable rules;
    private final Lexer lexer;
    private final RegexPool pool;
    private final Work work;
    private final ByteClasses classes;
    private final Map<Kernel, State> states = new HashMap<>();
    private int nextId = State.FIRST_ID;
    private final Map<LongBuffer, long[]> masks = new HashMap<>();
    private long numBytes;
    /** Patterns as they were compiled: they are not forgotten. */
    private final long patternBytes;

    private final State start;

    /** What a set is made from; everything else in it follows. */
    private record Kernel(Set<Item> items, Set<Run> runs) {}

    StateGraph(RuleTable rules, RegexPool pool, Work work) {
        this.rules = rules;
        this.pool = pool;
        this.work = work;
        this.classes = pool.freeze();
        this.patternBytes = pool.numBytes();
        this.lexer = new Lexer(pool, work, rules.lexemes);
        work.allow(Limits.MAX_WORK_PER_STEP);
        // The start rule's result is never looked for: its origin says that the text is complete.
        this.start = close(new Kernel(Set.of(new Item(rules.start, -1, State.ROOT)), Set.of()));
    }

    State start() {
        return start;
    }

    ByteClasses classes() {
        return classes;
    }

    /** To be called before each mask and each token. */
    void beginWork() {
        work.allow(Limits.MAX_WORK_PER_STEP);
        if (numBytes() - patternBytes > Limits.MAX_KEPT_BYTES) {
            forget();
        }
    }

    private void forget() {
        states.values().forEach(State::forget);
        states.clear();
        start.forget();
        lexer.forget();
        pool.forget();
        masks.clear();
        numBytes = 0;
    }

    /** Approximate size of what is kept. */
    long numBytes() {
        return numBytes + lexer.numBytes() + Math.max(patternBytes, pool.numBytes());
    }

    /** @return the mask, or one like it that is kept already: many sets allow the same tokens */
    long[] keepMask(State state, long[] mask) {
        long[] known = masks.putIfAbsent(LongBuffer.wrap(mask), mask);
        if (known == null) {
            numBytes += (long) Long.BYTES * mask.length;
        }
        long[] kept = known == null ? mask : known;
        state.mask = kept;
        return kept;
    }

    State step(State from, int byteClass) {
        State to = from.next[byteClass];
        if (to == null) {
            to = computeStep(from, byteClass);
            from.next[byteClass] = to;
        }
        return to;
    }

    /** The state after one byte, {@link State#DEAD} if it can't follow. */
    State stepByte(State from, int value) {
        return from == State.DEAD ? from : step(from, classes.of(value));
    }

    boolean goesOn(State state) {
        Boolean known = state.goesOn;
        if (known == null) {
            known = false;
            for (int c = 0; c < classes.count() && !known; c++) {
                known = step(state, c) != State.DEAD;
            }
            state.goesOn = known;
        }
        return known;
    }

    /** The shortest bytes that end a lexeme which may begin here or has begun before. */
    byte[] shortestEnd(State state, int lexeme) {
        byte[] best = null;
        for (int i = -1; i < state.runs.length; i++) {
            LexState lexemes = i < 0 ? state.beginning : state.runs[i].lexemes();
            int index = Arrays.binarySearch(lexemes.lexemes, lexeme);
            byte[] way = index < 0 ? null : pool.shortest(lexemes.remaining[index]);
            if (way != null && (best == null || way.length < best.length)) {
                best = way;
            }
        }
        return best == null ? new byte[0] : best;
    }

    private State computeStep(State from, int byteClass) {
        Set<Item> items = new HashSet<>();
        Set<Run> runs = new LinkedHashSet<>();
        scan(from.beginning, from, byteClass, items, runs);
        for (Run run : from.runs) {
            scan(run.lexemes(), run.origin(), byteClass, items, runs);
        }
        work.spend(1 + items.size() + runs.size());
        if (items.isEmpty() && runs.isEmpty()) {
            return State.DEAD;
        }
        Kernel kernel = new Kernel(items, runs);
        State known = states.get(kernel);
        if (known == null) {
            known = close(kernel);
            states.put(kernel, known);
            numBytes += STATE_BYTES
                    + (long) Integer.BYTES * classes.count()
                    + (long) ITEM_BYTES * (items.size() + runs.size() + known.numItems());
        }
        return known;
    }

    private void scan(LexState lexemes, State origin, int byteClass, Set<Item> items, Set<Run> runs) {
        LexState after = lexer.step(lexemes, byteClass);
        if (after == lexer.dead) {
            return;
        }
        if (after.goesOn) {
            runs.add(new Run(after, origin));
        }
        for (int lexeme : after.accepted) {
            int symbol = ~lexeme;
            for (int i = origin.firstWaiting(symbol); origin.waitsFor(symbol, i); i++) {
                items.add(origin.item(i).advancedFrom(origin));
            }
        }
    }

    // ---- closing a set

    private State close(Kernel kernel) {
        return new Closure().of(kernel);
    }

    private final class Closure {
        private final Set<Item> seen = new HashSet<>();
        private final Set<Item> calls = new HashSet<>();
        private final ArrayDeque<Item> open = new ArrayDeque<>();
        private final List<Item> waiting = new ArrayList<>();
        private final TreeSet<Integer> lexemes = new TreeSet<>();
        private boolean accepting;

        State of(Kernel kernel) {
            kernel.items().forEach(this::add);
            while (!open.isEmpty()) {
                expand(open.pop());
            }
            int[] ids = lexemes.stream().mapToInt(Integer::intValue).toArray();
            LexState beginning = ids.length == 0 ? lexer.dead : lexer.start(ids);
            return new State(nextId++, waiting, rules, beginning, kernel.runs(), accepting, classes.count());
        }

        private void add(Item item) {
            if (seen.add(item)) {
                open.push(item);
                work.spend(1);
                if (seen.size() > Limits.MAX_ITEMS) {
                    throw new GrammarException("the guide is too ambiguous: more than " + Limits.MAX_ITEMS
                            + " ways to read the text so far");
                }
            }
        }

        private void expand(Item item) {
            int symbol = rules.symbolAt[item.position];
            if (symbol == RuleTable.END) {
                complete(item);
                return;
            }
            waiting.add(item);
            if (rules.isNullable(symbol)) {
                add(new Item(item.position + 1, item.result, item.origin));
            }
            if (symbol < 0) {
                lexemes.add(~symbol);
            } else {
                call(symbol, item);
            }
        }

        private void complete(Item item) {
            State origin = item.origin;
            if (origin == State.ROOT) {
                accepting = true;
            } else if (origin != State.HERE && seen.add(new Item(RuleTable.END, item.result, origin))) {
                // An empty rule's callers have been advanced when they were added.
                for (int i = origin.firstWaiting(item.result); origin.waitsFor(item.result, i); i++) {
                    add(origin.item(i).advancedFrom(origin));
                }
            }
        }

        private void call(int nonterminal, Item caller) {
            boolean isLast = rules.symbolAt[caller.position + 1] == RuleTable.END;
            boolean passesOn = isLast && caller.origin != State.HERE;
            int result = passesOn ? caller.result : nonterminal;
            State origin = passesOn ? caller.origin : State.HERE;
            if (calls.add(new Item(nonterminal, result, origin))) {
                for (int begin : rules.alternatives[nonterminal]) {
                    add(new Item(begin, result, origin));
                }
            }
        }
    }
}
