package tokamak.grammar;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Makes regular expressions, each only once, and their derivatives. The derivative of a language by a byte is what may follow
 * that byte: {@code d(ab*) / da = b*} (Brzozowski 1964). Simplifying while building keeps the number of derivatives small.
 */
final class RegexPool {
    private static final int MANY_PARTS = 8;

    /** An expression and its entry in the map. */
    private static final int NODE_BYTES = 150;

    private final Map<Regex, Regex> nodes = new HashMap<>();
    private final Map<ByteBuffer, byte[]> texts = new HashMap<>();
    private final Set<ByteSet> byteSets = new LinkedHashSet<>();
    private final Work work;
    private int numMade;
    /** Begins again at 0 when what was made is forgotten, as the next does. */
    private int numAlive;

    private long numBytes;

    private @Nullable ByteClasses classes;

    final Regex nothing;
    final Regex empty;

    RegexPool(Work work) {
        this.work = work;
        this.nothing = intern(Regex.constant(0, Regex.Kind.NOTHING));
        this.empty = intern(Regex.constant(1, Regex.Kind.EMPTY));
    }

    private Regex intern(Regex fresh) {
        Regex known = nodes.putIfAbsent(fresh, fresh);
        if (known != null) {
            return known;
        }
        if (fresh.depth > Limits.MAX_REGEX_DEPTH) {
            throw new GrammarException(
                    "a pattern is nested or repeated too deeply: more than " + Limits.MAX_REGEX_DEPTH + " levels");
        }
        if (numAlive++ > Limits.MAX_REGEX_NODES) {
            throw new GrammarException(
                    "the guide's patterns are too large: more than " + Limits.MAX_REGEX_NODES + " parts");
        }
        numMade++;
        numBytes += NODE_BYTES + (long) Integer.BYTES * fresh.parts.length;
        return fresh;
    }

    // ---- making

    Regex bytes(ByteSet set) {
        if (set.isEmpty()) {
            return nothing;
        }
        if (classes == null) {
            byteSets.add(set);
        }
        return intern(Regex.bytes(numMade, set));
    }

    Regex literal(byte[] text) {
        if (text.length == 0) {
            return empty;
        }
        if (classes == null) {
            for (byte b : text) {
                byteSets.add(ByteSet.of(b & 0xff));
            }
        }
        byte[] shared = texts.computeIfAbsent(ByteBuffer.wrap(text), ByteBuffer::array);
        return literal(shared, 0);
    }

    private Regex literal(byte[] text, int offset) {
        return text.length - offset == 1
                ? bytes(ByteSet.of(text[offset] & 0xff))
                : intern(Regex.literal(numMade, text, offset));
    }

