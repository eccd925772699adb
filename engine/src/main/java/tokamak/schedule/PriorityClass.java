package tokamak.schedule;

/** All sequences that were given the same priority: they age together, as the one does that waits longest. */
final class PriorityClass {
    /** Stands where a sequence has no class yet. */
    static final PriorityClass NONE = new PriorityClass(0);

    final int priority;
    /** Its sequences that wait or run. */
    int numActive;
    /** The priority, improved by the time that the first has waited of those that wait or have prompt left to compute. */
    long effectivePriority;

    PriorityClass(int priority) {
        this.priority = priority;
        this.effectivePriority = priority;
    }
}
