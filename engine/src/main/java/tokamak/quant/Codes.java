package tokamak.quant;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import tokamak.tensor.LittleEndian;
import tokamak.tensor.Tensor;

/** The codes of a matrix {@code [rows, columns]}, whatever their arrangement in the file. */
interface Codes {
    /** Unsigned codes of rows {@code [from, to)}, a byte each, row after row. */
    void read(int from, int to, byte[] target);

    /** GPTQ: words {@code [columns * bits / 32, rows]}; a row's codes follow each other down its words without gaps. */
    static Codes packedDown(Tensor words, int bits, int columns) {
        int rows = Math.toIntExact(words.dim(1));
        MemorySegment data = words.data();
        int mask = (1 << bits) - 1;
        return (from, to, target) -> {
            for (int k = 0; k < columns; k++) {
                long bit = (long) k * bits;
                long word = (bit >> 5) * rows;
                int shift = (int) bit & 31;
                boolean straddles = shift + bits > 32;
                for (int row = from; row < to; row++) {
                    int code = data.getAtIndex(LittleEndian.INT, word + row) >>> shift;
                    if (straddles) {
                        code |= data.getAtIndex(LittleEndian.INT, word + rows + row) << 32 - shift;
                    }
                    target[(row - from) * columns + k] = (byte) (code & mask);
                }
            }
        };
    }

    /**
     * compressed-tensors, AWQ gemv: words {@code [rows, ...]}, a row's codes one after another.
     *
     * @param perWord codes that a word holds; 0: they go on from one word to the next without gaps
     */
    static Codes packedAlong(Tensor words, int bits, int columns, int perWord) {
        long wordsPerRow = words.dim(1);
        MemorySegment data = words.data();
        int mask = (1 << bits) - 1;
        return (from, to, target) -> {
            for (int row = from; row < to; row++) {
                long first = row * wordsPerRow;
                int at = (row - from) * columns;
                for (int k = 0; k < columns; k++) {
                    long bit = perWord == 0 ? (long) k * bits : 32L * (k / perWord) + (long) k % perWord * bits;
                    int shift = (int) bit & 31;
                    int code = data.getAtIndex(LittleEndian.INT, first + (bit >> 5)) >>> shift;
                    if (shift + bits > 32) {
                        code |= data.getAtIndex(LittleEndian.INT, first + (bit >> 5) + 1) << 32 - shift;
                    }
                    target[at + k] = (byte) (code & mask);
                }
            }
        };
    }

    /** AWQ gemm: words {@code [columns, rows / 8]}, eight rows' codes to a word in an order of their own. */
    static Codes interleaved(Tensor words, int columns) {
        long wordsPerColumn = words.dim(1);
        MemorySegment data = words.data();
        return (from, to, target) -> {
            for (int k = 0; k < columns; k++) {
                for (int row = from; row < to; row++) {
                    int word = data.getAtIndex(LittleEndian.INT, k * wordsPerColumn + row / 8);
                    target[(row - from) * columns + k] = (byte) (word >>> AwqScheme.shift(row) & 15);
                }
            }
        };
    }

    /** ModelOpt: bytes {@code [rows / 2, columns]} of two rows' signed codes each, the first in the lower half. */
    static Codes rowPairs(Tensor bytes, int columns) {
        MemorySegment data = bytes.data();
        return (from, to, target) -> {
            for (int row = from; row < to; row++) {
                int shift = row % 2 * 4;
                long first = row / 2 * (long) columns;
                for (int k = 0; k < columns; k++) {
                    target[(row - from) * columns + k] = (byte) ((data.get(JAVA_BYTE, first + k) >> shift & 15) ^ 8);
                }
            }
        };
    }

    /** Bytes {@code [rows, columns / 2]} of two columns' signed codes each, the first in the lower half. */
    static Codes columnPairs(Tensor bytes, int columns) {
        MemorySegment data = bytes.data();
        return (from, to, target) -> {
            for (int i = 0; i < (to - from) * columns; i++) {
                int pair = data.get(JAVA_BYTE, ((long) from * columns + i) / 2);
                target[i] = (byte) ((pair >> i % 2 * 4 & 15) ^ 8);
            }
        };
    }

    /** bitsandbytes: two to a byte, rows one after another. */
    static Codes highNibbleFirst(Tensor bytes, int columns) {
        MemorySegment data = bytes.data();
        return (from, to, target) -> {
            long first = (long) from * columns;
            for (int i = 0; i < (to - from) * columns; i++) {
                int pair = data.get(JAVA_BYTE, (first + i) / 2);
                target[i] = (byte) (pair >> ((first + i) % 2 == 0 ? 4 : 0) & 15);
            }
        };
    }

    /** A byte each; signed ones become unsigned by {@code flip}. */
    static Codes bytes(Tensor bytes, byte flip) {
        long columns = bytes.columns();
        MemorySegment data = bytes.data();
        return (from, to, target) -> {
            int count = (int) ((to - from) * columns);
            MemorySegment.copy(data, JAVA_BYTE, from * columns, target, 0, count);
            for (int i = 0; flip != 0 && i < count; i++) {
                target[i] ^= flip;
            }
        };
    }

    /** Whether any byte is E4M3's "not a number", 0x7F or 0xFF. */
    static boolean holdsNan(MemorySegment bytes) {
        long at = 0;
        for (; at + 8 <= bytes.byteSize(); at += 8) {
            long eight = bytes.get(LittleEndian.LONG, at) & 0x7F7F_7F7F_7F7F_7F7FL;
            if ((eight + 0x0101_0101_0101_0101L & 0x8080_8080_8080_8080L) != 0) {
                return true;
            }
        }
        for (; at < bytes.byteSize(); at++) {
            if ((bytes.get(JAVA_BYTE, at) & 0x7F) == 0x7F) {
                return true;
            }
        }
        return false;
    }
}