    Regex literal(String text) {
        return literal(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Exactly these texts, as a tree by their first bytes: the size is that of the texts, the cost of a step is not. */
    Regex literals(Collection<byte[]> texts) {
        TreeSet<byte[]> sorted = new TreeSet<>(Arrays::compareUnsigned);
        sorted.addAll(texts);
        return literals(sorted.toArray(byte[][]::new), 0, sorted.size(), 0);
    }

    private Regex literals(byte[][] sorted, int from, int to, int offset) {
        if (to - from == 1) {
            byte[] only = sorted[from];
            return literal(Arrays.copyOfRange(only, offset, only.length));
        }
        // All share what the first and the last share.
        int common = from == to ? 0 : Arrays.mismatch(sorted[from], sorted[to - 1]) - offset;
        if (common > 0) {
            byte[] prefix = Arrays.copyOfRange(sorted[from], offset, offset + common);
            return concat(literal(prefix), literals(sorted, from, to, offset + common));
        }
        List<Regex> branches = new ArrayList<>();
        int i = from;
        while (i < to) {
            if (sorted[i].length == offset) {
                branches.add(empty);
                i++;
                continue;
            }
            int end = i + 1;
            while (end < to && sorted[end][offset] == sorted[i][offset]) {
                end++;
            }
            branches.add(concat(bytes(ByteSet.of(sorted[i][offset] & 0xff)), literals(sorted, i, end, offset + 1)));
            i = end;
        }
        return or(branches);
    }

    Regex concat(Regex first, Regex second) {
        if (first == nothing || second == nothing) {
            return nothing;
        }
        if (first == empty) {
            return second;
        }
        if (second == empty) {
            return first;
        }
        if (first.kind != Regex.Kind.CONCAT) {
            return intern(Regex.compound(numMade, Regex.Kind.CONCAT, first, second));
        }
        List<Regex> heads = new ArrayList<>();
        Regex rest = first;
        for (; rest.kind == Regex.Kind.CONCAT; rest = rest.parts[1]) {
            heads.add(rest.parts[0]);
        }
        work.spend(heads.size() / 8);
        Regex result = concat(rest, second);
        for (int i = heads.size() - 1; i >= 0; i--) {
            result = concat(heads.get(i), result);
        }
        return result;
    }

    Regex concat(List<Regex> parts) {
        Regex result = empty;
        for (int i = parts.size() - 1; i >= 0; i--) {
            result = concat(parts.get(i), result);
        }
        return result;
    }

    Regex or(Regex... parts) {
        return or(List.of(parts));
    }

    Regex or(List<Regex> parts) {
        if (parts.size() == 1) {
            return parts.getFirst();
        }
        return new Union(this).of(classes == null && parts.size() >= MANY_PARTS ? literalsAsTree(parts) : parts);
    }

    /** What is written as many alternatives is mostly a list of words. */
    private List<Regex> literalsAsTree(List<Regex> parts) {
        List<Regex> others = new ArrayList<>();
        List<byte[]> words = new ArrayList<>();
        for (Regex part : parts) {
            if (part.kind == Regex.Kind.LITERAL) {
                words.add(Arrays.copyOfRange(part.text, part.min, part.text.length));
            } else {
                others.add(part);
            }
        }
        if (words.size() < MANY_PARTS) {
            return parts;
        }
        others.add(literals(words));
        return others;
    }

    /** An OR of parts that are simplified, in order, and at least two. */
    Regex internOr(Regex[] parts) {
        work.spend(parts.length / 4);
        if (parts.length > Limits.MAX_ALTERNATIVES) {
            throw new GrammarException(
                    "a pattern has too many alternatives at one place: more than " + Limits.MAX_ALTERNATIVES);
        }
        return intern(Regex.compound(numMade, Regex.Kind.OR, parts));
    }

    Regex and(Regex... parts) {
        return and(List.of(parts));
    }

    Regex and(List<Regex> parts) {
        TreeSet<Regex> kept = new TreeSet<>((a, b) -> Integer.compare(a.id, b.id));
        Regex universe = null;
        ByteSet bytes = null;
        for (Regex part : parts) {
            for (Regex each : part.kind == Regex.Kind.AND ? part.parts : new Regex[] {part}) {
                if (each == nothing) {
                    return nothing;
                } else if (each.kind == Regex.Kind.UNIVERSE) {
                    universe = each;
                } else if (each.kind == Regex.Kind.NOT && each.parts[0] == nothing) {
                    universe = universe == null ? each : universe;
                } else if (each.kind == Regex.Kind.BYTES) {
                    bytes = bytes == null ? each.bytes : bytes.and(each.bytes);
                } else {
                    kept.add(each);
                }
            }
        }
        if (bytes != null) {
            kept.add(bytes(bytes));
        }
        if (universe != null && kept.stream().allMatch(part -> part.isNegative)) {
            kept.add(universe);
        }
        if (kept.contains(nothing)) {
            return nothing;
        }
        if (kept.contains(empty)) {
            return kept.stream().allMatch(part -> part.nullable) ? empty : nothing;
        }
        return kept.size() == 1
                ? kept.getFirst()
                : intern(Regex.compound(numMade, Regex.Kind.AND, kept.toArray(Regex[]::new)));
    }

    Regex not(Regex part) {
        return part.kind == Regex.Kind.NOT ? part.parts[0] : intern(Regex.compound(numMade, Regex.Kind.NOT, part));
    }

    Regex optional(Regex part) {
        return repeat(part, 0, 1);
    }

    Regex star(Regex part) {
        return repeat(part, 0, Regex.UNBOUNDED);
    }

    /** @param max at least {@code min}, or {@link Regex#UNBOUNDED} */
    Regex repeat(Regex part, int min, int max) {
        if (max == 0 || part == empty) {
            return empty;
        }
        if (part == nothing) {
            return min == 0 ? empty : nothing;
        }
        if (min == 1 && max == 1) {
            return part;
        }
        int least = part.nullable ? 0 : min;
        if (part.kind == Regex.Kind.UNIVERSE) {
            return part;
        }
        if (part.kind == Regex.Kind.REPEAT) {
            boolean isStar = part.min == 0 && part.max == Regex.UNBOUNDED;
            if (isStar) {
                return part;
            }
            if (max == Regex.UNBOUNDED && part.min <= 1 && min <= 1) {
                return repeat(part.parts[0], Math.min(part.min, least), Regex.UNBOUNDED);
            }
        }
        return intern(Regex.repeat(numMade, part, least, max));
    }

    /** See {@link Regex.Kind#UNIVERSE}. */
    Regex universe(Regex part) {
        return intern(Regex.compound(numMade, Regex.Kind.UNIVERSE, part));
    }

    Regex multiple(Multiple multiple) {
        if (classes == null) {
            for (char c = '0'; c <= '9'; c++) {
                byteSets.add(ByteSet.of(c));
            }
            byteSets.add(ByteSet.of('.'));
        }
        return intern(Regex.multiple(numMade, multiple));
    }

    // ---- derivatives

    /** Ends the making of new byte sets: from here on there are derivatives. */
    ByteClasses freeze() {
        if (classes == null) {
            classes = ByteClasses.of(byteSets);
        }
        return classes;
    }

    Regex derivative(Regex regex, int byteClass) {
        Regex[] known = regex.derivatives;
        if (known == null) {
            known = new Regex[freeze().count()];
            regex.derivatives = known;
            numBytes += (long) Integer.BYTES * known.length;
        }
        Regex result = known[byteClass];
        if (result == null) {
            work.spend(1);
            result = derive(regex, byteClass);
            known[byteClass] = result;
        }
        return result;
    }

    private Regex derive(Regex regex, int byteClass) {
        Regex[] parts = regex.parts;
        return switch (regex.kind) {
            case NOTHING, EMPTY -> nothing;
            case BYTES -> regex.bytes.contains(freeze().representative(byteClass)) ? empty : nothing;
            // Every byte of a literal has a class of its own.
            case LITERAL ->
                freeze().of(regex.text[regex.min] & 0xff) == byteClass ? literal(regex.text, regex.min + 1) : nothing;
            case CONCAT -> deriveConcat(regex, byteClass);
            case OR -> or(deriveAll(parts, byteClass));
            case AND -> and(deriveAll(parts, byteClass));
            case NOT -> not(derivative(parts[0], byteClass));
            case REPEAT ->
                concat(
                        derivative(parts[0], byteClass),
                        repeat(
                                parts[0],
                                Math.max(0, regex.min - 1),
                                regex.max == Regex.UNBOUNDED ? Regex.UNBOUNDED : regex.max - 1));
            case UNIVERSE -> concat(derivative(parts[0], byteClass), regex);
            case MULTIPLE -> deriveMultiple(regex, byteClass);
        };
    }

    private List<Regex> deriveAll(Regex[] parts, int byteClass) {
        List<Regex> results = new ArrayList<>(parts.length);
        work.spend(parts.length / 8);
        for (Regex part : parts) {
            results.add(derivative(part, byteClass));
        }
        return results;
    }

    /** A chain may be long, and its beginning may be skippable part by part: hence a loop. */
    private Regex deriveConcat(Regex regex, int byteClass) {
        List<Regex> results = new ArrayList<>(2);
        Regex rest = regex;
        while (rest.kind == Regex.Kind.CONCAT) {
            results.add(concat(derivative(rest.parts[0], byteClass), rest.parts[1]));
            if (!rest.parts[0].nullable) {
                return or(results);
            }
            rest = rest.parts[1];
        }
        results.add(derivative(rest, byteClass));
        return or(results);
    }

    private Regex deriveMultiple(Regex regex, int byteClass) {
        Multiple state = regex.multiple;
        int value = freeze().representative(byteClass);
        // Every byte that matters here has a class of its own.
        Multiple next = state == null ? null : state.after(value);
        return next == null ? nothing : multiple(next);
    }

    // ---- emptiness

    /** Whether no text at all matches. */
    boolean isVoid(Regex regex) {
        if (regex == nothing) {
            return true;
        }
        if (!regex.mayBeVoid || regex.nullable) {
            return false;
        }
        Boolean known = regex.isVoid;
        if (known == null) {
            known = findVoid(regex);
            regex.isVoid = known;
        }
        return known;
    }

    /** Only intersections and complements need a search, which ends sooner the less stands behind them. */
    private boolean findVoid(Regex regex) {
        return switch (regex.kind) {
            case CONCAT -> {
                Regex rest = regex;
                for (; rest.kind == Regex.Kind.CONCAT; rest = rest.parts[1]) {
                    if (isVoid(rest.parts[0])) {
                        yield true;
                    }
                }
                yield isVoid(rest);
            }
            case OR -> Arrays.stream(regex.parts).allMatch(this::isVoid);
            case REPEAT -> isVoid(regex.parts[0]);
            case NOTHING -> true;
            case EMPTY, BYTES, LITERAL, UNIVERSE -> false;
            case AND, NOT, MULTIPLE -> searchText(regex);
        };
    }

    /** Follows derivatives depth first until one matches the empty text. */
    private boolean searchText(Regex start) {
        Map<Regex, Regex> reachedFrom = new HashMap<>();
        ArrayDeque<Regex> open = new ArrayDeque<>();
        reachedFrom.put(start, start);
        open.push(start);
        int numClasses = freeze().count();
        while (!open.isEmpty()) {
            Regex regex = open.pop();
            for (int c = 0; c < numClasses; c++) {
                Regex next = derivative(regex, c);
                work.spend(1);
                if (next == nothing || Boolean.TRUE.equals(next.isVoid)) {
                    continue;
                }
                if (next.nullable || !next.mayBeVoid || Boolean.FALSE.equals(next.isVoid)) {
                    for (Regex r = regex; ; r = reachedFrom.get(r)) {
                        r.isVoid = false;
                        if (r == start) {
                            return false;
                        }
                    }
                }
                if (reachedFrom.putIfAbsent(next, regex) == null) {
                    open.push(next);
                }
            }
        }
        reachedFrom.keySet().forEach(regex -> regex.isVoid = true);
        return true;
    }

    /** A shortest text that matches; empty if none does. */
    byte[] shortest(Regex start) {
        Map<Regex, Arrival> arrivals = new HashMap<>();
        ArrayDeque<Regex> open = new ArrayDeque<>();
        arrivals.put(start, new Arrival(start, 0, 0));
        open.add(start);
        int numClasses = freeze().count();
        while (!open.isEmpty()) {
            Regex regex = open.remove();
            if (regex.nullable) {
                return wayTo(regex, arrivals);
            }
            for (int c = 0; c < numClasses; c++) {
                Regex next = derivative(regex, c);
                if (next != nothing
                        && arrivals.putIfAbsent(
                                        next,
                                        new Arrival(regex, freeze().representative(c), arrivals.get(regex).length + 1))
                                == null) {
                    open.add(next);
                }
            }
        }
        return new byte[0];
    }

    /** How a search came to an expression. */
    private record Arrival(Regex from, int value, int length) {}

    private static byte[] wayTo(Regex end, Map<Regex, Arrival> arrivals) {
        Arrival last = arrivals.get(end);
        byte[] way = new byte[last.length];
        for (int i = way.length - 1; i >= 0; i--) {
            way[i] = (byte) last.value;
            last = arrivals.get(last.from);
        }
        return way;
    }

    /** Whether the whole text matches. */
    boolean matches(Regex regex, byte[] text) {
        ByteClasses byteClasses = freeze();
        Regex state = regex;
        for (byte b : text) {
            state = derivative(state, byteClasses.of(b & 0xff));
        }
        return state.nullable;
    }

    // ---- memory

    /** Approximate size of what has been made and not been forgotten. */
    long numBytes() {
        return numBytes;
    }

    /** Lets go of every expression that nobody else holds. */
    void forget() {
        nodes.keySet().forEach(regex -> regex.derivatives = null);
        nodes.clear();
        nodes.put(nothing, nothing);
        nodes.put(empty, empty);
        numAlive = 2;
        numBytes = 0;
    }
}
