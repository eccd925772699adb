package tokamak.text;

/**
 * Cuts a text at the matches of a pattern: takes matches from left to right, fills in what lies between, and passes on
 * the parts as the behaviour says. The five behaviours are those of the Hugging Face library.
 */
final class Cutter {
    enum Behavior {
        REMOVED,
        ISOLATED,
        MERGED_WITH_PREVIOUS,
        MERGED_WITH_NEXT,
        CONTIGUOUS
    }

    private final String text;
    private final int from;
    private final int to;
    private final boolean first;
    private final Behavior behavior;
    private final boolean invert; // matches are taken for what lies between, and the other way round
    private final PieceSink sink;

    private int done; // end of what has been seen
    private int heldFrom = -1; // a part that may still grow, or -1
    private int heldTo;
    private boolean heldMatch;

    Cutter(String text, int from, int to, boolean first, Behavior behavior, boolean invert, PieceSink sink) {
        this.text = text;
        this.from = from;
        this.to = to;
        this.first = first;
        this.behavior = behavior;
        this.invert = invert;
        this.sink = sink;
        done = from;
    }

    /** A match; it begins at or after the end of the one before. */
    void match(int start, int end) {
        if (start > done) {
            part(done, start, invert);
        }
        if (end > start) {
            part(start, end, !invert);
        }
        done = Math.max(done, end);
    }

    void finish() {
        if (done < to) {
            part(done, to, invert);
        }
        if (heldFrom >= 0) {
            emit(heldFrom, heldTo);
        }
    }

    private void emit(int start, int end) {
        sink.accept(text, start, end, first && start == from);
    }

    private void part(int start, int end, boolean match) {
        switch (behavior) {
            case ISOLATED -> emit(start, end);
            case REMOVED -> {
                if (!match) {
                    emit(start, end);
                }
            }
            case CONTIGUOUS -> hold(start, end, match, heldMatch == match);
            case MERGED_WITH_PREVIOUS -> hold(start, end, match, match && !heldMatch);
            case MERGED_WITH_NEXT -> hold(start, end, match, !match && heldMatch);
        }
    }

    /** Joins a part to the one held back, or lets that one go. */
    private void hold(int start, int end, boolean match, boolean join) {
        if (heldFrom >= 0 && join) {
            heldTo = end;
        } else {
            if (heldFrom >= 0) {
                emit(heldFrom, heldTo);
            }
            heldFrom = start;
            heldTo = end;
        }
        heldMatch = match;
    }
}
