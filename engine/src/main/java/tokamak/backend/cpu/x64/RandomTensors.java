package tokamak.backend.cpu.x64;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import tokamak.tensor.DType;
import tokamak.tensor.Tensor;

/** Tensors of every format with random codes and scales of an ordinary size, to check kernels with. */
public final class RandomTensors {
    private RandomTensors() {}

    /**
     * {@code [rows, columns]}.
     *
     * @throws IllegalArgumentException for formats that no kernel covers
     */
    public static Tensor create(DType dtype, int rows, int columns, SplittableRandom random, Arena arena) {
        MemorySegment data = arena.allocate(dtype.bytes((long) rows * columns), 1);
        long blockBytes = dtype.blockBytes();
        for (long at = 0; at < data.byteSize(); at += blockBytes) {
            fillBlock(dtype, data, at, random);
        }
        return new Tensor("random", dtype, new long[] {rows, columns}, data);
    }

    private static void fillBlock(DType dtype, MemorySegment data, long at, SplittableRandom random) {
        for (int i = 0; i < dtype.blockBytes(); i++) {
            data.set(JAVA_BYTE, at + i, (byte) random.nextInt());
        }
        switch (dtype) {
            case F32 -> data.set(JAVA_FLOAT_UNALIGNED, at, (float) random.nextDouble(-1, 1));
            case F16 -> half(data, at, random);
            case BF16 -> {
                int bits = Float.floatToRawIntBits((float) random.nextDouble(-1, 1));
                data.set(JAVA_SHORT_UNALIGNED, at, (short) (bits >>> 16));
            }
            case F8_E4M3 -> data.set(JAVA_BYTE, at, (byte) (random.nextInt(0x7F) | random.nextInt(2) << 7));
            case Q8_0, Q4_0, Q5_0, IQ4_NL, IQ4_XS -> half(data, at, random);
            case Q4_1, Q5_1, Q4_K, Q5_K -> {
                half(data, at, random);
                half(data, at + 2, random);
            }
            case Q2_K -> {
                half(data, at + 80, random);
                half(data, at + 82, random);
            }
            case Q3_K -> half(data, at + 108, random);
            case Q6_K -> half(data, at + 208, random);
            case NF4_G32,
                    NF4_G64,
                    NF4_G128,
                    I4_G32,
                    I4_G64,
                    I4_G128,
                    U2_G32,
                    U2_G64,
                    U2_G128,
                    U3_G32,
                    U3_G64,
                    U3_G128,
                    U4_G32,
                    U4_G64,
                    U4_G128 -> half(data, at, random);
            case I8_G32, I8_G64, I8_G128, U8_G32, U8_G64, U8_G128 ->
                data.set(JAVA_FLOAT_UNALIGNED, at, (float) random.nextDouble(-0.1, 0.1));
            case F8_G32, F8_G64, F8_G128 -> {
                data.set(JAVA_FLOAT_UNALIGNED, at, (float) random.nextDouble(-0.1, 0.1));
                for (int i = Float.BYTES; i < dtype.blockBytes(); i++) {
                    data.set(JAVA_BYTE, at + i, (byte) (random.nextInt(0x7F) | random.nextInt(2) << 7));
                }
            }
            case MXFP4 -> data.set(JAVA_BYTE, at, (byte) random.nextInt(115, 130));
            case NVFP4 -> {} // any byte is a scale
            default -> throw new IllegalArgumentException(dtype + " is not made here");
        }
    }

    private static void half(MemorySegment data, long at, SplittableRandom random) {
        data.set(JAVA_SHORT_UNALIGNED, at, Float.floatToFloat16((float) random.nextDouble(-0.1, 0.1)));
    }
}
