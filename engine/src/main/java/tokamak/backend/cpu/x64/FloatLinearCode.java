package tokamak.backend.cpu.x64;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import tokamak.tensor.DType;

/** Float weights of any width times float32 activations. */
final class FloatLinearCode implements LinearCode {
    private record ProductKey(FloatFormat format, int tokens) {}

    private record TransposeKey() {}

    private static final int E4M3_NAN = 0x7F;
    private static final int PACKED_AT_ONCE = 128;

    /** A part of a level-3 cache: a panel stays in level 2, and four bytes of activations per cycle are soon had. */
    private static final long NEAR_ACTIVATION_BYTES = 2048 * 1024;

    private final FloatFormat format;
    private final Kernels kernels;
    private final Routine transpose;
    private final LazyRoutines products;

    FloatLinearCode(FloatFormat format, Kernels kernels) {
        this.format = format;
        this.kernels = kernels;
        this.transpose = kernels.routine(new TransposeKey(), _ -> TransposeKernel.generate(kernels.system()));
        this.products = new LazyRoutines(maxTokens(), this::generate);
    }

    @Override
    public DType dtype() {
        return format.dtype;
    }

    @Override
    public int panelRows() {
        return FloatLinearKernel.panelRows(kernels.isa());
    }

    @Override
    public long panelBytes(long columns) {
        return steps(columns) * stepBytes();
    }

    /** Bytes of a panel's columns that the kernel's counter counts as one. */
    private long stepBytes() {
        int header = format.hasScales() ? Float.BYTES : 0;
        return panelRows() * ((long) header + format.unit() * format.bytes());
    }

    @Override
    public long steps(long columns) {
        return (columns + format.unit() - 1) / format.unit();
    }

    @Override
    public int maxTokens() {
        return FloatLinearKernel.maxTokens(kernels.isa());
    }

    @Override
    public long activationBytes(long columns) {
        return paddedColumns(columns) * Float.BYTES;
    }

    private long paddedColumns(long columns) {
        return steps(columns) * format.unit();
    }

    @Override
    public long nearActivationBytes() {
        return NEAR_ACTIVATION_BYTES;
    }

    @Override
    public Object activationForm() {
        return "float32";
    }

    /** An FP8 code that means "not a number" would come out as 480, and a scale that overflows is none. */
    @Override
    public boolean canPack(MemorySegment source) {
        return switch (format) {
            case F32, F16, BF16 -> true;
            case F8_E4M3 -> isAllNumbers(source, 0, source.byteSize());
            case F8_G32, F8_G64, F8_G128 -> {
                boolean can = true;
                long blockBytes = format.dtype.blockBytes();
                for (long block = 0; can && block < source.byteSize(); block += blockBytes) {
                    float scale = source.get(JAVA_FLOAT_UNALIGNED, block) * FloatLinearKernel.FP8_SHIFT;
                    can = Float.isFinite(scale) && isAllNumbers(source, block + Float.BYTES, block + blockBytes);
                }
                yield can;
            }
        };
    }

    private static boolean isAllNumbers(MemorySegment source, long from, long to) {
        for (long i = from; i < to; i++) {
            if ((source.get(JAVA_BYTE, i) & E4M3_NAN) == E4M3_NAN) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void packPanel(MemorySegment source, long rows, long columns, long firstRow, MemorySegment target) {
        int panelRows = (int) Math.min(panelRows(), rows - firstRow);
        if (format.hasScales()) {
            for (long block = 0; block < columns / format.unit(); block++) {
                for (int row = 0; row < panelRows; row++) {
                    long from = ((firstRow + row) * (columns / format.unit()) + block) * format.dtype.blockBytes();
                    packBlock(source, from, target, block * stepBytes(), row);
                }
            }
            return;
        }
        // stretch by stretch, so that what the rows write together stays in the nearest cache
        for (long from = 0; from < columns; from += PACKED_AT_ONCE) {
            long to = Math.min(from + PACKED_AT_ONCE, columns);
            for (int row = 0; row < panelRows; row++) {
                packStretch(source, (firstRow + row) * columns, from, to, target, row);
            }
        }
    }

    private void packStretch(MemorySegment source, long rowAt, long from, long to, MemorySegment target, int row) {
        int rows = panelRows();
        for (long k = from; k < to; k++) {
            switch (format) {
                case F32 -> {
                    int number = source.get(JAVA_INT_UNALIGNED, (rowAt + k) * 4);
                    target.set(JAVA_INT_UNALIGNED, (k * rows + row) * 4, number);
                }
                case F16 -> {
                    short number = source.get(JAVA_SHORT_UNALIGNED, (rowAt + k) * 2);
                    target.set(JAVA_SHORT_UNALIGNED, (k * rows + row) * 2, number);
                }
                case BF16 -> {
                    short number = source.get(JAVA_SHORT_UNALIGNED, (rowAt + k) * 2);
                    target.set(JAVA_SHORT_UNALIGNED, ((k / 2 * rows + row) * 2 + k % 2) * 2, number);
                }
                case F8_E4M3 -> target.set(JAVA_BYTE, k * rows + row, source.get(JAVA_BYTE, rowAt + k));
                case F8_G32, F8_G64, F8_G128 -> throw new IllegalStateException(format + " is packed by blocks");
            }
        }
    }

    private void packBlock(MemorySegment source, long from, MemorySegment target, long at, int row) {
        int rows = panelRows();
        float scale = source.get(JAVA_FLOAT_UNALIGNED, from) * FloatLinearKernel.FP8_SHIFT;
        target.set(JAVA_FLOAT_UNALIGNED, at + (long) row * Float.BYTES, scale);
        long codes = at + (long) rows * Float.BYTES + row;
        for (int k = 0; k < format.unit(); k++) {
            target.set(JAVA_BYTE, codes + (long) k * rows, source.get(JAVA_BYTE, from + Float.BYTES + k));
        }
    }

    @Override
    public void prepare(long x, long columns, long target, int tokens) {
        long padding = paddedColumns(columns) - columns;
        transpose.call(x, target, columns, (long) tokens * Float.BYTES, padding, 0, 0, 0);
    }

    @Override
    public long tokenOffset(long columns) {
        return Float.BYTES;
    }

    @Override
    public Routine product(int tokens) {
        return products.of(tokens);
    }

    private Routine generate(int tokens) {
        return kernels.routine(
                new ProductKey(format, tokens),
                key -> FloatLinearKernel.generate(kernels.isa(), kernels.system(), key.format(), key.tokens()));
    }
}
