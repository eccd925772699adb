package tokamak.grammar;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tokamak.api.Guide;
import tokamak.text.Vocabulary;

/**
 * Compiles guides for one vocabulary, and keeps the last ones. Threads may share it.
 */
public final class GrammarCompiler {
    static final int MAX_KEPT = 128;
    static final long MAX_KEPT_BYTES = 64L << 20;

    private final SpecialTokens specials;
    private final TokenTable table;
    private final PlainTokens tokens;
    private final ForcedTokens forcedTokens;
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<Guide, Grammar> kept = new LinkedHashMap<>(16, 0.75f, true);

    /**
     * Takes about a second per million tokens.
     *
     * @param numTokens ids below this exist
     * @param spelling the tokens of a text in the middle of others; threads share it. Where their bytes are not the text's, the
     *     model chooses the spelling
     */
    public GrammarCompiler(Vocabulary vocabulary, int numTokens, Function<String, int[]> spelling) {
        this.specials = new SpecialTokens(vocabulary, numTokens);
        this.table = new TokenTable(vocabulary, numTokens);
        this.tokens = new PlainTokens(table);
        this.forcedTokens = new ForcedTokens(table, tokens.all(), spelling);
    }

    /**
     * A grammar for the guide, with its first mask worked out.
     *
     * @throws GrammarException if the guide is wrong, contradicts itself or costs too much
     */
    public Grammar compile(Guide guide) {
        Grammar known = find(guide);
        if (known != null) {
            return known;
        }
        try {
            RuleBuilder rules = new RuleBuilder();
            Grammar grammar =
                    new Grammar(rules, new GuideRules(rules, specials).start(guide), table, tokens, forcedTokens);
            grammar.mask(grammar.start());
            keep(guide, grammar);
            return grammar;
        } catch (StackOverflowError e) {
            throw new GrammarException("the guide is nested too deeply");
        }
    }

    public int numTokens() {
        return table.numTokens;
    }

    /** The token that is just this byte, if there is one. */
    public OptionalInt tokenOf(byte value) {
        return table.tokenOf(value);
    }

    private @Nullable Grammar find(Guide guide) {
        lock.lock();
        try {
            Grammar known = kept.get(guide);
            dropOldest();
            return known;
        } finally {
            lock.unlock();
        }
    }

    private void keep(Guide guide, Grammar grammar) {
        lock.lock();
        try {
            kept.put(guide, grammar);
            dropOldest();
        } finally {
            lock.unlock();
        }
    }

    /** They grow while they are followed: so it is looked at whenever one is asked for. */
    private void dropOldest() {
        long bytes = 0;
        List<Guide> newestFirst = new ArrayList<>(kept.keySet()).reversed();
        for (int i = 0; i < newestFirst.size(); i++) {
            bytes += kept.get(newestFirst.get(i)).numBytes();
            if (i >= MAX_KEPT || i > 0 && bytes > MAX_KEPT_BYTES) {
                kept.remove(newestFirst.get(i));
            }
        }
    }

    /** Grammars kept for who asks again, and about how many bytes they are. */
    Kept kept() {
        lock.lock();
        try {
            return new Kept(
                    kept.size(),
                    kept.values().stream().mapToLong(Grammar::numBytes).sum());
        } finally {
            lock.unlock();
        }
    }

    record Kept(int count, long numBytes) {}
}
