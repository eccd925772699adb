package tokamak.grammar;

/**
 * Punctuation of JSON with the white space around it. How much of that is allowed is bounded, so that no model can lose itself
 * in it: one space, or a new line with an indentation.
 */
final class JsonLayout {
    /** Spaces or tabs after a new line. */
    private static final int MAX_INDENTATION = 40;

    final int openObject;
    final int closeObject;
    final int emptyObject;
    final int openArray;
    final int closeArray;
    final int emptyArray;
    final int comma;
    private final Regex colon;
    private final RegexPool pool;

    JsonLayout(RuleBuilder rules) {
        this.pool = rules.pool;
        Regex blank = pool.bytes(ByteSet.of(' ').or(ByteSet.of('\t')));
        Regex line = pool.concat(pool.optional(pool.literal("\r")), pool.literal("\n"));
        Regex indented = pool.concat(line, pool.repeat(blank, 0, MAX_INDENTATION));
        Regex gap = pool.or(pool.empty, pool.literal(" "), indented);
        this.openObject = rules.lexeme(pool.concat(pool.literal("{"), gap));
        this.closeObject = rules.lexeme(pool.concat(gap, pool.literal("}")));
        this.emptyObject = rules.lexeme(between("{", gap, "}"));
        this.openArray = rules.lexeme(pool.concat(pool.literal("["), gap));
        this.closeArray = rules.lexeme(pool.concat(gap, pool.literal("]")));
        this.emptyArray = rules.lexeme(between("[", gap, "]"));
        this.comma = rules.lexeme(pool.concat(pool.literal(","), gap));
        Regex space = pool.optional(pool.literal(" "));
        this.colon = pool.concat(space, pool.concat(pool.literal(":"), space));
    }

    private Regex between(String open, Regex gap, String close) {
        return pool.concat(pool.literal(open), pool.concat(gap, pool.literal(close)));
    }

    /** A key with what separates it from its value. */
    Regex withColon(Regex key) {
        return pool.concat(key, colon);
    }
}
