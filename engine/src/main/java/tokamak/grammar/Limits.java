package tokamak.grammar;

/**
 * What a hostile guide may cost. Reaching one is an error of the request that names the limit, never a hang.
 *
 * <p>Prices are orders of magnitude on one core of 2020 or later.
 */
final class Limits {
    /** Derivatives, lexer entries and Earley items worked out for one mask or token. Price: 10 per microsecond. */
    static final int MAX_WORK_PER_STEP = 400_000;

    /** The same while compiling, where empty languages are looked for. Price: 10 per microsecond. */
    static final int MAX_WORK_TO_COMPILE = 2_000_000;

    /** Nodes of regular expressions, as written and while compiling. Price: 150 bytes each. */
    static final int MAX_REGEX_NODES = 400_000;

    /** Alternatives of one regular expression node that are not literals. Price: quadratic in the worst case. */
    static final int MAX_ALTERNATIVES = 20_000;

    /** How deep a derivative may call itself. Price: a stack frame of 150 bytes each. */
    static final int MAX_REGEX_DEPTH = 1_000;

    /** Groups within groups in a pattern or grammar, schemas within schemas. Price: a few stack frames each. */
    static final int MAX_NESTING = 200;

    /** Places in all rules of a grammar. Price: 10 bytes each, and the time to go through them: 20 per microsecond. */
    static final int MAX_POSITIONS = 1_000_000;

    /** Items of one Earley set. Price: 60 bytes and 0.2 microseconds each. */
    static final int MAX_ITEMS = 100_000;

    /**
     * What a grammar keeps of what it found out: sets, automata, masks. Beyond that it forgets all of it. Price: this much for every
     * grammar that is followed, and as much again for the step that goes beyond.
     */
    static final long MAX_KEPT_BYTES = 48L << 20;

    /** Most characters of a guide. Price: 1 MB of schema takes about 100 ms. */
    static final int MAX_GUIDE_CHARS = 4 << 20;

    /** Most characters of a regular expression that is a guide of its own. Price: 1 microsecond each. */
    static final int MAX_PATTERN_CHARS = 250_000;

    private Limits() {}
}
