package tokamak.grammar;

/** Counts what a step costs, so that no input can make it endless. */
final class Work {
    private int limit;
    private int left;

    /** Begins a new account. */
    void allow(int units) {
        limit = units;
        left = units;
    }

    void spend(int units) {
        left -= units;
        if (left < 0) {
            throw new GrammarException("the guide is too costly to follow: more than " + limit
                    + " units of work for one step; simplify its patterns, or bound their repetitions closer");
        }
    }
}
