package tokamak.text.jinja;

/**
 * What one template may cost. The allowances of time and memory grow with the size of what is rendered, so that long conversations
 * need no other limits than short ones.
 *
 * @param maxSourceChars length of a template's text
 * @param maxNesting nesting of statements and expressions in a template, and of values in one another
 * @param maxSteps expressions and statements evaluated in one rendering, besides {@link #STEPS_PER_INPUT_CHAR} per input
 *     character; bulk work counts in proportion
 * @param maxDepth evaluations active at once (macros calling macros)
 * @param maxCells characters and list elements created in one rendering, besides {@link #CELLS_PER_INPUT_CHAR} per input character
 * @param maxOutputChars length of the rendered text
 */
public record Limits(
        int maxSourceChars, int maxNesting, long maxSteps, int maxDepth, long maxCells, int maxOutputChars) {
    static final int CELLS_PER_INPUT_CHAR = 64;
    static final int STEPS_PER_INPUT_CHAR = 16;

    /** Generous for every published chat template; a hostile one is stopped in about a second, within 200 MB. */
    public static final Limits DEFAULT = new Limits(1 << 20, 200, 2_000_000, 1200, 1L << 26, 1 << 26);

    public Limits {
        if (maxSourceChars < 1
                || maxNesting < 1
                || maxSteps < 1
                || maxDepth < 1
                || maxCells < 1
                || maxOutputChars < 1) {
            throw new IllegalArgumentException("every limit must be at least 1");
        }
    }
}
