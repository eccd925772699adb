package tokamak.schedule;

/**
 * One of those who share the engine, and what has been done for it: a virtual counter of weighted tokens (Sheng et al.,
 * Fairness in Serving Large Language Models). Who has the least is served first.
 */
final class Tenant {
    /** Stands where a sequence has no tenant yet. */
    static final Tenant NOBODY = new Tenant("", 0);

    final String name;
    /** Prompt tokens computed, plus twice the tokens generated. */
    long counter;
    /** Its sequences that wait or run. */
    int numActive;
    /** Its sequences that run. */
    int numRunning;

    Tenant(String name, long counter) {
        this.name = name;
        this.counter = counter;
    }
}
