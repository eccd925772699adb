package tokamak.grammar;

/** A set of bytes, as 256 bits. */
record ByteSet(long w0, long w1, long w2, long w3) {
    static final ByteSet NONE = new ByteSet(0, 0, 0, 0);
    static final ByteSet ALL = new ByteSet(-1, -1, -1, -1);

    static ByteSet of(int value) {
        return range(value, value);
    }

    /** Both ends belong to it. */
    static ByteSet range(int low, int high) {
        return new ByteSet(bits(low, high, 0), bits(low, high, 64), bits(low, high, 128), bits(low, high, 192));
    }

    private static long bits(int low, int high, int base) {
        int from = Math.max(low - base, 0);
        int to = Math.min(high - base, 63);
        return from > to ? 0 : (-1L << from) & (-1L >>> (63 - to));
    }

    boolean contains(int value) {
        long word = switch (value >> 6) {
            case 0 -> w0;
            case 1 -> w1;
            case 2 -> w2;
            default -> w3;
        };
        return (word >>> (value & 63) & 1) != 0;
    }

    ByteSet or(ByteSet other) {
        return new ByteSet(w0 | other.w0, w1 | other.w1, w2 | other.w2, w3 | other.w3);
    }

    ByteSet and(ByteSet other) {
        return new ByteSet(w0 & other.w0, w1 & other.w1, w2 & other.w2, w3 & other.w3);
    }

    /** The only byte in it, {@link FirstByte#NONE} or {@link FirstByte#MANY}. */
    int only() {
        int count = Long.bitCount(w0) + Long.bitCount(w1) + Long.bitCount(w2) + Long.bitCount(w3);
        if (count != 1) {
            return count == 0 ? FirstByte.NONE : FirstByte.MANY;
        }
        int word = w0 != 0 ? 0 : w1 != 0 ? 1 : w2 != 0 ? 2 : 3;
        return 64 * word + Long.numberOfTrailingZeros(w0 | w1 | w2 | w3);
    }

    boolean isEmpty() {
        return (w0 | w1 | w2 | w3) == 0;
    }
}
