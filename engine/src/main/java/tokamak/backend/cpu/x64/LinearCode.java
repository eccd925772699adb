package tokamak.backend.cpu.x64;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import tokamak.tensor.DType;

/**
 * How matrices of one format are packed and multiplied under one instruction set: sizes, the packer, and the routines.
 * Stateless but for routines that are assembled when first asked for.
 */
sealed interface LinearCode permits QuantLinearCode, FloatLinearCode, Bf16LinearCode, Bf16TileCode {
    /** The code for a format; empty if it has no kernel. */
    static Optional<LinearCode> of(DType dtype, Kernels kernels) {
        Optional<LinearCode> integer = QuantFormat.of(dtype).map(format -> new QuantLinearCode(format, kernels));
        return integer.isPresent() ? integer : FloatFormat.of(dtype).map(format -> ofFloats(format, kernels));
    }

    private static LinearCode ofFloats(FloatFormat format, Kernels kernels) {
        if (format != FloatFormat.BF16) {
            return new FloatLinearCode(format, kernels);
        }
        return switch (kernels.isa()) {
            case AVX2, AVX_VNNI, AVX512 -> new FloatLinearCode(format, kernels);
            case AVX512_BF16 -> new Bf16LinearCode(kernels);
            case AMX -> new Bf16TileCode(kernels);
        };
    }

    DType dtype();

    /** Weight rows that are interleaved. */
    int panelRows();

    /** Bytes of a packed panel. */
    long panelBytes(long columns);

    /** Turns of the kernel's innermost loop. */
    long steps(long columns);

    /** Tokens of the largest tile. */
    int maxTokens();

    /** Bytes of one token's prepared activations. */
    long activationBytes(long columns);

    /**
     * Prepared activations of as many tokens as fit in this many bytes meet all rows before the next tokens' turn: how much
     * of the caches they may take, by how fast the product consumes them.
     */
    long nearActivationBytes();

    /** Equal for matrices that read the same prepared activations. */
    Object activationForm();

    /** Whether the numbers of these rows can be packed; see the formats for what can't. */
    boolean canPack(MemorySegment source);

    /**
     * Packs one panel.
     *
     * @param source all rows in the format's own order
     * @param target {@link #panelBytes} zeroed bytes
     */
    void packPanel(MemorySegment source, long rows, long columns, long firstRow, MemorySegment target);

    /**
     * Prepares one token's activations.
     *
     * @param x address of {@code columns} floats
     * @param target address of the tile's first number of this token
     * @param tokens tokens of its tile
     */
    void prepare(long x, long columns, long target, int tokens);

    /** Bytes between the first numbers of neighbouring tokens of a tile. */
    long tokenOffset(long columns);

    /** The product of a panel with tiles of {@code tokens} tokens; arguments as in {@link PanelLoop}. */
    Routine product(int tokens);
}
