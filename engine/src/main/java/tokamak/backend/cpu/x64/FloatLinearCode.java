package tokamak.backend.cpu.x64;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import tokamak.tensor.DType;

/** Float weights of any width times float32 activations. */
final class FloatLinearCode implements LinearCode {
    private record ProductKey(FloatFormat format, int tokens) {}

    private record TransposeKey() {}

    private static final int MAX_PREFETCH_TOKENS = 2;
    private static final int PREFETCH_BYTES = 4096;
    private static final int E4M3_NAN = 0x7F;

    private final FloatFormat format;
    private final Kernels kernels;
    private final Routine transpose;
    private final Routine[] products; // [tokens]

    FloatLinearCode(FloatFormat format, Kernels kernels) {
        this.format = format;
        this.kernels = kernels;
        this.transpose = kernels.routine(new TransposeKey(), _ -> TransposeKernel.generate(kernels.system()));
        this.products = new Routine[maxTokens() + 1];
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
        return steps(columns) * FloatLinearKernel.UNROLL * panelRows() * format.bytes();
    }

    @Override
    public long steps(long columns) {
        return (columns + FloatLinearKernel.UNROLL - 1) / FloatLinearKernel.UNROLL;
    }

    @Override
    public int maxTokens() {
        return FloatLinearKernel.maxTokens(kernels.isa());
    }

    @Override
    public long activationBytes(long columns) {
        return steps(columns) * FloatLinearKernel.UNROLL * Float.BYTES;
    }

    @Override
    public Object activationForm() {
        return "float32";
    }

    /** An FP8 code that means "not a number" would come out as 480. */
    @Override
    public boolean canPack(MemorySegment source) {
        if (format != FloatFormat.F8_E4M3) {
            return true;
        }
        for (long i = 0; i < source.byteSize(); i++) {
            if ((source.get(JAVA_BYTE, i) & E4M3_NAN) == E4M3_NAN) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void packPanel(MemorySegment source, long rows, long columns, long firstRow, MemorySegment target) {
        int panelRows = panelRows();
        int width = format.bytes();
        for (int row = 0; row < panelRows && firstRow + row < rows; row++) {
            long from = (firstRow + row) * columns * width;
            for (long k = 0; k < columns; k++) {
                long number = format == FloatFormat.BF16 ? (k / 2 * panelRows + row) * 2 + k % 2 : k * panelRows + row;
                copyNumber(source, from + k * width, target, number * width, width);
            }
        }
    }

    private static void copyNumber(MemorySegment source, long from, MemorySegment target, long to, int bytes) {
        for (int i = 0; i < bytes; i++) {
            target.set(JAVA_BYTE, to + i, source.get(JAVA_BYTE, from + i));
        }
    }

    @Override
    public void prepare(long x, long columns, long target, int tokens) {
        long padding = steps(columns) * FloatLinearKernel.UNROLL - columns;
        transpose.call(x, target, columns, (long) tokens * Float.BYTES, padding, 0, 0, 0);
    }

    @Override
    public long tokenOffset() {
        return Float.BYTES;
    }

    @Override
    public Routine product(int tokens) {
        Routine known = products[tokens];
        if (known == null) {
            known = kernels.routine(
                    new ProductKey(format, tokens),
                    key -> FloatLinearKernel.generate(
                            kernels.isa(),
                            kernels.system(),
                            key.format(),
                            key.tokens(),
                            key.tokens() <= MAX_PREFETCH_TOKENS ? PREFETCH_BYTES : 0));
            products[tokens] = known;
        }
        return known;
    }
}
