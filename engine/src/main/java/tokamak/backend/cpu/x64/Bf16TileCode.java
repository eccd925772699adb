package tokamak.backend.cpu.x64;

import java.lang.foreign.MemorySegment;
import tokamak.tensor.DType;

/**
 * Bfloat16 weights by AMX, whose products are sixteen times as many as those of floats: enough to take activations as the sum of two
 * bfloat16, and nothing is lost.
 */
final class Bf16TileCode implements LinearCode {
    private record ProductKey(int tokens) {}

    private record SplitKey(Bf16Kernel.Form form) {}

    private final Kernels kernels;
    private final Bf16LinearCode packing;
    private final Routine split;
    private final LazyRoutines products;

    Bf16TileCode(Kernels kernels) {
        this.kernels = kernels;
        this.packing = new Bf16LinearCode(kernels);
        this.split = kernels.routine(
                new SplitKey(Bf16Kernel.Form.HIGH_AND_LOW), key -> Bf16Kernel.generate(kernels.system(), key.form()));
        this.products = new LazyRoutines(maxTokens(), this::generate);
    }

    @Override
    public DType dtype() {
        return packing.dtype();
    }

    @Override
    public int panelRows() {
        return packing.panelRows();
    }

    @Override
    public long panelBytes(long columns) {
        return packing.panelBytes(columns);
    }

    @Override
    public long steps(long columns) {
        return Bf16LinearCode.paddedColumns(columns) / Bf16Kernel.UNIT;
    }

    @Override
    public int maxTokens() {
        return Bf16TileKernel.MAX_TOKENS;
    }

    @Override
    public long activationBytes(long columns) {
        return Bf16LinearCode.paddedColumns(columns) * 2 * Short.BYTES;
    }

    @Override
    public long nearActivationBytes() {
        return packing.nearActivationBytes();
    }

    @Override
    public Object activationForm() {
        return "two bfloat16";
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
        Bf16Kernel.convert(split, x, columns, target, 0);
    }

    @Override
    public long tokenOffset(long columns) {
        return activationBytes(columns);
    }

    @Override
    public Routine product(int tokens) {
        return products.of(tokens);
    }

    private Routine generate(int tokens) {
        return kernels.routine(new ProductKey(tokens), key -> Bf16TileKernel.generate(kernels.system(), key.tokens()));
    }
}
