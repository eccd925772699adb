package tokamak.text;

import java.util.Arrays;

/** The buffers of one call to encode: bytes of a word, its symbols, the queue of merges. Grows to the longest word. */
final class Scratch {
    /** Ids so far. */
    final IdBuffer out = new IdBuffer();

    byte[] bytes = new byte[256];
    int numBytes;

    int[] symbols = new int[64];
    int numSymbols;

    int[] slots = new int[64]; // merge table slot of the pair that starts at a symbol
    int[] next = new int[0];
    int[] previous = new int[0];
    double[] scores = new double[0];
    final LongHeap heap = new LongHeap();

    /** Replaces {@link #bytes} by the UTF-8 of a part of a text that has no unpaired surrogates. */
    void setUtf8(String text, int from, int to) {
        numBytes = 0;
        appendUtf8(text, from, to);
    }

    void appendUtf8(String text, int from, int to) {
        ensureBytes(numBytes + (to - from) * 3);
        byte[] b = bytes;
        int n = numBytes;
        for (int i = from; i < to; i++) {
            char c = text.charAt(i);
            if (c < 0x80) {
                b[n++] = (byte) c;
            } else if (c < 0x800) {
                b[n++] = (byte) (0xC0 | c >> 6);
                b[n++] = (byte) (0x80 | c & 0x3F);
            } else if (Character.isHighSurrogate(c) && i + 1 < to) {
                int cp = Character.toCodePoint(c, text.charAt(++i));
                b[n++] = (byte) (0xF0 | cp >> 18);
                b[n++] = (byte) (0x80 | cp >> 12 & 0x3F);
                b[n++] = (byte) (0x80 | cp >> 6 & 0x3F);
                b[n++] = (byte) (0x80 | cp & 0x3F);
            } else {
                b[n++] = (byte) (0xE0 | c >> 12);
                b[n++] = (byte) (0x80 | c >> 6 & 0x3F);
                b[n++] = (byte) (0x80 | c & 0x3F);
            }
        }
        numBytes = n;
    }

    void ensureBytes(int length) {
        if (length > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(length, bytes.length * 2));
        }
    }

    void addSymbol(int id) {
        if (numSymbols == symbols.length) {
            symbols = Arrays.copyOf(symbols, numSymbols * 2);
            slots = new int[symbols.length];
        }
        symbols[numSymbols++] = id;
    }

    void ensureLinks(int length) {
        if (next.length < length) {
            next = new int[length];
            previous = new int[length];
        }
    }

    /** A binary heap of longs, smallest first. */
    static final class LongHeap {
        private long[] items = new long[64];
        private int size;

        boolean isEmpty() {
            return size == 0;
        }

        void add(long item) {
            if (size == items.length) {
                items = Arrays.copyOf(items, size * 2);
            }
            int at = size++;
            while (at > 0) {
                int parent = (at - 1) >>> 1;
                if (items[parent] <= item) {
                    break;
                }
                items[at] = items[parent];
                at = parent;
            }
            items[at] = item;
        }

        long removeFirst() {
            long first = items[0];
            long item = items[--size];
            int at = 0;
            int child = 1;
            while (child < size) {
                if (child + 1 < size && items[child + 1] < items[child]) {
                    child++;
                }
                if (items[child] >= item) {
                    break;
                }
                items[at] = items[child];
                at = child;
                child = 2 * at + 1;
            }
            items[at] = item;
            return first;
        }
    }
}
