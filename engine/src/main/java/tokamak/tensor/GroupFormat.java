package tokamak.tensor;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/**
 * Blocks for the weights of AWQ, GPTQ, compressed-tensors and FP8 checkpoints, whose groups are not ggml's: as many numbers as
 * the checkpoint's group (or a part of it), its own scale, and its own zero point.
 *
 * <pre>
 * block: scale (float16 or float32)  zero point (a byte, where there is one)  codes, least significant bits first
 * value = scale * (code - zero)
 * </pre>
 *
 * @param kind what codes and scales are
 * @param blockSize 32, 64 or 128
 */
public record GroupFormat(Kind kind, int blockSize) {
    /** What codes and scales are. */
    public enum Kind {
        I4(4, Short.BYTES, Zero.HALF_RANGE),
        I8(8, Float.BYTES, Zero.HALF_RANGE),
        U2(2, Short.BYTES, Zero.STORED),
        U3(3, Short.BYTES, Zero.STORED),
        U4(4, Short.BYTES, Zero.STORED),
        U8(8, Float.BYTES, Zero.STORED),
        /** Codes are numbers of {@link DType#F8_E4M3}. */
        F8(8, Float.BYTES, Zero.NONE),
        /** Codes stand for {@link #normalFloats}, in 127ths. */
        NF4(4, Short.BYTES, Zero.NONE);

        private final int bits;
        private final int scaleBytes;
        private final Zero zero;

        Kind(int bits, int scaleBytes, Zero zero) {
            this.bits = bits;
            this.scaleBytes = scaleBytes;
            this.zero = zero;
        }

        public int bits() {
            return bits;
        }

        public int scaleBytes() {
            return scaleBytes;
        }

        /** Whether a block has a zero point of its own. */
        public boolean storesZero() {
            return zero == Zero.STORED;
        }

        /** Bytes before the codes. */
        public int headerBytes() {
            return scaleBytes + (storesZero() ? 1 : 0);
        }

        /** The type with blocks of {@code blockSize} numbers. */
        public DType dtype(int blockSize) {
            return DType.valueOf(name() + "_G" + blockSize);
        }
    }

    private enum Zero {
        NONE,
        HALF_RANGE,
        STORED
    }

    /** bitsandbytes' NF4 table times 127, rounded: off by at most a 250th of the largest, as activations are anyway. */
    private static final byte[] NORMAL_FLOATS = {-127, -88, -67, -50, -36, -23, -12, 0, 10, 20, 31, 43, 56, 71, 92, 127
    };

    private static final Map<DType, GroupFormat> ALL = all();

    private static Map<DType, GroupFormat> all() {
        Map<DType, GroupFormat> all = new EnumMap<>(DType.class);
        for (Kind kind : Kind.values()) {
            for (int blockSize = 32; blockSize <= 128; blockSize *= 2) {
                all.put(kind.dtype(blockSize), new GroupFormat(kind, blockSize));
            }
        }
        return all;
    }

    /** The format of a type, if it is one of these. */
    public static Optional<GroupFormat> of(DType dtype) {
        return Optional.ofNullable(ALL.get(dtype));
    }

    public DType dtype() {
        return kind.dtype(blockSize);
    }

    /** What the codes of {@link Kind#NF4} stand for, times 127. */
    public static byte[] normalFloats() {
        return NORMAL_FLOATS.clone();
    }

    void decode(MemorySegment source, long block, float[] target, int index) {
        float scale = scale(source, block);
        int zero = zero(source, block);
        long at = block + kind.headerBytes();
        int bits = kind.bits;
        long mask = codeMask(bits);
        for (int i = 0; i < blockSize; i += 8) {
            long codes = Long.expand(eightCodes(source, at + (long) i / 8 * bits, bits), mask);
            for (int k = 0; k < 8; k++) {
                int code = (int) (codes >>> 8 * k) & 0xFF;
                float number = switch (kind) {
                    case F8 -> PlainNumbers.e4m3Value(code);
                    case NF4 -> NORMAL_FLOATS[code];
                    case I4, I8, U2, U3, U4, U8 -> code - zero;
                };
                target[index + i + k] = scale * number;
            }
        }
    }

    private float scale(MemorySegment source, long block) {
        return kind.scaleBytes == Short.BYTES ? LittleEndian.f16(source, block) : LittleEndian.f32(source, block);
    }

    private int zero(MemorySegment source, long block) {
        return switch (kind.zero) {
            case NONE -> 0;
            case HALF_RANGE -> 1 << kind.bits - 1;
            case STORED -> LittleEndian.u8(source, block + kind.scaleBytes);
        };
    }

    /** Eight codes of {@code bits} bits take as many bytes. */
    private static long eightCodes(MemorySegment source, long at, int bits) {
        long packed = 0;
        for (int i = bits - 1; i >= 0; i--) {
            packed = packed << 8 | LittleEndian.u8(source, at + i);
        }
        return packed;
    }

    /** The low {@code bits} bits of every byte. */
    private static long codeMask(int bits) {
        return ((1L << bits) - 1) * 0x0101_0101_0101_0101L;
    }

    /**
     * Writes one block.
     *
     * @param codes unsigned codes, a byte each, from {@code from} on
     * @param zero taken by the formats that store one
     */
    public void encode(byte[] codes, int from, float scale, int zero, MemorySegment target, long block) {
        if (kind.scaleBytes == Short.BYTES) {
            target.set(LittleEndian.SHORT, block, Float.floatToFloat16(scale));
        } else {
            target.set(LittleEndian.FLOAT, block, scale);
        }
        if (kind.storesZero()) {
            target.set(JAVA_BYTE, block + kind.scaleBytes, (byte) zero);
        }
        long at = block + kind.headerBytes();
        if (kind.bits == 8) {
            MemorySegment.copy(codes, from, target, JAVA_BYTE, at, blockSize);
            return;
        }
        long mask = codeMask(kind.bits);
        for (int i = 0; i < blockSize; i += 8) {
            long packed = Long.compress(Words.at(codes, from + i), mask);
            for (int k = 0; k < kind.bits; k++) {
                target.set(JAVA_BYTE, at++, (byte) (packed >>> 8 * k));
            }
        }
    }
}
