package tokamak.schedule;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Who comes first, of those who want more computed than the one token that every answer gets: the better priority; of
 * equal ones the tenant that has had less; of one tenant who came first.
 *
 * <p>Waiting improves a priority, so that nobody starves. It improves it for all who were given the same: else a tenant
 * whose requests pile up would overtake, by their age, those who send one at a time, whom the tenants' counters protect.
 */
final class ServingOrder {
    private final long agingNanos;
    private final Map<Integer, PriorityClass> classes = new HashMap<>();

    /** @param agingNanos waiting this long improves a priority by one */
    ServingOrder(long agingNanos) {
        this.agingNanos = agingNanos;
    }

    void enter(Sequence sequence) {
        sequence.priorityClass = classes.computeIfAbsent(sequence.request.priority(), PriorityClass::new);
        sequence.priorityClass.numActive++;
    }

    void leave(Sequence sequence) {
        if (--sequence.priorityClass.numActive == 0) {
            classes.remove(sequence.priorityClass.priority);
        }
    }

    void clear() {
        classes.clear();
    }

    /** Works the priorities out anew for this moment. */
    void age(List<Sequence> running, List<Sequence> waiting, long now) {
        forgetAge(running);
        forgetAge(waiting);
        for (int i = 0; i < running.size(); i++) {
            if (running.get(i).numRemaining() > 1) {
                noteAge(running.get(i), now);
            }
        }
        for (int i = 0; i < waiting.size(); i++) {
            noteAge(waiting.get(i), now);
        }
    }

    private static void forgetAge(List<Sequence> sequences) {
        for (int i = 0; i < sequences.size(); i++) {
            PriorityClass group = sequences.get(i).priorityClass;
            group.effectivePriority = group.priority;
        }
    }

    private void noteAge(Sequence sequence, long now) {
        PriorityClass group = sequence.priorityClass;
        long aged = group.priority - (now - sequence.arrivalNanos) / agingNanos;
        group.effectivePriority = Math.min(group.effectivePriority, aged);
    }

    static boolean isServedBefore(Sequence a, Sequence b) {
        long ofA = a.priorityClass.effectivePriority;
        long ofB = b.priorityClass.effectivePriority;
        if (ofA != ofB) {
            return ofA < ofB;
        }
        if (a.tenant.counter != b.tenant.counter) {
            return a.tenant.counter < b.tenant.counter;
        }
        return a.arrivalNumber < b.arrivalNumber;
    }

    /** Whether a keeps its memory rather than b: by the priorities with which they were started, then by arrival. */
    static boolean isKeptLonger(Sequence a, Sequence b) {
        return a.startPriority != b.startPriority
                ? a.startPriority < b.startPriority
                : a.arrivalNumber < b.arrivalNumber;
    }
}
