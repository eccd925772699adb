package tokamak.grammar;

import java.util.HashSet;
import java.util.Set;

/**
 * Most tokens are plain: some letters, a space, a full stop. Inside a string all of them may follow, and to walk through them
 * one by one would be most of the work. If every plain character leads from a set to one and the same set, and so on for as
 * many characters as the longest of them has, then all plain tokens may follow: their mask is ready, and the walk is
 * over the rest (the idea is llguidance's slicer).
 */
final class PlainTokens {
    private static final int MANY = Integer.MAX_VALUE;
    private static final int NOT_PLAIN = 0;

    /** Kinds of plain characters; all of them have the characters beyond ASCII. */
    private enum Kind {
        /** What may stand in a JSON string as it is. */
        JSON,
        /** What is seldom special anywhere: letters, digits, space, and punctuation of sentences. */
        WORD;

        boolean hasAscii(int b) {
            return switch (this) {
                case JSON -> b >= 0x20 && b < 0x7f && b != '"' && b != '\\';
                case WORD ->
                    b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || " ,.'_-".indexOf(b) >= 0;
            };
        }
    }

    static final int NUM_KINDS = Kind.values().length;

    /** Plain tokens of at most so many characters, and the others. */
    private record Slice(Kind kind, int maxChars, long[] mask, TokenTrie others) {}

    private final TokenTrie all;
    private final Slice[] slices; // the larger first

    PlainTokens(TokenTable table) {
        this.all = new TokenTrie(table, id -> true);
        this.slices = new Slice[] {
            slice(table, Kind.JSON, MANY),
            slice(table, Kind.JSON, 16),
            slice(table, Kind.WORD, MANY),
            slice(table, Kind.WORD, 12),
            slice(table, Kind.WORD, 4)
        };
    }

    private static Slice slice(TokenTable table, Kind kind, int maxChars) {
        long[] mask = new long[table.numWords()];
        for (int id = 0; id < table.numTokens; id++) {
            int chars = countChars(table, id, kind);
            if (chars != NOT_PLAIN && chars <= maxChars) {
                mask[id >>> 6] |= 1L << id;
            }
        }
        return new Slice(kind, maxChars, mask, new TokenTrie(table, id -> (mask[id >>> 6] >>> id & 1) == 0));
    }

    /** Characters of a token that is plain and ends with a whole one. */
    private static int countChars(TokenTable table, int id, Kind kind) {
        int length = table.length(id);
        int chars = 0;
        int at = 0;
        while (at < length) {
            int b = table.byteAt(id, at++);
            if (b < 0x80) {
                if (!kind.hasAscii(b)) {
                    return NOT_PLAIN;
                }
            } else {
                Utf8Lead lead = Utf8Lead.of(b);
                if (lead == null || at + lead.numFollowing > length) {
                    return NOT_PLAIN;
                }
                for (int i = 0; i < lead.numFollowing; i++) {
                    int low = i == 0 ? lead.secondLow : 0x80;
                    int high = i == 0 ? lead.secondHigh : 0xbf;
                    int next = table.byteAt(id, at++);
                    if (next < low || next > high) {
                        return NOT_PLAIN;
                    }
                }
            }
            chars++;
        }
        return chars;
    }

    TokenTrie all() {
        return all;
    }

    /** The tokens that may follow a set; end tokens are not considered. */
    long[] mask(StateGraph graph, State state, int numWords) {
        State[] stack = new State[all.maxDepth() + 1];
        for (Slice slice : slices) {
            if (takes(graph, state, slice)) {
                long[] mask = slice.mask.clone();
                slice.others.walk(graph, state, stack, mask);
                return mask;
            }
        }
        long[] mask = new long[numWords];
        all.walk(graph, state, stack, mask);
        return mask;
    }

    private static boolean takes(StateGraph graph, State from, Slice slice) {
        State state = from;
        for (int i = 0; i < slice.maxChars; i++) {
            State next = afterPlain(graph, state, slice.kind);
            if (next == State.DEAD || i > 100 && slice.maxChars == MANY) {
                return false;
            }
            if (next == state) {
                return true;
            }
            state = next;
        }
        return true;
    }

    /** The set that every plain character leads to, DEAD if there is no such one. */
    private static State afterPlain(StateGraph graph, State state, Kind kind) {
        State known = state.afterPlain[kind.ordinal()];
        if (known == null) {
            known = new Common(graph).of(state, kind);
            state.afterPlain[kind.ordinal()] = known;
        }
        return known;
    }

    /** Looks for the one set that characters lead to. */
    private static final class Common {
        private final StateGraph graph;
        private State target = State.DEAD;
        private final Set<Place> seen = new HashSet<>();

        private record Place(State state, int numFollowing) {}

        Common(StateGraph graph) {
            this.graph = graph;
        }

        State of(State from, Kind kind) {
            for (int b = 0x7e; b >= 0x20; b--) {
                if (kind.hasAscii(b) && !leads(graph.stepByte(from, b))) {
                    return State.DEAD;
                }
            }
            for (Utf8Lead lead : Utf8Lead.values()) {
                for (int b = lead.low; b <= lead.high; b++) {
                    State after = graph.stepByte(from, b);
                    if (!follows(after, lead.secondLow, lead.secondHigh, lead.numFollowing)) {
                        return State.DEAD;
                    }
                }
            }
            return target;
        }

        private boolean leads(State to) {
            if (target == State.DEAD) {
                target = to;
            }
            return to == target && to != State.DEAD;
        }

        private boolean follows(State state, int low, int high, int numFollowing) {
            if (numFollowing == 0) {
                return leads(state);
            }
            boolean isFullRange = low == 0x80 && high == 0xbf;
            if (state == State.DEAD || isFullRange && !seen.add(new Place(state, numFollowing))) {
                return state != State.DEAD;
            }
            for (int b = low; b <= high; b++) {
                if (!follows(graph.stepByte(state, b), 0x80, 0xbf, numFollowing - 1)) {
                    return false;
                }
            }
            return true;
        }
    }
}
