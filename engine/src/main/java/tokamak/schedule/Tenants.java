package tokamak.schedule;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** All tenants that have work, and those that had and are still ahead of the others. */
final class Tenants {
    private final Map<String, Tenant> byName = new HashMap<>();
    private int numActive;

    /** One more sequence of this tenant waits. */
    Tenant enter(String name) {
        Tenant tenant = byName.computeIfAbsent(name, unknown -> new Tenant(unknown, 0));
        if (tenant.numActive == 0) {
            // Who was away has not saved up: it comes back level with the one that got least.
            tenant.counter = Math.max(tenant.counter, numActive == 0 ? 0 : leastActiveCounter());
            numActive++;
        }
        tenant.numActive++;
        return tenant;
    }

    /** One sequence less. */
    void leave(Tenant tenant) {
        if (--tenant.numActive > 0) {
            return;
        }
        numActive--;
        if (numActive == 0) {
            byName.clear();
        } else {
            // Names must not pile up: who is not ahead of the others has nothing to be remembered for.
            long least = leastActiveCounter();
            byName.values().removeIf(other -> other.numActive == 0 && other.counter <= least);
        }
    }

    private long leastActiveCounter() {
        long least = Long.MAX_VALUE;
        for (Tenant tenant : byName.values()) {
            if (tenant.numActive > 0) {
                least = Math.min(least, tenant.counter);
            }
        }
        return least;
    }

    int numKnown() {
        return byName.size();
    }

    void clear() {
        byName.clear();
        numActive = 0;
    }

    /** @throws IllegalStateException if the counts are not those of these sequences */
    void checkIntegrity(List<Sequence> running, List<Sequence> waiting) {
        Map<Tenant, Integer> runningOf = count(running);
        Map<Tenant, Integer> waitingOf = count(waiting);
        for (Tenant tenant : byName.values()) {
            int itsRunning = runningOf.getOrDefault(tenant, 0);
            int itsActive = itsRunning + waitingOf.getOrDefault(tenant, 0);
            if (tenant.numRunning != itsRunning || tenant.numActive != itsActive) {
                throw new IllegalStateException("tenant '" + tenant.name + "' counts " + tenant.numRunning
                        + " running of " + tenant.numActive + ", has " + itsRunning + " of " + itsActive);
            }
        }
        long active =
                byName.values().stream().filter(tenant -> tenant.numActive > 0).count();
        if (active != numActive) {
            throw new IllegalStateException(active + " tenants are active, counted " + numActive);
        }
    }

    private static Map<Tenant, Integer> count(List<Sequence> sequences) {
        Map<Tenant, Integer> counts = new HashMap<>();
        sequences.forEach(sequence -> counts.merge(sequence.tenant, 1, Integer::sum));
        return counts;
    }
}
