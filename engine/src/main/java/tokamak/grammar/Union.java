package tokamak.grammar;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Simplifies an OR: flat, without doubles, in a fixed order, {@code ax|bx} as {@code [ab]x}, and {@code r{2,4}x|r{3,6}x} as
 * {@code r{2,6}x}. The derivatives of bounded repetitions would be quadratic without the last.
 */
final class Union {
    private final RegexPool pool;
    private final TreeSet<Regex> kept = new TreeSet<>((a, b) -> Integer.compare(a.id, b.id));
    private @Nullable Regex universe;

    Union(RegexPool pool) {
        this.pool = pool;
    }

    Regex of(List<Regex> parts) {
        for (Regex part : parts) {
            if (part.kind == Regex.Kind.OR) {
                for (Regex each : part.parts) {
                    add(each);
                }
            } else {
                add(part);
            }
        }
        if (universe != null) {
            return universe;
        }
        if (kept.size() > 1) {
            mergeByTail();
        }
        if (kept.contains(pool.empty) && kept.stream().anyMatch(part -> part != pool.empty && part.nullable)) {
            kept.remove(pool.empty);
        }
        return switch (kept.size()) {
            case 0 -> pool.nothing;
            case 1 -> kept.getFirst();
            default -> pool.internOr(kept.toArray(Regex[]::new));
        };
    }

    private void add(Regex part) {
        if (part.kind == Regex.Kind.UNIVERSE) {
            universe = part;
        } else if (part != pool.nothing) {
            kept.add(part);
        }
    }

    private static Regex head(Regex part) {
        return part.kind == Regex.Kind.CONCAT ? part.parts[0] : part;
    }

    private Regex tail(Regex part) {
        return part.kind == Regex.Kind.CONCAT ? part.parts[1] : pool.empty;
    }

    private record Group(@Nullable Regex repeated, Regex tail) {}

    private void mergeByTail() {
        Map<Group, List<Regex>> groups = new HashMap<>();
        boolean hasDoubles = false;
        for (Regex part : kept) {
            Regex head = head(part);
            Group group = switch (head.kind) {
                case BYTES -> new Group(null, tail(part));
                case REPEAT -> new Group(head.parts[0], tail(part));
                case NOTHING, EMPTY, LITERAL, CONCAT, OR, AND, NOT, UNIVERSE, MULTIPLE -> null;
            };
            if (group != null) {
                List<Regex> members = groups.computeIfAbsent(group, key -> new ArrayList<>(1));
                members.add(part);
                hasDoubles |= members.size() > 1;
            }
        }
        if (hasDoubles) {
            groups.forEach((group, members) -> {
                if (members.size() > 1) {
                    merge(group, members);
                }
            });
        }
    }

    private void merge(Group group, List<Regex> members) {
        if (group.repeated == null) {
            members.forEach(kept::remove);
            ByteSet bytes = ByteSet.NONE;
            for (Regex member : members) {
                bytes = bytes.or(head(member).bytes);
            }
            kept.add(pool.concat(pool.bytes(bytes), group.tail));
            return;
        }
        List<Regex> byMin = new ArrayList<>(members);
        byMin.sort((a, b) -> Integer.compare(head(a).min, head(b).min));
        members.forEach(kept::remove);
        int min = head(byMin.getFirst()).min;
        int max = head(byMin.getFirst()).max;
        for (Regex member : byMin) {
            Regex head = head(member);
            if (max != Regex.UNBOUNDED && head.min > max + 1) {
                kept.add(pool.concat(pool.repeat(group.repeated, min, max), group.tail));
                min = head.min;
                max = head.max;
            } else if (max != Regex.UNBOUNDED) {
                max = head.max == Regex.UNBOUNDED ? Regex.UNBOUNDED : Math.max(max, head.max);
            }
        }
        kept.add(pool.concat(pool.repeat(group.repeated, min, max), group.tail));
    }
}
