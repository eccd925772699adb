package tokamak.grammar;

import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A compiled guide. What is found out about it while it is followed is kept for everybody, within bounds. Threads may share
 * it.
 */
public final class Grammar {
    private final ReentrantLock lock = new ReentrantLock();
    private final StateGraph graph;
    private final Budgets budgets;
    private final TokenTable table;
    private final PlainTokens tokens;
    private final ForcedTokens forcedTokens;
    private final List<String> warnings;

    Grammar(RuleBuilder rules, int start, TokenTable table, PlainTokens tokens, ForcedTokens forcedTokens) {
        this.graph = new StateGraph(rules.build(start), rules.pool, rules.work);
        this.budgets = new Budgets(rules.budgets());
        this.table = table;
        this.tokens = tokens;
        this.forcedTokens = forcedTokens;
        this.warnings = rules.warnings();
    }

    /** What the user should know about how the guide was read. */
    public List<String> warnings() {
        return warnings;
    }

    /**
     * Follows a new answer, in any spelling.
     *
     * @param stopIds token ids that end it
     */
    public Matcher matcher(int... stopIds) {
        return new Matcher(this, Matcher.Spelling.ANY, stopIds);
    }

    /**
     * Follows a new answer; where the guide leaves just one text it is spelled as the tokenizer spells it.
     *
     * @param stopIds token ids that end it
     */
    public Matcher spellingMatcher(int... stopIds) {
        return new Matcher(this, Matcher.Spelling.TOKENIZERS, stopIds);
    }

    State start() {
        return graph.start();
    }

    TokenTable table() {
        return table;
    }

    /** Approximate size of what is kept. */
    long numBytes() {
        lock.lock();
        try {
            return graph.numBytes();
        } finally {
            lock.unlock();
        }
    }

    /**
     * A bit for every token that may follow, end tokens left out; not to be changed.
     *
     * @throws GrammarException if finding out costs too much
     */
    long[] mask(State state) {
        long[] known = state.mask;
        if (known != null) {
            return known;
        }
        lock.lock();
        try {
            long[] mask = state.mask;
            if (mask == null) {
                graph.beginWork();
                mask = tokens.mask(graph, state, table.numWords());
                mask = graph.keepMask(state, mask);
            }
            return mask;
        } finally {
            lock.unlock();
        }
    }

    /**
     * The token that must follow, {@link Matcher#NO_TOKEN} if there is a choice.
     *
     * @throws GrammarException if finding out costs too much
     */
    int forced(State state) {
        int known = state.forced;
        if (known != State.UNKNOWN) {
            return known;
        }
        lock.lock();
        try {
            graph.beginWork();
            int forced = forcedTokens.find(graph, state);
            state.forced = forced;
            return forced;
        } finally {
            lock.unlock();
        }
    }

    /** The tokens that lie on the shortest way to the end of the part whose budget is used up. */
    long[] maskToEnd(State state, int lexeme) {
        lock.lock();
        try {
            graph.beginWork();
            long[] mask = new long[table.numWords()];
            tokens.all().markPrefixes(graph.shortestEnd(state, lexeme), mask);
            return mask;
        } finally {
            lock.unlock();
        }
    }

    /** The state after a token's bytes, {@link State#DEAD} if they can't follow. */
    State step(State from, int tokenId) {
        lock.lock();
        try {
            graph.beginWork();
            int length = table.length(tokenId);
            State state = length == 0 ? State.DEAD : from;
            for (int i = 0; i < length && state != State.DEAD; i++) {
                state = graph.stepByte(state, table.byteAt(tokenId, i));
            }
            return state;
        } finally {
            lock.unlock();
        }
    }

    /** Whether anything may follow. */
    boolean goesOn(State state) {
        Boolean known = state.goesOn;
        if (known != null) {
            return known;
        }
        lock.lock();
        try {
            graph.beginWork();
            return graph.goesOn(state);
        } finally {
            lock.unlock();
        }
    }

    /** A part with a budget that the text is in; null if there is none. */
    Budgets.@Nullable Part budgetPart(State state) {
        return budgets.find(state);
    }
}
