package tokamak.text.jinja;

/** Counts what one rendering has cost so far and stops it at the limits. */
final class Budget {
    private final Limits limits;
    private final long maxCells;
    private final long maxSteps;
    private long steps;
    private long cells;
    private int depth;

    Budget(Limits limits, long inputChars) {
        this.limits = limits;
        this.maxSteps = limits.maxSteps() + Limits.STEPS_PER_INPUT_CHAR * inputChars;
        this.maxCells = limits.maxCells() + Limits.CELLS_PER_INPUT_CHAR * inputChars;
    }

    /** Enters one evaluation; {@link #leave} ends it. An exception ends the whole rendering, so nothing needs a finally. */
    void enter() {
        enter(1);
    }

    /** The same for something that takes as much of the stack as {@code levels} usual evaluations. */
    void enter(int levels) {
        work(1);
        depth += levels;
        if (depth > limits.maxDepth()) {
            throw JinjaException.limit("more than " + limits.maxDepth()
                    + " evaluations are active at once: the template recurses without end, or too deeply");
        }
    }

    void leave() {
        leave(1);
    }

    void leave(int levels) {
        depth -= levels;
    }

    /** Counts work that takes time in proportion to {@code amount}. */
    void work(long amount) {
        steps += amount;
        if (steps > maxSteps) {
            throw JinjaException.limit("rendering took more than " + maxSteps + " steps");
        }
    }

    /** Counts a pass over {@code chars} characters that allocates nothing. */
    void scan(long chars) {
        if (chars >= 16) {
            work(chars >> 4);
        }
    }

    /** Counts characters or elements about to be created: call it before allocating. */
    void cells(long amount) {
        cells += amount;
        if (cells > maxCells || cells < 0) {
            throw JinjaException.limit("rendering created more than " + maxCells + " characters and elements");
        }
        scan(amount);
    }

    void elements(long amount) {
        cells(Math.multiplyExact(Math.min(amount, Integer.MAX_VALUE), 16L));
    }

    void output(long length) {
        if (length > limits.maxOutputChars()) {
            throw JinjaException.limit("the rendered text is longer than " + limits.maxOutputChars() + " characters");
        }
    }

    /** The check for recursion into values that contain values. */
    int deeper(int level) {
        if (level >= limits.maxNesting()) {
            throw JinjaException.limit("a value is nested deeper than " + limits.maxNesting());
        }
        work(1);
        return level + 1;
    }
}
