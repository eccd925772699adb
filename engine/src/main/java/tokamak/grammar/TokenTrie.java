package tokamak.grammar;

import java.util.Arrays;
import java.util.function.IntPredicate;

/**
 * Tokens as a tree by their bytes, in one array in the order of a walk that goes down first: a branch is a range, and to skip
 * it is a jump. The layout is that of llguidance (github.com/guidance-ai/llguidance).
 */
final class TokenTrie {
    private static final int NONE = TokenTable.NONE;

    private final byte[] value; // [numNodes]: the last byte
    private final short[] depth; // [numNodes]: how many bytes, from 1
    private final int[] end; // [numNodes]: the first node behind the branch
    private final int[] token; // [numNodes]: the first id, or NONE
    private final TokenTable table;
    private final int maxDepth;
    private final int numNodes;

    /** The tokens of a table for which {@code belongs} is true. */
    TokenTrie(TokenTable table, IntPredicate belongs) {
        int[] ids = Arrays.stream(table.sorted()).filter(belongs).toArray();
        int capacity = 0;
        int longest = 0;
        for (int i = 0; i < ids.length; i++) {
            capacity += table.length(ids[i]) - (i == 0 ? 0 : table.common(ids[i - 1], ids[i]));
            longest = Math.max(longest, table.length(ids[i]));
        }
        this.maxDepth = longest;
        this.numNodes = capacity;
        this.value = new byte[capacity];
        this.depth = new short[capacity];
        this.end = new int[capacity];
        this.token = new int[capacity];
        this.table = table;
        fill(ids);
    }

    private void fill(int[] ids) {
        int[] path = new int[maxDepth + 1]; // the open node at each depth
        int count = 0;
        int open = 0;
        for (int i = 0; i < ids.length; i++) {
            int id = ids[i];
            int common = i == 0 ? 0 : table.common(ids[i - 1], id);
            if (i > 0 && common == table.length(id)) {
                continue; // a twin of the one before
            }
            for (; open > common; open--) {
                end[path[open]] = count;
            }
            for (; open < table.length(id); open++) {
                path[open + 1] = count;
                value[count] = (byte) table.byteAt(id, open);
                depth[count] = (short) (open + 1);
                token[count++] = NONE;
            }
            token[path[open]] = id;
        }
        for (; open > 0; open--) {
            end[path[open]] = count;
        }
    }

    int maxDepth() {
        return maxDepth;
    }

    int numNodes() {
        return numNodes;
    }

    /**
     * Sets the bits of the tokens that may follow.
     *
     * @param stack room for {@code maxDepth() + 1}
     */
    void walk(StateGraph graph, State from, State[] stack, long[] mask) {
        ByteClasses classes = graph.classes();
        stack[0] = from;
        int node = 0;
        while (node < numNodes) {
            int d = depth[node];
            State to = graph.step(stack[d - 1], classes.of(value[node] & 0xff));
            if (to == State.DEAD) {
                node = end[node];
                continue;
            }
            stack[d] = to;
            if (token[node] != NONE) {
                table.mark(token[node], mask);
            }
            node++;
        }
    }

    /**
     * Whether a token may follow that begins with a part of a text and is longer.
     *
     * @param after the set after that part
     */
    boolean hasLonger(StateGraph graph, byte[] text, int from, int to, State after) {
        int node = -1;
        int first = 0;
        int stop = numNodes;
        for (int i = from; i < to; i++) {
            node = first;
            while (node < stop && value[node] != text[i]) {
                node = end[node];
            }
            if (node >= stop) {
                return false;
            }
            stop = end[node];
            first = node + 1;
        }
        return node >= 0 && hasAllowed(graph, node, after);
    }

    private boolean hasAllowed(StateGraph graph, int branch, State after) {
        ByteClasses classes = graph.classes();
        int base = depth[branch];
        State[] stack = new State[maxDepth + 1 - base];
        stack[0] = after;
        int node = branch + 1;
        while (node < end[branch]) {
            int d = depth[node] - base;
            State to = graph.step(stack[d - 1], classes.of(value[node] & 0xff));
            if (to == State.DEAD) {
                node = end[node];
                continue;
            }
            if (token[node] != NONE) {
                return true;
            }
            stack[d] = to;
            node++;
        }
        return false;
    }

    /** Sets the bits of the tokens that a text begins with. */
    void markPrefixes(byte[] text, long[] mask) {
        int node = 0;
        int stop = numNodes;
        for (byte b : text) {
            while (node < stop && value[node] != b) {
                node = end[node];
            }
            if (node >= stop) {
                return;
            }
            if (token[node] != NONE) {
                table.mark(token[node], mask);
            }
            stop = end[node];
            node++;
        }
    }
}
