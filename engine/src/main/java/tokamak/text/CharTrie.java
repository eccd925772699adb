package tokamak.text;

import java.util.Arrays;

/** Strings with numbers, for finding all that begin at a place in a text. Children of a node lie side by side, sorted. */
final class CharTrie {
    private final char[] labels; // [numNodes], the character that leads to a node
    private final int[] firstChild; // [numNodes + 1], children of n are firstChild[n] until firstChild[n + 1]
    private final int[] values; // [numNodes], or -1
    private final int[] rootChild = new int[0x10000]; // the root's children by character, 0 where none

    /** Distinct strings in ascending order of their UTF-16, and the value (not negative) of each. */
    CharTrie(String[] sorted, int[] valueOf) {
        int nodes = 1;
        for (int i = 0; i < sorted.length; i++) {
            nodes += sorted[i].length() - (i == 0 ? 0 : common(sorted[i - 1], sorted[i]));
        }
        labels = new char[nodes];
        firstChild = new int[nodes + 1];
        values = new int[nodes];
        Arrays.fill(values, -1);
        // Breadth first: a queue of (range of strings, depth) in node order.
        int[] low = new int[nodes];
        int[] high = new int[nodes];
        int[] depth = new int[nodes];
        high[0] = sorted.length;
        int used = 1;
        for (int node = 0; node < nodes; node++) {
            firstChild[node] = used;
            int at = low[node];
            int end = high[node];
            int d = depth[node];
            if (at < end && sorted[at].length() == d) {
                values[node] = valueOf[at++];
            }
            while (at < end) {
                char label = sorted[at].charAt(d);
                int stop = at + 1;
                while (stop < end && sorted[stop].charAt(d) == label) {
                    stop++;
                }
                labels[used] = label;
                low[used] = at;
                high[used] = stop;
                depth[used] = d + 1;
                if (node == 0) {
                    rootChild[label] = used;
                }
                used++;
                at = stop;
            }
        }
        firstChild[nodes] = used;
    }

    private static int common(String a, String b) {
        int n = Math.min(a.length(), b.length());
        int i = 0;
        while (i < n && a.charAt(i) == b.charAt(i)) {
            i++;
        }
        return i;
    }

    /** The node reached from another (the root is 0) by a character, or 0. */
    int child(int node, char label) {
        if (node == 0) {
            return rootChild[label];
        }
        int low = firstChild[node];
        int high = firstChild[node + 1] - 1;
        while (low <= high) {
            int mid = (low + high) >>> 1;
            if (labels[mid] == label) {
                return mid;
            }
            if (labels[mid] < label) {
                low = mid + 1;
            } else {
                high = mid - 1;
            }
        }
        return 0;
    }

    /** The value of the string that ends in a node, or -1. */
    int value(int node) {
        return values[node];
    }
}
