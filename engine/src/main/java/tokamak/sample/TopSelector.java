package tokamak.sample;

import java.util.Arrays;

/**
 * Finds the largest numbers of an array, ties by lowest index, without sorting the rest: a heap of the best so far whose
 * root is the worst of them. Keeps its buffers; belongs to one thread.
 */
final class TopSelector {
    private int[] heap = new int[64];
    private int size;

    /** Selects the best {@code count} of {@code values[0 .. length)}, fewer if there are fewer; {@link #get} lists them. */
    void select(float[] values, int length, int count) {
        int wanted = Math.min(count, length);
        if (heap.length < wanted) {
            heap = new int[Math.max(wanted, Math.min(length, heap.length * 2))];
        }
        for (int i = 0; i < wanted; i++) {
            heap[i] = i;
        }
        size = wanted;
        for (int parent = wanted / 2 - 1; parent >= 0; parent--) {
            siftDown(values, parent, wanted);
        }
        if (wanted == 0) {
            return;
        }
        float worst = values[heap[0]];
        for (int i = wanted; i < length; i++) {
            // An equal number further on loses to the one already in.
            if (values[i] > worst) {
                heap[0] = i;
                siftDown(values, 0, wanted);
                worst = values[heap[0]];
            }
        }
        for (int end = wanted - 1; end > 0; end--) {
            swap(0, end);
            siftDown(values, 0, end);
        }
    }

    int size() {
        return size;
    }

    /** Index of the number with this rank, 0 for the largest. */
    int get(int rank) {
        return heap[rank];
    }

    private void siftDown(float[] values, int start, int length) {
        int parent = start;
        while (true) {
            int child = 2 * parent + 1;
            if (child >= length) {
                return;
            }
            if (child + 1 < length && isWorse(values, heap[child + 1], heap[child])) {
                child++;
            }
            if (isWorse(values, heap[parent], heap[child])) {
                return;
            }
            swap(parent, child);
            parent = child;
        }
    }

    private static boolean isWorse(float[] values, int a, int b) {
        return values[a] < values[b] || values[a] == values[b] && a > b;
    }

    private void swap(int a, int b) {
        int kept = heap[a];
        heap[a] = heap[b];
        heap[b] = kept;
    }

    @Override
    public String toString() {
        return Arrays.toString(Arrays.copyOf(heap, size));
    }
}
