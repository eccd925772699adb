package tokamak.grammar;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Follows one answer and says which tokens may come next. Used by one thread at a time: what another thread prepares is
 * handed over by whoever coordinates the two.
 *
 * <p>End tokens are allowed exactly where the text may end. Other special tokens are allowed where the guide names them.
 */
public final class Matcher {
    /** Tokens that {@link #rollback} can take back. */
    public static final int MAX_ROLLBACK = 64;

    public static final int NO_TOKEN = ForcedTokens.NONE;

    /** Which tokens a text may be made of where the guide leaves just one text. */
    enum Spelling {
        ANY,
        /** Those of {@link ForcedTokens}. */
        TOKENIZERS
    }

    private final Grammar grammar;
    private final TokenTable table;
    private final Spelling spelling;
    private final int[] stopIds;
    private final float[] stopLogits; // [stopIds]
    private final State[] past = new State[MAX_ROLLBACK]; // a ring
    private final int[] pastUsed = new int[MAX_ROLLBACK];
    private int numTokens;

    private State state;
    /** Tokens since the part with a budget began. */
    private int used;

    private boolean ended;
    private long @Nullable [] allowed;
    private @Nullable RuntimeException failure;

    Matcher(Grammar grammar, Spelling spelling, int[] stopIds) {
        this.grammar = grammar;
        this.spelling = spelling;
        this.table = grammar.table();
        this.stopIds = Arrays.stream(stopIds)
                .filter(id -> id >= 0 && id < table.numTokens)
                .distinct()
                .toArray();
        this.stopLogits = new float[this.stopIds.length];
        this.state = grammar.start();
    }

    /** Whether {@link #prepare} has nothing to do. */
    public boolean isPrepared() {
        return allowed != null || failure != null || forcedToken() != NO_TOKEN;
    }

    /** Works out which tokens may come next. Whatever goes wrong is thrown when they are asked for. */
    public void prepare() {
        if (!isPrepared()) {
            findAllowed();
        }
    }

    private void findAllowed() {
        try {
            Budgets.Part usedUp = usedUp();
            allowed = usedUp == null ? grammar.mask(state) : grammar.maskToEnd(state, usedUp.lexeme());
        } catch (Throwable e) {
            fail(e);
        }
    }

    /** The part that the text is in, if it has no tokens left. */
    private Budgets.@Nullable Part usedUp() {
        Budgets.Part part = grammar.budgetPart(state);
        return part != null && used >= part.maxTokens() ? part : null;
    }

    /** The token that comes next whatever the model says, {@link #NO_TOKEN} if it has a choice. */
    public int forcedToken() {
        if (spelling == Spelling.ANY || failure != null) {
            return NO_TOKEN;
        }
        try {
            return usedUp() == null ? grammar.forced(state) : NO_TOKEN;
        } catch (Throwable e) {
            fail(e);
            return NO_TOKEN;
        }
    }

    private void fail(Throwable why) {
        failure =
                why instanceof RuntimeException e ? e : new GrammarException("the guide could not be followed: " + why);
    }

    private long[] allowed() {
        if (allowed == null && failure == null) {
            findAllowed();
        }
        long[] mask = allowed;
        if (failure != null || mask == null) {
            throw failure != null ? failure : new IllegalStateException("nothing is prepared");
        }
        return mask;
    }

    /**
     * Sets the logits of all other tokens to minus infinity.
     *
     * @param logits [numTokens]
     * @throws GrammarException if the guide turned out to be too costly to follow
     */
    public void apply(float[] logits) {
        int forced = forcedToken();
        if (forced != NO_TOKEN) {
            float logit = logits[forced];
            Arrays.fill(logits, Float.NEGATIVE_INFINITY);
            logits[forced] = logit;
            return;
        }
        long[] mask = allowed();
        for (int i = 0; i < stopIds.length; i++) {
            stopLogits[i] = allowsStop(stopIds[i], mask) ? logits[stopIds[i]] : Float.NEGATIVE_INFINITY;
        }
        int count = Math.min(logits.length, table.numTokens);
        for (int word = 0; word << 6 < count; word++) {
            int base = word << 6;
            long forbidden = ~mask[word];
            if (forbidden == -1) {
                Arrays.fill(logits, base, Math.min(base + 64, count), Float.NEGATIVE_INFINITY);
                continue;
            }
            for (; forbidden != 0; forbidden &= forbidden - 1) {
                int id = base + Long.numberOfTrailingZeros(forbidden);
                if (id < count) {
                    logits[id] = Float.NEGATIVE_INFINITY;
                }
            }
        }
        Arrays.fill(logits, count, logits.length, Float.NEGATIVE_INFINITY);
        for (int i = 0; i < stopIds.length; i++) {
            logits[stopIds[i]] = stopLogits[i];
        }
    }

    /** Whether the token may come next in some spelling. */
    public boolean allows(int tokenId) {
        long[] mask = allowed();
        return isStop(tokenId) ? allowsStop(tokenId, mask) : tokenId < table.numTokens && hasBit(mask, tokenId);
    }

    private boolean allowsStop(int id, long[] mask) {
        return state.accepting || table.isSpecial(id) && hasBit(mask, id);
    }

    private static boolean hasBit(long[] mask, int id) {
        return (mask[id >>> 6] >>> id & 1) != 0;
    }

    private boolean isStop(int tokenId) {
        for (int id : stopIds) {
            if (id == tokenId) {
                return true;
            }
        }
        return false;
    }

    /**
     * Takes a token that has been chosen. One that is not allowed leads to where nothing is; what goes wrong is thrown when the
     * next tokens are asked for.
     */
    public void accept(int tokenId) {
        int slot = numTokens++ % MAX_ROLLBACK;
        past[slot] = state;
        pastUsed[slot] = used;
        allowed = null;
        if (ended || isStop(tokenId) && state.accepting) {
            ended = true;
            return;
        }
        try {
            Budgets.Part before = grammar.budgetPart(state);
            state = tokenId < table.numTokens ? grammar.step(state, tokenId) : State.DEAD;
            used = before != null && before.equals(grammar.budgetPart(state)) ? used + 1 : 0;
        } catch (Throwable e) {
            fail(e);
        }
    }

    /**
     * Forgets the last tokens.
     *
     * @param count at most {@link #MAX_ROLLBACK}
     */
    public void rollback(int count) {
        if (count < 0 || count > Math.min(numTokens, MAX_ROLLBACK)) {
            throw new IllegalArgumentException(count + " tokens can't be taken back of " + numTokens);
        }
        if (count > 0) {
            numTokens -= count;
            int slot = numTokens % MAX_ROLLBACK;
            state = past[slot];
            used = pastUsed[slot];
            ended = false;
            allowed = null;
            failure = null;
        }
    }

    /** Whether the text may end here. */
    public boolean isComplete() {
        return ended || state.accepting;
    }

    /** Whether the text is complete and nothing may follow. */
    public boolean isFinished() {
        if (ended) {
            return true;
        }
        if (failure != null || !state.accepting) {
            return false;
        }
        try {
            return !grammar.goesOn(state);
        } catch (Throwable e) {
            fail(e);
            return false;
        }
    }

    /** Whether the tokens so far are not the beginning of any text of the guide. */
    public boolean isDead() {
        return state == State.DEAD;
    }
}
