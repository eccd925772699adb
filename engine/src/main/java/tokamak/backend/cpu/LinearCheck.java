package tokamak.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import tokamak.backend.cpu.x64.Kernels;
import tokamak.backend.cpu.x64.PackedMatrix;
import tokamak.backend.cpu.x64.RandomTensors;
import tokamak.tensor.DType;
import tokamak.tensor.Dequantizers;
import tokamak.tensor.Tensor;

/**
 * Products of packed matrices against sums, in double, over the weights that {@code tensor} dequantises and the activations
 * as they are defined to be rounded. Errors are measured by the sum of the products' sizes.
 */
final class LinearCheck {
    /** Float32 sums of up to a thousand products. */
    static final double ALLOWED = 1e-5;

    private static final int GROUP = 32;
    private static final int[] BATCHES = {1, 2, 5, 16, 33};

    private final Kernels kernels;
    private final SplittableRandom random = new SplittableRandom(5);

    LinearCheck(Kernels kernels) {
        this.kernels = kernels;
    }

    /** All batch sizes on shapes whose rows and columns leave tails in every loop. */
    Deviation thorough(DType dtype) {
        Deviation deviation = new Deviation();
        for (int shape = 1; shape <= 3; shape++) {
            int columns = dtype.isBlocked() ? shape * dtype.blockSize() : 5 + 61 * shape;
            for (int tokens : BATCHES) {
                check(dtype, 17 * shape - 3, columns, tokens, deviation);
            }
        }
        return deviation;
    }

    /** A few milliseconds: enough to see an instruction that does not do what it should. */
    Deviation quick(DType dtype) {
        Deviation deviation = new Deviation();
        int columns = dtype.isBlocked() ? Math.max(64, dtype.blockSize()) : 37;
        check(dtype, 19, columns, 1, deviation);
        check(dtype, 19, columns, 5, deviation);
        check(dtype, 19, columns, 16, deviation);
        return deviation;
    }

    private void check(DType dtype, int rows, int columns, int tokens, Deviation deviation) {
        try (Arena arena = Arena.ofConfined()) {
            Tensor weight = RandomTensors.create(dtype, rows, columns, random, arena);
            float[] x = new float[tokens * columns];
            for (int i = 0; i < x.length; i++) {
                x[i] = (float) random.nextDouble(-2, 2);
            }
            float[] found = multiply(weight, x, tokens, arena);
            float[] rounded = switch (PackedMatrix.rounding(kernels, dtype)) {
                case NONE -> x;
                case BYTES -> rounded(x, columns);
                case BFLOAT16 -> roundedToBf16(x);
            };
            compare(weight, rounded, found, tokens, deviation);
        }
    }

    /** Rounding to 8 bits alone: the products with a unit matrix. */
    Deviation activations() {
        int columns = 96;
        double[] sizes = {1, 1e-20, 1e20, 0, 3};
        Deviation deviation = new Deviation();
        try (Arena arena = Arena.ofConfined()) {
            float[] x = new float[sizes.length * columns];
            for (int i = 0; i < x.length; i++) {
                x[i] = (float) (sizes[i / columns] * random.nextDouble(-1, 1));
            }
            float[] found = multiply(unitMatrix(columns, arena), x, sizes.length, arena);
            float[] expected = rounded(x, columns);
            for (int i = 0; i < x.length; i++) {
                deviation.add(expected[i], found[i], Math.abs(expected[i]));
            }
            deviation.countCase();
        }
        return deviation;
    }

    private static Tensor unitMatrix(int size, Arena arena) {
        DType dtype = DType.Q8_0;
        MemorySegment data = arena.allocate(dtype.bytes((long) size * size));
        short one = Float.floatToFloat16(1);
        for (long block = 0; block < data.byteSize(); block += dtype.blockBytes()) {
            data.set(JAVA_SHORT_UNALIGNED, block, one);
        }
        for (int i = 0; i < size; i++) {
            long block = (long) i * size / GROUP + i / GROUP;
            data.set(JAVA_BYTE, block * dtype.blockBytes() + Short.BYTES + i % GROUP, (byte) 1);
        }
        return new Tensor("unit matrix", dtype, new long[] {size, size}, data);
    }

    private float[] multiply(Tensor weight, float[] x, int tokens, Arena arena) {
        PackedMatrix matrix = PackedMatrix.allocate(kernels, weight, arena);
        matrix.pack(weight, 0, matrix.numPanels());
        int rows = (int) weight.rows();
        long xStride = weight.columns() * Float.BYTES;
        MemorySegment xs = arena.allocateFrom(JAVA_FLOAT, x);
        MemorySegment prepared = arena.allocate(matrix.activationBytes(tokens), 64);
        MemorySegment y = arena.allocate(JAVA_FLOAT, (long) rows * tokens);
        matrix.prepare(xs, 0, xStride, tokens, 0, tokens, prepared);
        matrix.multiply(prepared, tokens, y, 0, (long) rows * Float.BYTES, 0, matrix.numPanels());
        return y.toArray(JAVA_FLOAT);
    }

    private static void compare(Tensor weight, float[] x, float[] found, int tokens, Deviation deviation) {
        int columns = (int) weight.columns();
        int rows = (int) weight.rows();
        float[] w = new float[columns];
        for (int row = 0; row < rows; row++) {
            long from = row * weight.dtype().bytes(columns);
            Dequantizers.of(weight.dtype()).dequantize(weight.data(), from, w, 0, columns);
            for (int token = 0; token < tokens; token++) {
                double sum = 0;
                double size = 0;
                for (int k = 0; k < columns; k++) {
                    double product = (double) w[k] * x[token * columns + k];
                    sum += product;
                    size += Math.abs(product);
                }
                deviation.add(sum, found[token * rows + row], size);
            }
        }
        deviation.countCase();
    }

    /** To the nearest, ties to even: half a unit less a bit, and that bit if the last one kept is odd. */
    private static float[] roundedToBf16(float[] x) {
        float[] rounded = new float[x.length];
        for (int i = 0; i < x.length; i++) {
            int bits = Float.floatToRawIntBits(x[i]);
            rounded[i] = Float.intBitsToFloat(bits + 0x7FFF + (bits >>> 16 & 1) & 0xFFFF_0000);
        }
        return rounded;
    }

    /** Each number as a multiple of a 127th of the largest of its group of 32. */
    private static float[] rounded(float[] x, int columns) {
        float[] rounded = new float[x.length];
        for (int row = 0; row < x.length; row += columns) {
            for (int group = row; group < row + columns; group += GROUP) {
                float largest = 0;
                for (int i = group; i < group + GROUP; i++) {
                    largest = Math.max(largest, Math.abs(x[i]));
                }
                for (int i = group; i < group + GROUP; i++) {
                    rounded[i] = largest == 0 ? 0 : (float) (Math.rint(x[i] * (127f / largest)) * (largest / 127f));
                }
            }
        }
        return rounded;
    }
}
