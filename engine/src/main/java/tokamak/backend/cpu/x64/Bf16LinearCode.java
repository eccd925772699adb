package tokamak.backend.cpu.x64;

import java.lang.foreign.MemorySegment;
import tokamak.tensor.DType;

/**
 * Bfloat16 weights times activations rounded to bfloat16, by AVX512_BF16: up to twice as fast as products of floats, at the cost of
 * up to 2^-9 of each activation.
 */
final class Bf16LinearCode implements LinearCode {
    private record ProductKey(int tokens) {}

    private record RoundKey(Bf16Kernel.Form form) {}

    private final Kernels kernels;
    private final FloatLinearCode packing;
    private final Routine round;
    private final LazyRoutines products;

    Bf16LinearCode(Kernels kernels) {
        this.kernels = kernels;
        this.packing = new FloatLinearCode(FloatFormat.BF16, kernels);
        this.round = kernels.routine(
                new RoundKey(Bf16Kernel.Form.PAIRS), key -> Bf16Kernel.generate(kernels.system(), key.form()));
        this.products = new LazyRoutines(maxTokens(), this::generate);
    }

    @Override
    public DType dtype() {
        return DType.BF16;
    }

    @Override
    public int panelRows() {
        return packing.panelRows();
    }

    @Override
    public long panelBytes(long columns) {
        return paddedColumns(columns) * panelRows() * Short.BYTES;
    }

    static long paddedColumns(long columns) {
        return (columns + Bf16Kernel.UNIT - 1) / Bf16Kernel.UNIT * Bf16Kernel.UNIT;
    }

    @Override
    public long steps(long columns) {
        return paddedColumns(columns) / (2 * Bf16LinearKernel.UNROLL);
    }

    @Override
    public int maxTokens() {
        return packing.maxTokens();
    }

    @Override
    public long activationBytes(long columns) {
        return paddedColumns(columns) * Short.BYTES;
    }

    @Override
    public long nearActivationBytes() {
        return packing.nearActivationBytes();
    }

    @Override
    public Object activationForm() {
        return "bfloat16";
    }

    @Override
    public boolean canPack(MemorySegment source) {
        return packing.canPack(source);
    }

    @Override
    public void packPanel(MemorySegment source, long rows, long columns, long firstRow, MemorySegment target) {
        packing.packPanel(source, rows, columns, firstRow, target);
    }

    @Override
    public void prepare(long x, long columns, long target, int tokens) {
        Bf16Kernel.convert(round, x, columns, target, tokens * tokenOffset(columns));
    }

    /** A pair of columns. */
    @Override
    public long tokenOffset(long columns) {
        return 2 * Short.BYTES;
    }

    @Override
    public Routine product(int tokens) {
        return products.of(tokens);
    }

    private Routine generate(int tokens) {
        return kernels.routine(
                new ProductKey(tokens),
                key -> Bf16LinearKernel.generate(kernels.isa(), kernels.system(), key.tokens()));
    }
}
