package tokamak.backend.cpu.x64;

import java.lang.foreign.MemorySegment;
import tokamak.tensor.DType;

/** Integer-coded weights times activations quantised per 32. */
final class QuantLinearCode implements LinearCode {
    private record ProductKey(QuantFormat format, int tokens) {}

    private record QuantizeKey(ActivationLayout layout) {}

    /** About half a level-2 cache: the product reads up to ten bytes of activations per cycle. */
    private static final long NEAR_ACTIVATION_BYTES = 256 * 1024;

    private final QuantFormat format;
    private final Kernels kernels;
    private final PackedLayout packed;
    private final ActivationLayout activations;
    private final Routine quantize;
    private final LazyRoutines products;

    QuantLinearCode(QuantFormat format, Kernels kernels) {
        this.format = format;
        this.kernels = kernels;
        this.packed = PackedLayout.of(format, kernels.isa());
        this.activations = ActivationLayout.of(format, kernels.isa());
        this.quantize = kernels.routine(
                new QuantizeKey(activations), key -> QuantizeKernel.generate(kernels.system(), key.layout()));
        this.products = new LazyRoutines(maxTokens(), this::generate);
    }

    @Override
    public DType dtype() {
        return format.dtype;
    }

    @Override
    public int panelRows() {
        return packed.lanes();
    }

    @Override
    public long panelBytes(long columns) {
        return packed.panelBytes(columns);
    }

    @Override
    public long steps(long columns) {
        return columns / format.dtype.blockSize();
    }

    @Override
    public int maxTokens() {
        return QuantLinearKernel.maxTokens(kernels.isa(), format);
    }

    @Override
    public long activationBytes(long columns) {
        return columns / QuantFormat.GROUP * activations.groupBytes();
    }

    @Override
    public long nearActivationBytes() {
        return NEAR_ACTIVATION_BYTES;
    }

    @Override
    public Object activationForm() {
        return activations;
    }

    @Override
    public boolean canPack(MemorySegment source) {
        return true;
    }

    @Override
    public void packPanel(MemorySegment source, long rows, long columns, long firstRow, MemorySegment target) {
        new QuantPacker(format, kernels.isa(), columns).packPanel(source, rows, firstRow, target);
    }

    @Override
    public void prepare(long x, long columns, long target, int tokens) {
        quantize.call(x, target, columns / QuantFormat.GROUP, (long) tokens * activations.groupBytes());
    }

    @Override
    public long tokenOffset(long columns) {
        return activations.groupBytes();
    }

    @Override
    public Routine product(int tokens) {
        return products.of(tokens);
    }

    private Routine generate(int tokens) {
        return kernels.routine(
                new ProductKey(format, tokens),
                key -> QuantLinearKernel.generate(kernels.isa(), kernels.system(), key.format(), key.tokens()));
    }
}
